#!/usr/bin/env python3
"""Turns the JSON of measure.py into a Markdown table, and into a plot of how cost grows.

    report.py IN.json [--document performance.md] [--plot performance.svg]

The table goes to stdout, or between the two marks of the document.
"""

import argparse
import json
import math
import re
import statistics

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
SUBJECTS = ("reference", "limit", "ours")
COLOURS = {"reference": "#b45309", "limit": "#6b7280", "ours": "#1d4ed8"}


def short(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(values):
    if not values:
        return "–"
    middle = short(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({short(min(values))}–{short(max(values))})"


def ratio(above, below):
    """The median of the ratios of pairs: each was measured right after the other."""
    pairs = [a / b for a, b in zip(above, below) if b]
    return short(statistics.median(pairs)) if pairs else ""


def table(report):
    machine, (before, after) = report["machine"], report["load"]
    lines = [
        f"{report['date']}, {report['mode']} run of {report['seconds']} s, `{report['profile']}` profile. "
        f"{machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}. **Load average {before} before, {after} after** the run, which "
        f"adds about 1 itself.",
        "", "| measure | reference | limit | ours | ours / limit | reference / ours |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for measure, by_subject in report["samples"].items():
        reference, limit, ours = (by_subject.get(name, []) for name in SUBJECTS)
        if "true" in by_subject:
            lines.append(f"| {measure} | | | {cell(by_subject['true'])} | | |")
            continue
        above, below = (ours, reference) if "requests/s" in measure else (reference, ours)
        cells = [measure.replace(" us ", " µs "), cell(reference), cell(limit), cell(ours), ratio(ours, limit), ratio(above, below)]
        lines.append("| " + " | ".join(cells) + " |")
    size = report["binary_mb"]
    lines.append(f"| binary, MB | | {size['limit']} | {size['ours']} | {size['ours'] / size['limit']:.2f} | |")
    return "\n".join(lines + [""] + [f"- {note}" for note in report["notes"]])


def points(report, pattern):
    """(x, median) by subject, for the measures that a pattern finds; its group is x."""
    found = {name: [] for name in SUBJECTS}
    for measure, by_subject in report["samples"].items():
        match = re.fullmatch(pattern, measure)
        for name in SUBJECTS if match else ():
            if by_subject.get(name):
                found[name].append((float(match.group(1).replace(",", "")), statistics.median(by_subject[name])))
    return found


def panel(left, title, x_title, series):
    """Lines over two logarithmic axes, 330 by 260."""
    xs = [math.log10(x) for line in series.values() for x, _ in line]
    ys = [math.log10(y) for line in series.values() for _, y in line]
    low, high = math.floor(min(ys)), math.ceil(max(ys))
    start, width, height, top = left + 66, 240, 180, 40

    def place(x, y):
        across = (math.log10(x) - min(xs)) / ((max(xs) - min(xs)) or 1)
        return start + width * across, top + height * (1 - (math.log10(y) - low) / (high - low))

    parts = [f'<text x="{start}" y="24" font-weight="bold">{title}</text>',
             f'<text x="{start + width / 2}" y="{top + height + 34}" text-anchor="middle">{x_title}</text>']
    for power in range(low, high + 1):
        y = place(10 ** min(xs), 10**power)[1]
        parts.append(f'<path d="M{start} {y:.1f}h{width}" stroke="#d1d5db"/>')
        parts.append(f'<text x="{start - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for x in sorted({x for line in series.values() for x, _ in line}):
        parts.append(f'<text x="{place(x, 10**low)[0]:.1f}" y="{top + height + 16}" text-anchor="middle">{x:,.0f}</text>')
    for name, line in series.items():
        if line:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in sorted(line)))
            parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}"/>' for x, y in (place(*p) for p in line)]
    return parts


def plot(report):
    pages = points(report, r"server, page of ([\d,]+), 8 connections, CPU us a request")
    connections = points(report, r"server, `validate_credentials`, (\d+) connections, requests/s")
    parts = panel(0, "CPU µs a request", "accounts in the page", pages)
    parts += panel(330, "requests/s, validate_credentials", "connections", connections)
    for number, name in enumerate(SUBJECTS):
        parts.append(f'<text x="{66 + 90 * number}" y="285" fill="{COLOURS[name]}" font-weight="bold">{name}</text>')
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 300" font-family="sans-serif" font-size="11">\n'
            '<rect width="660" height="300" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", metavar="IN.json")
    parser.add_argument("--document", metavar="FILE.md")
    parser.add_argument("--plot", metavar="FILE.svg")
    options = parser.parse_args()
    with open(options.report) as file:
        report = json.load(file)
    if options.plot:
        with open(options.plot, "w") as file:
            file.write(plot(report))
    if not options.document:
        print(table(report))
        return
    with open(options.document) as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(options.document, "w") as file:
        file.write(f"{before}{BEGIN}\n{table(report)}\n{END}{after}")


if __name__ == "__main__":
    main()
