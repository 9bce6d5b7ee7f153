#!/usr/bin/env python3
"""Measures bench-connector beside the reference and the limit, in turn within one run, and writes JSON.

    measure.py --reference CMD --ours CMD --limit CMD [--quick] OUT.json

`cargo xtask bench` builds the three and calls this. Linux, Python 3.9 or newer, wrk.
"""

import argparse
import gzip
import json
import os
import re
import shutil
import tempfile
import time

from processes import WRK_SCRIPT, Server, adopt_orphans, load, run

AUTH = {"basic": {"username": "bench", "password": "bench"}}
# How often, per mode; and the whole time in seconds, after which nothing new is begun.
QUICK = dict(budget=50, cold=2, load_seconds=1, load_rounds=1, lists=1, bodies=1, connections=(1, 8, 64), pages=(1000,),
             listings=(("stdout", 1000), ("stdout", 100_000)))
FULL = dict(budget=900, cold=10, load_seconds=2, load_rounds=3, lists=4, bodies=5, connections=(1, 4, 8, 16, 64),
            pages=(1, 10, 100, 1000, 10_000),
            listings=tuple((way, count) for count in (1000, 10_000, 100_000) for way in ("stdout", "gz")))


def request(size=None, payload=None):
    body = {"auth": AUTH, "request": {} if payload is None else {"payload": payload}, "settings": {"host": "example.test"}}
    if size is not None:
        body["page"] = {"size": size}
    return json.dumps(body)


def payload(megabytes):
    """A list of small mixed objects whose JSON just passes a size."""
    rows, size = [], 0
    while size < megabytes * 1_000_000:
        rows.append({"id": len(rows), "name": f"row {len(rows)} é", "ratio": len(rows) / 7, "on": len(rows) % 2 == 0,
                     "none": None, "tags": ["alpha", "beta", "gamma"]})
        size += len(json.dumps(rows[-1])) + 2
    return rows


class Figures:
    """Samples by measure and subject, in the order of their pairs."""

    def __init__(self, subjects, budget):
        self.subjects, self.samples, self.notes = subjects, {}, []
        self.end = time.monotonic() + budget

    def add(self, measure, subject, value):
        self.samples.setdefault(measure, {}).setdefault(subject, []).append(value)

    def rounds(self, what, count, subjects=None):
        """(round, subject): all subjects in each round, every other round backwards."""
        longest = 0.0
        for number in range(count):
            start = time.monotonic()
            if start + longest > self.end:
                self.notes.append(f"{what}: {number} of {count} rounds, no time for more")
                return
            names = list(subjects or self.subjects)
            for name in names if number % 2 == 0 else names[::-1]:
                yield number, name
            longest = max(longest, time.monotonic() - start)


def add_process(figures, measure, name, cost):
    for unit, value in zip(("wall ms", "CPU ms", "peak MB"), (1e3 * cost[0], 1e3 * cost[1], cost[2])):
        figures.add(f"{measure}, {unit}", name, value)


def cold_starts(figures, mode):
    cases = {"`info`": ["info"], "`validate_credentials`": ["validate_credentials", "--json", request()]}
    for case, arguments in cases.items():
        for _, name in figures.rounds(case, mode["cold"]):
            add_process(figures, case, name, run(figures.subjects[name] + arguments))
    for _ in range(mode["cold"]):
        add_process(figures, "`/bin/true`", "true", run(["/bin/true"]))


def listings(figures, mode, folder):
    for way, count in mode["listings"]:
        case = f"{count:,} accounts to {way}"
        out = os.path.join(folder, "out." + way)
        for number, name in figures.rounds(case, mode["lists"]):
            if os.path.exists(out):
                os.unlink(out)
            file = [] if way == "stdout" else ["--result-file-path", out]
            arguments = ["list_accounts", "--json", request(count)] + file
            add_process(figures, case, name, run(figures.subjects[name] + arguments, "/dev/null" if file else out))
            if number == 0:
                with gzip.open(out) if file else open(out, "rb") as text:
                    found = text.read().count(b'"integration_specific_id"')
                if found != count:
                    raise RuntimeError(f"{name} wrote {found} accounts instead of {count}")


def serving(figures, mode, folder):
    servers, files = {}, {}
    texts = {"validate": request(), "1 MB": request(payload=payload(1)), "10 MB": request(payload=payload(10))}
    texts.update((size, request(size)) for size in mode["pages"])
    for key, text in texts.items():
        files[key] = os.path.join(folder, f"{key}.json".replace(" ", ""))
        with open(files[key], "w") as file:
            file.write(text)
    script = os.path.join(folder, "post.lua")
    with open(script, "w") as file:
        file.write(WRK_SCRIPT)
    try:
        for name, argv in figures.subjects.items():
            servers[name] = Server(argv, texts["validate"])
            figures.add("server, first answer, ms", name, 1e3 * servers[name].first_answer)
        answers(figures, servers, texts)
        time.sleep(0.5)
        for name, server in servers.items():
            figures.add("server, idle, MB", name, server.memory("VmRSS"))
        loads = [("`validate_credentials`", "validate_credentials", "validate", count) for count in mode["connections"]]
        loads += [(f"page of {size:,}", "list_accounts", size, 8) for size in mode["pages"]]
        for title, capability, key, connections in loads:
            case = f"server, {title}, {connections} connections"
            for _, name in figures.rounds(case, mode["load_rounds"]):
                cost = load(servers[name], capability, files[key], script, connections, mode["load_seconds"])
                for unit, value in zip(("requests/s", "p50 ms", "p99 ms", "CPU us a request"), cost):
                    figures.add(f"{case}, {unit}", name, value)
        for name, server in servers.items():
            figures.add("server, after the load, MB", name, server.memory("VmRSS"))
        for size in ("1 MB", "10 MB"):
            for _, name in figures.rounds(size, mode["bodies"]):
                start = time.perf_counter()
                answer = servers[name].call("echo_payload", texts[size].encode())
                figures.add(f"server, echo of {size}, ms", name, 1e3 * (time.perf_counter() - start))
                if len(answer) < 0.6 * len(texts[size]):
                    raise RuntimeError(f"{name} answered {len(answer)} bytes: {answer[:200]}")
        time.sleep(1)
        for name, server in servers.items():
            figures.add("server, after the echoes, MB", name, server.memory("VmRSS"))
            figures.add("server, highest, MB", name, server.memory("VmHWM"))
    finally:
        for server in servers.values():
            server.stop()


def answers(figures, servers, texts):
    """All subjects must give the same answers, byte for byte."""
    cases = {"validate_credentials": texts["validate"], "list_accounts": request(200), "echo_payload": request(payload=[1, None])}
    for capability, text in cases.items():
        given = {name: server.call(capability, text) for name, server in servers.items()}
        if len(set(given.values())) > 1:
            raise RuntimeError(f"{capability} is answered differently: {given}")
    figures.notes.append("validate_credentials, list_accounts and echo_payload are answered alike, byte for byte")


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo") as file:
        memory = round(int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 1_048_576)
    return dict(processor=model.group(1) if model else "unknown", cores=len(os.sched_getaffinity(0)), memory_gib=memory,
                system=f"Linux {os.uname().release}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("reference", "ours", "limit"):
        parser.add_argument(f"--{name}", required=True, metavar="CMD")
    parser.add_argument("--profile", default="dist", help="how ours and the limit were built, for the report")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=100, metavar="N", help="no more than N rounds of anything")
    parser.add_argument("out", metavar="OUT.json")
    options = parser.parse_args()
    for program in ("wrk", "sh"):
        if shutil.which(program) is None:
            parser.error(f"{program} is not installed")
    mode = dict(QUICK if options.quick else FULL)
    for rounds in ("cold", "load_rounds", "lists", "bodies"):
        mode[rounds] = min(mode[rounds], options.rounds)
    subjects = {name: [os.path.abspath(getattr(options, name))] for name in ("reference", "ours", "limit")}
    out = os.path.abspath(options.out)
    for variable in [name for name in os.environ if name.startswith(("LUMOS_", "DD_"))]:
        del os.environ[variable]
    # Nobody listens for metrics here, and the reference pays dearly for sending them all the same.
    os.environ["DD_DOGSTATSD_DISABLE"] = "1"
    adopt_orphans()
    started, load_before = time.time(), os.getloadavg()[0]
    figures = Figures(subjects, mode["budget"])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.chdir(folder)  # the reference leaves logs where it is started
        os.environ["TMPDIR"] = folder
        try:
            cold_starts(figures, mode)
            serving(figures, mode, folder)
            listings(figures, mode, folder)
        finally:
            os.chdir("/")
    report = dict(
        mode="quick" if options.quick else "full", profile=options.profile, date=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(started)),
        seconds=round(time.time() - started), load=[round(load_before, 1), round(os.getloadavg()[0], 1)],
        machine=machine(), binary_mb={name: round(os.path.getsize(subjects[name][0]) / 1e6, 2) for name in ("ours", "limit")},
        notes=figures.notes, samples=figures.samples)
    with open(out, "w") as file:
        json.dump(report, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
