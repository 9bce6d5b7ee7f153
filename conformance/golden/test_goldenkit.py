"""The comparison itself: it must pass right answers, fail wrong ones, and say what it skipped."""

import io
import json
import sys
import unittest
from contextlib import redirect_stdout
from typing import Any

from goldenkit.comparison import judge, kind_for
from goldenkit.report import Report
from goldenkit.target import Target

# A connector that answers with its capability and the request it read from the file.
ECHO = """
import json, sys
capability, flag, path = sys.argv[1:]
assert flag == "--json-file"
print(json.dumps({"capability": capability, "request": open(path).read()}))
"""
DISPATCH = {
    "id": "a/dispatch",
    "twin": "echo",
    "via": "cli",
    "capability": "greet",
    "request": '{"name":"é"}',
    "tags": ["dispatch"],
}
OVER_HTTP = {**DISPATCH, "id": "a/http", "via": "http", "tags": ["http"]}
RIGHT = {"exit_code": 0, "stdout": {"capability": "greet", "request": '{"name":"é"}'}}


def verdict_on(expected: dict[str, Any], script: str = ECHO) -> dict[str, Any]:
    target = Target({"cli": [sys.executable, "-X", "utf8", "-c", script]}, start_folder="")
    expectations = {DISPATCH["id"]: {"id": DISPATCH["id"], **expected}}
    return judge([DISPATCH], {"echo": target}, expectations, jobs=1, strict_messages=False)[0]


class JudgingThroughTheCommandLine(unittest.TestCase):
    def test_a_right_answer_passes(self) -> None:
        self.assertTrue(verdict_on(RIGHT)["passed"])

    def test_a_wrong_value_fails_and_is_named(self) -> None:
        wrong = {"exit_code": 0, "stdout": {**RIGHT["stdout"], "capability": "leave"}}
        verdict = verdict_on(wrong)
        self.assertFalse(verdict["passed"])
        self.assertEqual(verdict["differences"][0]["path"], "$.stdout.capability")

    def test_a_crash_fails(self) -> None:
        self.assertFalse(verdict_on(RIGHT, script="raise SystemExit(1)")["passed"])

    def test_numbers_of_another_kind_differ(self) -> None:
        self.assertFalse(verdict_on({"exit_code": 0, "stdout": 1}, script="print(1.0)")["passed"])


class ChoosingACommand(unittest.TestCase):
    def test_dispatch_prefers_the_server(self) -> None:
        self.assertEqual(kind_for(DISPATCH, Target({"cli": [], "http": []}, "")), "http")
        self.assertEqual(kind_for(DISPATCH, Target({"cli": []}, "")), "cli")

    def test_http_cases_need_a_server(self) -> None:
        self.assertIsNone(kind_for(OVER_HTTP, Target({"cli": []}, "")))

    def test_command_line_cases_need_a_command_line(self) -> None:
        real = {**DISPATCH, "tags": ["real-cli"]}
        self.assertIsNone(kind_for(real, Target({"http": []}, "")))


class Reporting(unittest.TestCase):
    PASSED = {"id": "a/1", "twin": "echo", "tags": ["t"], "passed": True, "differences": []}
    FAILED = {"id": "a/2", "twin": "echo", "tags": ["t"], "passed": False, "error": "boom"}

    def test_exit_status(self) -> None:
        self.assertEqual(Report([self.PASSED], [OVER_HTTP]).exit_status(), 0)
        self.assertEqual(Report([self.PASSED, self.FAILED], []).exit_status(), 1)
        self.assertEqual(Report([], [OVER_HTTP]).exit_status(), 2)

    def test_skipped_cases_are_listed(self) -> None:
        out = io.StringIO()
        with redirect_stdout(out):
            Report([self.PASSED, self.FAILED], [OVER_HTTP]).show(failures=5)
        lines = out.getvalue().splitlines()
        self.assertEqual(json.loads(lines[0]), {"id": "a/2", "twin": "echo", "error": "boom"})
        self.assertIn("ALL CASES                   1        1        1        3", lines)
        self.assertEqual(lines[-1], "  a/http")


if __name__ == "__main__":
    unittest.main()
