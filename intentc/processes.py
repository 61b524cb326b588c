"""Tasks are done by this process and by copies of it, where the system can make copies."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_MOST_TASKS = 10_000
"""Their numbers wait in a pipe, which holds 64 KiB: https://man7.org/linux/man-pages/man7/pipe.7.html"""

_NUMBER = 4  # bytes

Task = Callable[[], Any]
"""What a copy returns is sent, so it is best made of texts, bytes and numbers."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def spread(tasks: Sequence[Task], processes: int) -> list[Any]:
    """Return what each task returns, in their order, done by so many processes; the first is done here.

    A copy has all that this process had when it was made, and sends its results when no task is left. A task
    whose copy fails, or is killed, is done again here: what a task raises, it raises here. A copy that
    outlives this process ends with the task it is at.
    """
    results: dict[int, Any] = {}
    copies = min(processes, len(tasks)) - 1
    if copies > 0 and len(tasks) <= _MOST_TASKS and hasattr(os, "fork"):
        with suppress(OSError):  # a system that lends no memory or process: all is done here
            _share(tasks, copies, results)
    return [results[number] if number in results else task() for number, task in enumerate(tasks)]


def _share(tasks: Sequence[Task], copies: int, results: dict[int, Any]) -> None:
    """Let copies and this process take one task after the other, and put in `results` what they return."""
    from multiprocessing import get_context

    context = get_context("fork")
    waiting, end = os.pipe()
    os.write(end, b"".join(number.to_bytes(_NUMBER, "big") for number in range(1, len(tasks))))
    os.close(end)
    started: list[tuple[BaseProcess, Connection]] = []
    try:
        for _ in range(copies):
            receiver, sender = context.Pipe(duplex=False)
            receivers = [*(receiver for _, receiver in started), receiver]
            arguments = tasks, waiting, sender, receivers, os.getpid()
            copy = context.Process(target=_work, args=arguments, daemon=True)
            started.append((copy, receiver))
            copy.start()
            sender.close()
        results[0] = tasks[0]()
        while (number := _next(waiting)) is not None:
            results[number] = tasks[number]()
        for _, receiver in started:
            with suppress(EOFError, OSError):  # all has come, or it was killed
                while True:
                    number, result = receiver.recv()
                    results[number] = result
    finally:
        os.close(waiting)
        for process, receiver in started:
            receiver.close()
            if process.pid is not None:
                process.kill()
                process.join()


def _next(waiting: int) -> int | None:
    number = os.read(waiting, _NUMBER)
    return int.from_bytes(number, "big") if number else None


def _work(
    tasks: Sequence[Task], waiting: int, sender: Connection, receivers: Sequence[Connection], first: int
) -> None:
    """Do tasks in a copy of the process `first`; one that fails is the last."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the first process ends its copies
    for receiver in receivers:
        receiver.close()  # where only copies have one open, a sender would wait for ever
    results: dict[int, Any] = {}
    with suppress(Exception):
        while os.getppid() == first and (number := _next(waiting)) is not None:
            results[number] = tasks[number]()
    with suppress(OSError):  # nobody is there to take them
        for each in results.items():  # one by one: both sides have what is being sent twice
            sender.send(each)
