"""The long-lived HTTP servers of the twins, and running a case through one."""

import http.client
import socket
import subprocess
import tempfile
import threading
import time

from .cases import Case, Observation
from .target import Target
from .wire import parse_output, request_bytes

START_TIMEOUT_SECONDS = 60
TIMEOUT_SECONDS = 60


class HttpServer:
    """The http-server process of one twin."""

    def __init__(self, target: Target) -> None:
        self.port = _free_port()
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            target.command("http", self.port),
            cwd=self._folder.name,
            env=target.environment() | {"TMPDIR": self._folder.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait_until_listening()
        except Exception:
            self.stop()
            raise

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running():
                raise RuntimeError(f"server exited with code {self._process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("server did not start listening in time")


class ServerPool:
    """One HTTP server per twin, started on first use and again if a case killed it."""

    def __init__(self, targets: dict[str, Target]) -> None:
        self._targets = targets
        self._servers: dict[str, HttpServer] = {}
        self._locks = {twin: threading.Lock() for twin in targets}
        self._start_failures: dict[str, str] = {}

    def port(self, twin: str) -> int:
        with self._locks[twin]:
            if twin in self._start_failures:
                raise RuntimeError(self._start_failures[twin])
            server = self._servers.get(twin)
            if server is None or not server.is_running():
                server = self._start(twin, server)
            return server.port

    def stop(self) -> None:
        for server in self._servers.values():
            server.stop()

    def _start(self, twin: str, previous: HttpServer | None) -> HttpServer:
        if previous is not None:
            del self._servers[twin]
            previous.stop()
        try:
            self._servers[twin] = HttpServer(self._targets[twin])
        except (OSError, RuntimeError) as problem:
            # Do not wait for the same failure once per case.
            self._start_failures[twin] = f"http server of {twin} did not start: {problem}"
            raise RuntimeError(self._start_failures[twin]) from problem
        return self._servers[twin]


class HttpClient:
    def __init__(self, port: int) -> None:
        self._port = port

    def run(self, case: Case, token_base: str) -> Observation:
        """The case as the HTTP exchange that it describes."""
        status, content_type, body = self._exchange(
            case.get("method", "POST"),
            case.get("path", f"/{case['capability']}"),
            case.get("headers", {"Content-Type": "application/json"}),
            request_bytes(case, token_base),
            chunked=case.get("chunked", False),
        )
        return {"http_status": status, "content_type": content_type, **parse_output(body)}

    def run_dispatch(self, case: Case, token_base: str) -> Observation:
        """A command-line case sent over HTTP, reported the way the command line would."""
        status, _, body = self._exchange(
            "POST",
            f"/{case['capability']}",
            {"Content-Type": "application/json"},
            request_bytes(case, token_base),
        )
        if status == 200:
            return {"exit_code": 0, **parse_output(body)}
        if status == 500:
            # The HTTP server reports what the command line would let escape as a crash.
            return {"exit_code": 1, "stdout_raw": ""}
        return {"http_status": status, **parse_output(body)}

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes, chunked: bool = False
    ) -> tuple[int, str | None, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        try:
            payload = iter([body[:10], body[10:]]) if chunked else body
            connection.request(method, path, payload, headers, encode_chunked=chunked)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            return response.status, response.getheader("Content-Type"), text
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
