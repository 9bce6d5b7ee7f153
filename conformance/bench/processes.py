"""Starting programs and reading what they cost."""

import ctypes
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time

TIMEOUT = 120.0


def adopt_orphans():
    """Makes this process the parent of whatever loses its own (see `run`)."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def run(argv, out="/dev/null"):
    """Runs a command to its end: wall seconds, CPU seconds, peak MB.

    The peak of a process counts the memory of its parent up to `exec`, and this Python is larger than what is measured.
    So a small shell starts the command and exits, and the command is collected here. It waits for a line, which starts
    it and the clock once the shell is gone.
    """
    go_read, go_write = os.pipe()
    pid_read, pid_write = os.pipe()
    script = '{ read go <&3; exec "$@" >"$BENCH_OUT" 2>/dev/null </dev/null 3<&- 4>&-; } & echo $! >&4'
    shell = os.posix_spawn("/bin/sh", ["sh", "-c", script, "sh", *argv], dict(os.environ, BENCH_OUT=out), file_actions=[
        (os.POSIX_SPAWN_DUP2, go_read, 20), (os.POSIX_SPAWN_DUP2, pid_write, 21),
        (os.POSIX_SPAWN_DUP2, 20, 3), (os.POSIX_SPAWN_DUP2, 21, 4),
        (os.POSIX_SPAWN_CLOSE, 20), (os.POSIX_SPAWN_CLOSE, 21)])
    os.close(go_read)
    os.close(pid_write)
    with os.fdopen(pid_read) as pipe:
        pid = int(pipe.readline())
    os.waitpid(shell, 0)
    start = time.perf_counter()
    os.write(go_write, b"\n")
    timer = threading.Timer(TIMEOUT, os.kill, (pid, signal.SIGKILL))
    timer.start()
    _, status, usage = os.wait4(pid, 0)
    timer.cancel()
    wall = time.perf_counter() - start
    os.close(go_write)
    if status != 0:
        raise RuntimeError(f"{' '.join(argv)[:200]} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Server:
    """A connector that serves on a free port of the loopback interface."""

    def __init__(self, argv, request):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        start = time.perf_counter()
        self.process = subprocess.Popen([*argv, "dev", "http-server", "--port", str(self.port)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                self.call("validate_credentials", request)
                break
            except OSError:
                if self.process.poll() is not None or time.perf_counter() - start > 60:
                    self.stop()
                    raise RuntimeError(f"{argv[0]} does not serve") from None
                time.sleep(0.0005)
        self.first_answer = time.perf_counter() - start

    def call(self, capability, body):
        """The answer of one call on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"/{capability}", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def memory(self, field):
        """`VmRSS` or `VmHWM` in MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"{field}:\s+(\d+) kB", status.read()).group(1)) / 1024

    def cpu(self):
        """CPU seconds so far, in steps of 10 ms."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# wrk makes the request once and runs no Lua for each.
WRK_SCRIPT = """
wrk.method = "POST"
local file = io.open(os.getenv("BENCH_BODY"), "rb")
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def load(server, capability, body, script, connections, seconds):
    """Keeps connections busy with one request, over and over: requests/s, p50 ms, p99 ms, server CPU us a request."""
    before = server.cpu()
    output = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency",
                             "-s", script, f"http://127.0.0.1:{server.port}/{capability}"],
                            env=dict(os.environ, BENCH_BODY=body), capture_output=True, text=True, timeout=seconds + 60)
    cpu = server.cpu() - before
    found = re.search(r"^BENCH (\d+) (\d+) (\d+) (\d+) (\d+)$", output.stdout, re.M)
    if not found:
        raise RuntimeError(f"wrk has no summary: {output.stdout[-300:]}{output.stderr[-300:]}")
    requests, micros, p50, p99, errors = map(int, found.groups())
    if errors:
        raise RuntimeError(f"{errors} of {requests} requests failed")
    return requests / (micros / 1e6), p50 / 1e3, p99 / 1e3, 1e6 * cpu / max(requests, 1)
