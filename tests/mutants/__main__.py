"""`python -m tests.mutants`: change lowering and backends, and count what the proof stops; or the prover."""

from __future__ import annotations

import argparse
import ast
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.mutants import prover
from tests.mutants.changes import Change, changes
from tests.mutants.trial import attempt, outcome

ROOT = Path(__file__).parent.parent.parent
MODULES = (
    "intentc/analysis/lowering.py",
    "intentc/analysis/lifelines.py",
    "intentc/analysis/ranges.py",
    "intentc/backends/kubernetes.py",
    "intentc/backends/cilium.py",
    "intentc/backends/subjects.py",
    "intentc/backends/ranges.py",
    "intentc/backends/terraform.py",
)
BOUND = 99
_LIVED = re.compile("(?:survived|hung): ([^ :]+):([0-9]+): (.+)")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def by_the_proof() -> Callable[[str, ast.Module], str]:
    """Return the judge of changes in lowering and backends: the proof of a fixed set of projects."""
    baseline, codes = outcome()
    if codes:
        raise SystemExit(f"the unchanged compiler reports {sorted(codes)}")
    return lambda name, tree: attempt(name, tree, baseline)


def again(log: str, known: list[tuple[str, Change]]) -> list[tuple[str, Change]]:
    """Return the changes that a former run let live; where lines have moved, the nearest ones are meant."""
    found: dict[int, tuple[str, Change]] = {}
    for path, line, what in _LIVED.findall(log):
        same = [
            place
            for place, (module, change) in enumerate(known)
            if (module, change.what) == (path, what) and place not in found
        ]
        if not same:
            say(f"no such change now: {path}:{line}: {what}")
            continue
        nearest = min(same, key=lambda place: abs(known[place][1].line - int(line)))
        found[nearest] = known[nearest]
    return list(found.values())


def main() -> int:
    """Return 1 when more than one in a hundred changes that have an effect is not stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="try only so many, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prover", action="store_true", help="change the prover; its tests are the judge")
    parser.add_argument("--module", action="append", help="only this module")
    parser.add_argument(
        "--again", type=Path, metavar="LOG", help="only what lived in a former run, by its output"
    )
    chosen = parser.parse_args()
    judge = prover.attempt if chosen.prover else by_the_proof()
    everything: list[tuple[str, Change]] = [
        (path, change)
        for path in chosen.module or (prover.modules() if chosen.prover else MODULES)
        for change in changes((ROOT / path).read_text("utf-8"))
    ]
    if chosen.again:
        everything = again(chosen.again.read_text("utf-8"), everything)
    if chosen.sample:
        everything = random.Random(chosen.seed).sample(everything, min(chosen.sample, len(everything)))
    counts: Counter[str] = Counter()
    for number, (path, change) in enumerate(everything, 1):
        verdict = judge(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."), change.tree)
        counts[verdict] += 1
        if verdict in ("survived", "hung"):
            say(f"{verdict}: {path}:{change.line}: {change.what}")
        if number % 100 == 0:
            say(f"{number} of {len(everything)}: {dict(counts)}")
    stopped = counts["proof"] + counts["error"] + counts["crash"] + counts["stopped"]
    # Names, annotations and descriptions say nothing about who may talk to whom; goldens hold them.
    changed = stopped + counts["survived"] + counts["hung"]
    say(f"mutants: {len(everything)} changes, {changed} had an effect, {stopped} stopped, {dict(counts)}")
    return int(stopped * 100 < BOUND * changed)


if __name__ == "__main__":
    raise SystemExit(main())
