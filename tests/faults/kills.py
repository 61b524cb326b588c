"""Builds killed at random moments leave the old tree or the new one, and the next build finds its way."""

import errno
import os
import random
import shutil
import signal
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

from intentc.output import kernel
from tests.faults.trees import State, Tree, Violation, Writer, finished, make_trees, no_strays, which, write

_SIGNALS = (signal.SIGKILL, signal.SIGTERM)
_LEAST = 10  # percent of the kills that have to end with the old tree, and with the new one
_MANY, _SEEN = 1000, 2  # kills that show shares; percent that show an outcome where there are fewer


def without_exchange(*_: object) -> NoReturn:
    """Stand for the exchange of two names on a system that has none, such as macOS."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def kill_builds(
    directory: Path, kills: int, seed: int, *, writer: Writer = write, fallback: bool = False
) -> Counter[str]:
    """Kill `kills` builds while they are writing, check what each leaves, and count the outcomes.

    A child process builds one tree after the other and says when it begins and ends each; it is killed at a
    moment spread evenly over twice the time a build takes. Then the next build runs; every second
    time it has nothing to do. With `fallback`, a killed build may leave nothing, and the next brings the old
    tree back. It is a violation, too, when an outcome is seen in fewer than one in ten of a thousand kills;
    of fewer, whose moments a busy machine shifts, in two of a hundred.
    """
    with patch.object(kernel, "exchange", without_exchange if fallback else kernel.exchange):
        outcomes = _kill(directory, kills, random.Random(seed), writer, fallback)
    least = _LEAST if kills >= _MANY else _SEEN
    rare = [word for word in ("old", "new") if outcomes[word] * 100 < kills * least]
    if rare:
        raise Violation(f"the {' and the '.join(rare)} tree came out of too few kills: {dict(outcomes)}")
    return outcomes


def _kill(directory: Path, kills: int, source: random.Random, writer: Writer, fallback: bool) -> Counter[str]:
    trees = make_trees(4)
    states = finished(directory, trees, writer)
    root = directory / "kills" / "out"
    shutil.rmtree(root.parent, ignore_errors=True)
    writer(root, trees[0])
    duration = _duration(root, trees, writer)
    current = 0
    outcomes: Counter[str] = Counter()
    while outcomes["old"] + outcomes["new"] < kills:
        begun, ended = _killed_child(root, trees, current, writer, source, duration)
        first, last = (current + ended) % len(trees), (current + begun) % len(trees)
        missing = fallback and not root.exists()
        if missing:
            writer(root, trees[first])  # brings the old tree back, finds it right, and leaves it alone
        current = which(root, states, (first, last))
        if begun == ended:
            outcomes["between builds"] += 1
        else:
            outcomes["old" if current == first else "new"] += 1
        outcomes["brought back"] += missing
        outcomes["builds"] += begun
        _next_run(root, trees, states, current := _step(current, trees, source), writer)
    return outcomes


def _step(current: int, trees: list[Tree], source: random.Random) -> int:
    return source.choice((current, (current + 1) % len(trees)))


def _next_run(root: Path, trees: list[Tree], states: list[State], wanted: int, writer: Writer) -> None:
    writer(root, trees[wanted])
    which(root, states, (wanted,))
    no_strays(root.parent, root.name)


def _duration(root: Path, trees: list[Tree], writer: Writer) -> float:
    """Return how many seconds the first build of a child process takes that is not killed."""
    times = []
    for number in range(2 * len(trees), -1, -1):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, b"<")
            writer(root, trees[number % len(trees)])
            os.write(writing, b">")
            os._exit(0)
        os.read(reading, 1)
        start = time.perf_counter()
        os.read(reading, 1)
        times.append(time.perf_counter() - start)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
    return statistics.median(times)


def _killed_child(
    root: Path, trees: list[Tree], current: int, writer: Writer, source: random.Random, duration: float
) -> tuple[int, int]:
    """Return how many builds a child process has begun and how many it has ended when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _build_until_killed(root, trees, current, writer, writing)
    os.close(writing)
    try:
        events = os.read(reading, 1)
        time.sleep(source.uniform(0, 2 * duration))
        os.kill(child, source.choice(_SIGNALS))
        _, status = os.waitpid(child, 0)
        while more := os.read(reading, 4096):
            events += more
    finally:
        os.close(reading)
    if not os.WIFSIGNALED(status) or b"!" in events:
        raise Violation(f"a build failed before it was killed: {status}")
    return events.count(b"<"), events.count(b">")


def _build_until_killed(root: Path, trees: list[Tree], current: int, writer: Writer, report: int) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        while True:
            current = (current + 1) % len(trees)
            os.write(report, b"<")
            writer(root, trees[current])
            os.write(report, b">")
    except BaseException:
        os.write(report, b"!")
        raise
    finally:
        os._exit(1)
