"""Reading the case and expectation files (one JSON object per line)."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "cases"
EXPECTED = ROOT / "expected"
DIFFERENCES = ROOT / "differences.jsonl"

Case = dict[str, Any]
Observation = dict[str, Any]


def available_splits() -> list[str]:
    """The folders of cases: `public` holds the recorded ones, others may stand beside it."""
    return sorted(folder.name for folder in CASES.iterdir() if any(folder.glob("*.jsonl")))


def load_cases(splits: Iterable[str]) -> list[Case]:
    return [{**row, "split": split} for split in splits for row in _rows(CASES / split)]


def load_expected(splits: Iterable[str]) -> dict[str, Observation]:
    """What was recorded, but for the answers that are meant to differ; each of those says why."""
    recorded = {row["id"]: row for split in splits for row in _rows(EXPECTED / split)}
    for row in _read(DIFFERENCES):
        if row["id"] in recorded:
            recorded[row["id"]] = {key: value for key, value in row.items() if key != "why"}
    return recorded


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        yield from _read(path)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
