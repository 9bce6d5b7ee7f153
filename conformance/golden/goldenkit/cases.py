"""Reading the case and expectation files (one JSON object per line)."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "cases"
EXPECTED = ROOT / "expected"

Case = dict[str, Any]
Observation = dict[str, Any]


def available_splits() -> list[str]:
    """The folders of cases: `public` holds the recorded ones, others may stand beside it."""
    return sorted(folder.name for folder in CASES.iterdir() if any(folder.glob("*.jsonl")))


def load_cases(splits: Iterable[str]) -> list[Case]:
    return [{**row, "split": split} for split in splits for row in _rows(CASES / split)]


def load_expected(splits: Iterable[str]) -> dict[str, Observation]:
    return {row["id"]: row for split in splits for row in _rows(EXPECTED / split)}


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
