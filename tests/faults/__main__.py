"""Run the faults, print what was seen, and fail when the write stage or a harness broke its promise."""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.calls import ERRORS, INTERRUPT, KILL, fail_calls
from tests.faults.disks import limit_files, mount_disks, refuse
from tests.faults.kills import kill_builds
from tests.faults.races import race_builds
from tests.faults.traced import fail_kernel_calls
from tests.faults.trees import Violation, in_place, write

Part = Callable[[Path, argparse.Namespace], Counter[str]]


def _kills(directory: Path, options: argparse.Namespace) -> Counter[str]:
    return kill_builds(directory, options.kills, options.seed, writer=options.writer)


def _kills_without_exchange(directory: Path, options: argparse.Namespace) -> Counter[str]:
    count = max(options.kills // 10, 200)
    return kill_builds(directory, count, options.seed, writer=options.writer, fallback=True)


def _calls(directory: Path, options: argparse.Namespace) -> Counter[str]:
    faults = (*ERRORS, KILL, INTERRUPT)
    outcomes = fail_calls(directory, faults, every=options.every, writer=options.writer)
    for word in ("killed", "interrupted", "failed"):
        if not (outcomes[f"{word}: old"] and outcomes[f"{word}: new"]):
            raise Violation(f"only one outcome was seen: {dict(outcomes)}")
    return outcomes


def _races(directory: Path, options: argparse.Namespace) -> Counter[str]:
    return race_builds(directory, options.builders, options.rounds, writer=options.writer)


PARTS: dict[str, Part] = {
    "kills": _kills,
    "kills without exchange": _kills_without_exchange,
    "calls": _calls,
    "races": _races,
    "limits": lambda directory, _: limit_files(directory),
    "refusals": lambda directory, _: refuse(directory),
    "mounts": lambda directory, _: mount_disks(directory),
    "kernel calls": lambda directory, options: fail_kernel_calls(directory, every=options.every),
}


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("faults", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which to run: {', '.join(PARTS)}")
    parser.add_argument(
        "--kills", type=int, default=1000, help="builds to kill at random moments (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=20, help="races to run (%(default)s)")
    parser.add_argument("--builders", type=int, default=50, help="builds in one race (%(default)s)")
    parser.add_argument("--every", type=int, default=1, help="fail one call in so many (%(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="moments to kill at (chosen and printed)")
    parser.add_argument("--directory", type=Path, default=None, help="on which disk (a temporary directory)")
    parser.add_argument(
        "--in-place",
        dest="writer",
        action="store_const",
        const=in_place,
        default=write,
        help="write files in place, which must be found out",
    )
    return parser


def main(options: argparse.Namespace) -> int:
    """Run the parts that were asked for, all by default; return 1 when one of them found a violation."""
    if unknown := set(options.parts) - set(PARTS):
        arguments().error(f"no part {', '.join(sorted(unknown))}")
    options.seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    directory = Path(tempfile.mkdtemp(prefix="intentc-faults-", dir=options.directory)).resolve()
    directory.chmod(0o755)  # some builds run as another user
    code = 0
    _say(f"seed {options.seed}, in {directory}")
    try:
        for name in options.parts or PARTS:
            start = time.monotonic()
            try:
                counts = PARTS[name](directory, options)
                told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
            except Violation as violation:
                code, told = 1, f"VIOLATION: {violation}"
            _say(f"{name}: {told} ({time.monotonic() - start:.0f} s)")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return code


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(main(arguments().parse_args()))
