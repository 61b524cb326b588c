"""Measure builds as ratios and hold each against its bound; exits 1 where one is passed.

`./dev bench` measures the usual sizes; `--sizes 10,1000` fewer, `--write` puts the table into
docs/performance.md. `--clock cpu` counts the time a process computes instead of the time that passes: for
machines that do other work as well.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.bench.measures import Result, bench

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- table: ./dev bench --write -->\n", "<!-- end of table -->\n"


def table(results: Iterable[Result], how: str) -> str:
    """Return the results as a Markdown table."""
    lines = [
        f"{how}\n",
        "| what | against | median (quartiles) | bound | aim |",
        "|---|---|---:|---:|---:|",
    ]
    for result in results:
        mark = "" if result.holds else " **missed**"
        lines.append(
            f"| {result.name} | {result.unit} | {result.ratio}{mark} | {result.bound:g} | {result.aim:g} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print every line as it comes, and return 1 where a bound is passed."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=str(__doc__).splitlines()[0])
    parser.add_argument("--sizes", default="10,1000,10000,100000", help="numbers of intents, with commas")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of runs for each line (default 9)")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON, too")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    options = parser.parse_args()
    sizes = tuple(int(size) for size in options.sizes.split(","))
    results = []
    for result in bench(options.rounds, options.clock, sizes):
        results.append(result)
        verdict = "ok" if result.holds else "MISSED"
        print(  # noqa: T201 - the answer
            f"{verdict:6} {result.name} / {result.unit}: {result.ratio}, "
            f"bound {result.bound:g}, aim {result.aim:g}",
            flush=True,
        )
    if options.json:
        document = [
            {
                "name": result.name,
                "unit": result.unit,
                "median": result.ratio.median,
                "quartiles": [result.ratio.low, result.ratio.high],
                "bound": result.bound,
                "aim": result.aim,
            }
            for result in results
        ]
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    if options.write:
        how = (
            f"Python {platform.python_version()}, {options.rounds} pairs a line, "
            f"{'time of computing' if options.clock == 'cpu' else 'time passed'}."
        )
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(before + BEGIN + table(results, how) + END + rest.partition(END)[2])
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
