"""`python -m tests.language`: break valid programs and measure how well the errors help; 1 below a bound."""

from __future__ import annotations

import argparse
import sys

from tests.language.mutations import Mutations, measure_lines, measure_places
from tests.language.typos import measure_names


def main() -> int:
    """Print the figures; return 1 when one is below its bound."""
    parser = argparse.ArgumentParser(prog="./dev python -m tests.language", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="how many mutations of one token")
    parser.add_argument("--runs", type=int, default=1_000, help="how many programs with up to 20 faults")
    parser.add_argument("--typos", type=int, default=10_000, help="how many misspelt names")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=0, help="how many of the wrong ones to print")
    asked = parser.parse_args()
    mutations = Mutations(asked.seed)
    met = True
    for measures in (
        measure_places(mutations, asked.count) if asked.count else (),
        measure_lines(mutations, asked.runs) if asked.runs else (),
        (measure_names(mutations, asked.typos),) if asked.typos else (),
    ):
        for measure in measures:
            met &= measure.is_met
            sys.stdout.write(f"{measure}\n")
            if asked.examples:
                sys.stdout.write(f"   {measure.kinds.most_common(30)}\n")
            for wrong in measure.wrong[: asked.examples]:
                sys.stdout.write(f"   {wrong}\n")
        sys.stdout.flush()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
