"""`python -m tests.fuzz`: give every reader of the compiler any bytes, and hold it to its promises."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.engines import ENGINES
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Return 1 when any input broke a promise; each is printed as Python bytes."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="for all engines and targets together")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one; may be repeated")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1 << 40, help="stop each pair after so many inputs")
    asked = parser.parse_args()
    pairs = [(engine, target) for engine in asked.engine or ENGINES for target in asked.target or TARGETS]
    failed = False
    for engine, target in pairs:
        start = time.monotonic()
        run = ENGINES[engine](target, asked.seed, start + asked.minutes * 60 / len(pairs), asked.count)
        reached = f", {run.lines} lines reached" if run.lines else ""
        seconds = time.monotonic() - start
        sys.stdout.write(f"{engine} {target}: {run.executions} inputs in {seconds:.0f} s{reached}\n")
        for found in run.findings:
            failed = True
            sys.stdout.write(f"  broken: {found.problem}\n  by: {found.data!r}\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
