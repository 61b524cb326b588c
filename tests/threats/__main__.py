"""`python -m tests.threats`: put many texts where others stood, and see that nothing else changes."""

from __future__ import annotations

import argparse
import sys
from itertools import islice

from tests.threats.interference import PER_BUILD, interferences, payloads


def main() -> int:
    """Print how many texts were tried and how many interfered; return 1 when one did."""
    parser = argparse.ArgumentParser(prog="./dev python -m tests.threats", description=__doc__)
    parser.add_argument("--payloads", type=int, default=1_000_000, help="how many texts")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    source = payloads(asked.seed)
    tried = wrong = 0
    while tried < asked.payloads:
        texts = list(islice(source, PER_BUILD))
        tried += len(texts)
        for problem in interferences(texts):
            wrong += 1
            sys.stdout.write(f"after {tried:,}: {problem}\n")
        if tried % (PER_BUILD * 50) == 0:
            sys.stderr.write(f"{tried:,} texts, {wrong} interferences\n")
    sys.stdout.write(f"{tried:,} texts, {wrong} interferences\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
