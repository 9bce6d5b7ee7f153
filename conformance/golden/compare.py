#!/usr/bin/env python3
"""Runs recorded calls of the reference against an implementation and compares the answers.

The targets file maps each twin to command templates:

    {"mock_connector": {"cli": ["path/to/bin"],
                        "http": ["path/to/bin", "dev", "http-server", "--port", "{port}"],
                        "env": {"NAME": "value"}}}

Every kind of command is optional; a case that needs one that the twin does not have is skipped and
listed at the end. Commands run in a temporary folder: a relative path in a template is taken from
where compare.py was started. Exits 0 when at least one case ran and every case that ran passed,
1 when one failed, 2 when none ran.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from goldenkit.cases import Case, available_splits, load_cases, load_expected
from goldenkit.comparison import judge, kind_for
from goldenkit.report import Report
from goldenkit.target import Target

# Limits that an implementation sets for itself: unbounded integers in typed fields, the exact
# nesting depth, and requests that crash the reference. Compared only with --all.
OWN_LIMITS = {"bigint", "nesting", "crash"}


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", help="JSON file with the command templates of each twin")
    parser.add_argument("--only", action="append", metavar="TAG", help="cases with any such tag")
    parser.add_argument("--skip", action="append", metavar="TAG", help="leave out such cases")
    parser.add_argument("--all", action="store_true", help="also cases about each one's own limits")
    parser.add_argument("--ids", metavar="FILE", help="only the case ids listed in FILE")
    parser.add_argument("--split", action="append", choices=available_splits())
    parser.add_argument("--jobs", type=int, default=4, help="cases at a time")
    parser.add_argument("--show", type=int, default=40, metavar="N", help="failures to print")
    parser.add_argument("--report", metavar="FILE", help="write every verdict as JSON")
    parser.add_argument(
        "--strict-messages", action="store_true", help="compare error prose as well"
    )
    return parser.parse_args()


def select(cases: list[Case], options: argparse.Namespace) -> list[Case]:
    if options.only:
        cases = [case for case in cases if set(options.only) & set(case["tags"])]
    if not options.all and not options.ids:
        cases = [case for case in cases if not OWN_LIMITS & set(case["tags"])]
    if options.skip:
        cases = [case for case in cases if not set(options.skip) & set(case["tags"])]
    if options.ids:
        wanted = set(Path(options.ids).read_text(encoding="utf-8").split())
        cases = [case for case in cases if case["id"] in wanted]
        unknown = wanted - {case["id"] for case in cases}
        if unknown:
            raise SystemExit(f"no such case here: {', '.join(sorted(unknown))}")
    return cases


def load_targets(path: str) -> dict[str, Target]:
    specs = json.loads(Path(path).read_text(encoding="utf-8"))
    return {twin: Target(spec, start_folder=os.getcwd()) for twin, spec in specs.items()}


def main() -> int:
    # Leave through the `finally` blocks, so that no server outlives this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = parse_options()
    targets = load_targets(options.targets)
    splits = options.split or available_splits()
    cases = select(load_cases(splits), options)

    absent = sorted({case["twin"] for case in cases} - targets.keys())
    if absent:
        print(f"not in the targets file, left out: {', '.join(absent)}")
    cases = [case for case in cases if case["twin"] in targets]
    able = [case for case in cases if kind_for(case, targets[case["twin"]])]
    skipped = [case for case in cases if not kind_for(case, targets[case["twin"]])]

    expected = load_expected(splits)
    verdicts = judge(able, targets, expected, options.jobs, options.strict_messages)
    report = Report(verdicts, skipped)
    report.show(options.show)
    if options.report:
        report.write(options.report)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
