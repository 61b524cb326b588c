"""Run two commands in turn, A B A B, and compare them inside each pair: a busy machine slows both."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """What one run cost: seconds by the chosen clock, and the most memory it held, in KiB."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios inside each pair, with their quartiles."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        """Return the median, and the quartiles in brackets."""
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def run(command: Sequence[str], clock: str) -> Run:
    """Run a command to its end and say what it cost; one that fails is an error."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling is not what is measured
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 - a device
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=nothing, stderr=nothing, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: exit code {process.returncode}: {' '.join(command)}")
    return Run(usage.ru_utime + usage.ru_stime if clock == "cpu" else seconds, usage.ru_maxrss)


def compare(
    ours: Sequence[str],
    theirs: Sequence[str],
    *,
    rounds: int,
    clock: str,
    before_ours: Callable[[], None] = lambda: None,
    before_theirs: Callable[[], None] = lambda: None,
) -> Ratio:
    """Return how much longer `ours` takes than `theirs`; what has to happen before each is not measured."""
    ratios = []
    for number in range(rounds + 1):
        before_ours()
        mine = run(ours, clock)
        before_theirs()
        other = run(theirs, clock)
        if number:  # the first pair warms the caches
            ratios.append(mine.seconds / other.seconds)
    return summary(ratios)


def summary(ratios: Sequence[float]) -> Ratio:
    """Return median and quartiles."""
    if len(ratios) < 2:
        return Ratio(ratios[0], ratios[0], ratios[0])
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(low, median, high)
