"""The same faults from below Python: strace lets the kernel answer with errors, or with a kill."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from intentc.output.errors import OutputError
from tests.faults.calls import ERRORS
from tests.faults.trees import Violation, finished, make_trees, names_its_path, no_strays, which, write

_CALLS = (
    *("openat", "close", "read", "write", "newfstatat", "getdents64", "mkdirat", "linkat", "renameat"),
    *("renameat2", "fsync", "fchmod", "ftruncate", "unlinkat", "flock", "fcntl"),
)
_BEGIN, _END = "/begin-of-build", "/end-of-build"


def fail_kernel_calls(directory: Path, *, every: int = 1) -> Counter[str]:
    """Let each call to the kernel of a build fail with each error, or kill the build, and count the outcomes.

    With `every` above 1, only one in so many is done, in turn over calls and faults.
    """
    if not shutil.which("strace"):
        return Counter({"not possible here, for want of strace": 1})
    place = directory / "traced"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    trees = make_trees(2)
    states = finished(place, trees)
    outcomes: Counter[str] = Counter()
    turn = 0
    for name, (before, within) in _count(place).items():
        for number in range(before + 1, before + within + 1):
            for fault in (*(f"error={errno.errorcode[error]}" for error in ERRORS), "signal=KILL"):
                turn += 1
                if turn % every == 0:
                    code = _build(place, f"inject={name}:{fault}:when={number}")
                    word = "killed" if fault == "signal=KILL" else "failed" if code == 5 else "went on"
                    if code not in {0, 5, -9, 137}:
                        raise Violation(f"{name}, call {number}, {fault}: the build ended with {code}")
                    try:
                        found = which(place / "out", states, (0, 1))
                        write(place / "out", trees[1])
                        which(place / "out", states, (1,))
                        no_strays(place, "out", "trace")
                    except Violation as violation:
                        raise Violation(f"{name}, call {number}, {fault}: {violation}") from violation
                    outcomes[f"{word}: {('old', 'new')[found]}"] += 1
    return outcomes


def _build(place: Path, *rules: str) -> int:
    """Run `main` under strace from a clean start, and return its exit code."""
    shutil.rmtree(place / "out", ignore_errors=True)
    rule = [part for text in rules for part in ("-e", text)]
    command = ["strace", "-o", str(place / "trace"), *rule, sys.executable, "-m", "tests.faults.traced"]
    done = subprocess.run([*command, str(place)], capture_output=True, text=True, check=False)
    if "Traceback" in done.stderr:
        raise Violation(done.stderr.strip())
    return done.returncode


def _count(place: Path) -> dict[str, tuple[int, int]]:
    """Return how often each call is made before the build begins and while it runs, without faults."""
    if code := _build(place):
        raise Violation(f"an undisturbed build ended with {code}")
    trace = (place / "trace").read_text()
    before, _, rest = trace.partition(_BEGIN)
    within = rest.partition(_END)[0]
    counts = {}
    for name in _CALLS:
        call = re.compile(rf"^{name}\(", re.MULTILINE)
        if count := len(call.findall(within)):
            counts[name] = (len(call.findall(before)), count)
    return counts


def main(place: Path) -> int:
    """Build one tree undisturbed and a second between two marks in the trace; return the exit code."""
    trees = make_trees(2)
    write(place / "out", trees[0])
    os.access(_BEGIN, os.F_OK)
    try:
        write(place / "out", trees[1])
    except OutputError as error:
        names_its_path(error, place)
        return 5
    os.access(_END, os.F_OK)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
