"""`python -m tests.mutants`: try every change of lowering and backends, and count what the proof stops."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

from tests.mutants.changes import Change, changes
from tests.mutants.trial import attempt, outcome

ROOT = Path(__file__).parent.parent.parent
MODULES = (
    "intentc/analysis/lowering.py",
    "intentc/analysis/lifelines.py",
    "intentc/analysis/ranges.py",
    "intentc/backends/kubernetes.py",
    "intentc/backends/subjects.py",
    "intentc/backends/ranges.py",
    "intentc/backends/terraform.py",
)
BOUND = 99


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Return 1 when the proof lets more than one in a hundred changed outputs pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="try only so many, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", action="append", choices=MODULES, help="only this module")
    chosen = parser.parse_args()
    baseline, codes = outcome()
    if codes:
        raise SystemExit(f"the unchanged compiler reports {sorted(codes)}")
    everything: list[tuple[str, Change]] = [
        (path, change)
        for path in chosen.module or MODULES
        for change in changes((ROOT / path).read_text("utf-8"))
    ]
    if chosen.sample:
        everything = random.Random(chosen.seed).sample(everything, min(chosen.sample, len(everything)))
    counts: Counter[str] = Counter()
    for number, (path, change) in enumerate(everything, 1):
        verdict = attempt(path.removesuffix(".py").replace("/", "."), change.tree, baseline)
        counts[verdict] += 1
        if verdict in ("survived", "hung"):
            say(f"{verdict}: {path}:{change.line}: {change.what}")
        if number % 100 == 0:
            say(f"{number} of {len(everything)}: {dict(counts)}")
    stopped = counts["proof"] + counts["error"] + counts["crash"]
    # Names, annotations and descriptions say nothing about who may talk to whom; goldens hold them.
    changed = stopped + counts["survived"] + counts["hung"]
    say(f"mutants: {len(everything)} changes, {changed} had an effect, {stopped} stopped, {dict(counts)}")
    return int(stopped * 100 < BOUND * changed)


if __name__ == "__main__":
    raise SystemExit(main())
