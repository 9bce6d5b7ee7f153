"""What a comparison tells: failures, a table by tag, and what did not run."""

import json
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

from .cases import Case
from .comparison import Verdict

SHOWN_DIFFERENCES = 3
COLUMNS = ("passed", "failed", "skipped", "total")

Row = dict[str, int]


class Report:
    def __init__(self, verdicts: list[Verdict], skipped: list[Case]) -> None:
        self._verdicts = verdicts
        self._skipped = skipped
        self._failed = [verdict for verdict in verdicts if not verdict["passed"]]

    def exit_status(self) -> int:
        """0 only when at least one case ran and every case that ran passed."""
        if not self._verdicts:
            return 2
        return 1 if self._failed else 0

    def show(self, failures: int) -> None:
        self._show_failures(failures)
        self._show_table()
        self._show_skipped()
        if not self._verdicts:
            print("no case ran")

    def write(self, path: str) -> None:
        document = {
            "totals": self._totals(),
            "tags": self._tally(),
            "cases": self._verdicts,
            "skipped": [case["id"] for case in self._skipped],
        }
        Path(path).write_text(json.dumps(document, indent=1), encoding="utf-8")

    def _show_failures(self, limit: int) -> None:
        for verdict in self._failed[:limit]:
            line: dict[str, Any] = {"id": verdict["id"], "twin": verdict["twin"]}
            if "error" in verdict:
                line["error"] = verdict["error"]
            else:
                line["diff"] = verdict["differences"][:SHOWN_DIFFERENCES]
            print(json.dumps(line, ensure_ascii=False))
        if len(self._failed) > limit:
            print(f"... and {len(self._failed) - limit} more failures (raise --show to see them)")

    def _show_table(self) -> None:
        print(f"{'tag':<20}" + "".join(f"{column:>9}" for column in COLUMNS))
        for tag, row in [*self._tally().items(), ("ALL CASES", self._totals())]:
            print(f"{tag:<20}" + "".join(f"{row[column]:>9}" for column in COLUMNS))

    def _show_skipped(self) -> None:
        by_twin: dict[str, list[str]] = {}
        for case in self._skipped:
            by_twin.setdefault(case["twin"], []).append(case["id"])
        for twin, ids in sorted(by_twin.items()):
            print(f"skipped, because {twin} has no command that can run them ({len(ids)}):")
            print(textwrap.fill(" ".join(ids), 110, initial_indent="  ", subsequent_indent="  ",
                                break_on_hyphens=False))

    def _totals(self) -> Row:
        failed = len(self._failed)
        return _row(len(self._verdicts) - failed, failed, len(self._skipped))

    def _tally(self) -> dict[str, Row]:
        passed, failed, skipped = Counter(), Counter(), Counter()
        for verdict in self._verdicts:
            (passed if verdict["passed"] else failed).update(verdict["tags"])
        for case in self._skipped:
            skipped.update(case["tags"])
        tags = sorted(passed.keys() | failed.keys() | skipped.keys())
        return {tag: _row(passed[tag], failed[tag], skipped[tag]) for tag in tags}


def _row(passed: int, failed: int, skipped: int) -> Row:
    return dict(zip(COLUMNS, (passed, failed, skipped, passed + failed + skipped)))
