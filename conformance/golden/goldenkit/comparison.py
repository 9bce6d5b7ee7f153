"""Running cases against targets and judging what they answer."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .cases import Case, Observation
from .command_line import CommandLine
from .diff import differences
from .http_server import HttpClient, ServerPool
from .normalise import normalise_pair
from .target import Target
from .token_server import TokenServer
from .wire import TOKEN_BASE

Verdict = dict[str, Any]


def kind_for(case: Case, target: Target) -> str | None:
    """The command of the target that can run the case; `None` if it has none that can."""
    if case["via"] == "http":
        able = ["http"]
    elif "dispatch" in case["tags"]:
        able = ["http", "cli"]
    else:
        able = ["cli"]
    return next((kind for kind in able if target.has(kind)), None)


def judge(
    cases: list[Case],
    targets: dict[str, Target],
    expected: dict[str, Observation],
    jobs: int,
    strict_messages: bool,
) -> list[Verdict]:
    """One verdict a case, in their order."""
    with TokenServer() as token_server:
        comparison = Comparison(targets, expected, token_server, strict_messages)
        try:
            with ThreadPoolExecutor(jobs) as pool:
                return list(pool.map(comparison.check, cases))
        finally:
            comparison.servers.stop()


class Comparison:
    def __init__(
        self,
        targets: dict[str, Target],
        expected: dict[str, Observation],
        token_server: TokenServer,
        strict_messages: bool,
    ) -> None:
        self._targets = targets
        self._expected = expected
        self._token_server = token_server
        self._strict_messages = strict_messages
        self.servers = ServerPool(targets)

    def check(self, case: Case) -> Verdict:
        """The verdict on one case. Whatever goes wrong is that case's failure."""
        verdict: Verdict = {"id": case["id"], "twin": case["twin"], "tags": case["tags"]}
        try:
            found = self._differences(case)
        except Exception as problem:
            return verdict | {"passed": False, "error": f"{type(problem).__name__}: {problem}"}
        return verdict | {"passed": not found, "differences": found}

    def _differences(self, case: Case) -> list[dict[str, str]]:
        if case["id"] not in self._expected:
            raise LookupError("no expectation recorded for this case")
        expected = {k: v for k, v in self._expected[case["id"]].items() if k != "id"}
        actual = self._observe(case)
        return list(differences(*normalise_pair(case, expected, actual, self._strict_messages)))

    def _observe(self, case: Case) -> Observation:
        base_url = self._token_server.base_url
        self._token_server.take(case["id"])
        observation = self._run(case, base_url)
        if case.get("token_server"):
            observation["token_requests"] = self._token_server.take(case["id"])
        return json.loads(json.dumps(observation).replace(base_url, TOKEN_BASE))

    def _run(self, case: Case, base_url: str) -> Observation:
        target = self._targets[case["twin"]]
        kind = kind_for(case, target)
        if kind is None:
            raise LookupError(f"{case['twin']} has no command that can run this case")
        runner: HttpClient | CommandLine
        if kind == "http":
            runner = HttpClient(self.servers.port(case["twin"]))
        else:
            runner = CommandLine(target)
        run = runner.run_dispatch if "dispatch" in case["tags"] else runner.run
        return run(case, base_url)
