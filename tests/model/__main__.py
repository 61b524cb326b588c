"""Run the long forms: `python -m tests.model differential|exhaustive|laws`, on several processors."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Iterator

from tests.model import exhaustive, harness, laws

CHUNK = 250
SHOWN = 20
CHUNKS_KEPT = 40
"""How many chunks a process works off: what it has cached of their programs goes with it."""


def settle() -> None:
    """Let what is imported be, and look for garbage seldom: programs are many and leave few cycles."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def differential(seeds: range) -> list[str]:
    """Return a text for each failing seed, its program shrunk."""
    return [
        f"seed {seed}: {harness.report(harness.shrink(failure))}"
        for seed, failure in harness.differential(seeds)
    ]


def lawful(seeds: range) -> list[str]:
    """Return a text for each broken law."""
    return [f"seed {seed}: {broken}" for seed in seeds for broken in laws.broken(seed)]


def small(work: tuple[str, range]) -> list[str]:
    """Return a text for each failing small program."""
    mode, numbers = work
    found = exhaustive.check(numbers, mode)
    return [f"{mode}, program {number}: {exhaustive.edges(number)}\n  {each[:3]}" for number, each in found]


def chunks(numbers: range) -> Iterator[range]:
    """Yield a range in pieces."""
    for start in range(0, len(numbers), CHUNK):
        yield numbers[start : start + CHUNK]


def shard(text: str) -> tuple[int, int]:
    """Return what `2/8` says: the second of eight parts."""
    part, count = text.split("/")
    return int(part), int(count)


def main() -> int:
    """Return 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("what", choices=("differential", "exhaustive", "laws"))
    parser.add_argument("--count", type=int, default=1_000, help="how many random programs")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--dns", choices=[*exhaustive.PLACES, "every"], default="every", help="exhaustive: one mode"
    )
    parser.add_argument(
        "--shard", type=shard, default=(1, 1), metavar="K/N", help="exhaustive: one part of N"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="exhaustive: each Nth program only")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.count)
    start = time.monotonic()
    done = failed = 0
    with multiprocessing.Pool(options.processes, settle, maxtasksperchild=CHUNKS_KEPT) as pool:
        if options.what == "exhaustive":
            part, count = options.shard
            whole = exhaustive.COUNT
            numbers = range(whole * (part - 1) // count, whole * part // count, options.every)
            modes = exhaustive.PLACES if options.dns == "every" else [options.dns]
            work = [(mode, chunk) for mode in modes for chunk in chunks(numbers)]
            sizes, results = [len(chunk) for _, chunk in work], pool.imap(small, work)
        else:
            ranges = list(chunks(seeds))
            run = differential if options.what == "differential" else lawful
            sizes, results = [len(chunk) for chunk in ranges], pool.imap(run, ranges)
        for size, texts in zip(sizes, results, strict=True):
            done += size
            failed += len(texts)
            for text in texts[: max(0, SHOWN - failed + len(texts))]:
                sys.stdout.write(f"{text}\n")
            if done % (CHUNK * 40) < size:
                sys.stderr.write(f"{done:,} done, {failed:,} failed, {time.monotonic() - start:.0f} s\n")
    sys.stdout.write(
        f"{options.what}: {done:,} programs, {failed:,} failed, {time.monotonic() - start:.0f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
