"""Tasks are done by this process and by copies of it, where the system can make copies."""

from __future__ import annotations

import marshal
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

_MOST_TASKS = 10_000
"""Their numbers wait in a pipe, which holds 64 KiB: https://man7.org/linux/man-pages/man7/pipe.7.html"""

_NUMBER = 4  # bytes

Task = Callable[[], Any]
"""All but the first return what is made of texts, bytes, numbers, None, tuples, lists and dictionaries."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def spread(tasks: Sequence[Task], processes: int) -> list[Any]:
    """Return what each task returns, in their order, done by so many processes; the first is done here.

    A copy shares nothing with this process but what it was made of; its results come back through memory. A
    task whose copy fails, or is killed, is done again here: what a task raises, it raises here.
    """
    copies = min(processes, len(tasks)) - 1
    results: dict[int, Any] = {}
    if copies > 0 and len(tasks) <= _MOST_TASKS and hasattr(os, "fork") and hasattr(os, "memfd_create"):
        with suppress(OSError):  # a system that lends no memory or process: all is done here
            results = _shared(tasks, copies)
    return [results[number] if number in results else task() for number, task in enumerate(tasks)]


def _shared(tasks: Sequence[Task], copies: int) -> dict[int, Any]:
    """Let copies and this process take one task after the other; return what was done."""
    waiting, end = os.pipe()
    os.write(end, b"".join(number.to_bytes(_NUMBER, "big") for number in range(1, len(tasks))))
    os.close(end)
    started: dict[int, int] = {}
    results: dict[int, Any] = {}
    try:
        for _ in range(copies):
            memory = os.memfd_create("intentc", os.MFD_CLOEXEC)
            process = os.fork()
            if process == 0:
                _work(tasks, waiting, memory)
            started[process] = memory
        results[0] = tasks[0]()
        while (number := _next(waiting)) is not None:
            results[number] = tasks[number]()
        while started:
            process, memory = next(iter(started.items()))
            os.waitpid(process, 0)
            del started[process]
            results.update(_written(memory))
    finally:
        os.close(waiting)
        for process, memory in started.items():
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
            os.close(memory)
    return results


def _next(waiting: int) -> int | None:
    number = os.read(waiting, _NUMBER)
    return int.from_bytes(number, "big") if number else None


def _work(tasks: Sequence[Task], waiting: int, memory: int) -> None:
    """Do tasks in a copy, and end it: nothing that the first process began is ended here."""
    code = 1
    try:
        with open(memory, "wb", closefd=False) as results:
            while (number := _next(waiting)) is not None:
                marshal.dump((number, tasks[number]()), results)
        code = 0
    finally:
        os._exit(code)


def _written(memory: int) -> dict[int, Any]:
    """Return what a copy has written, as far as it got; the writer was this very program."""
    results: dict[int, Any] = {}
    os.lseek(memory, 0, os.SEEK_SET)
    with open(memory, "rb") as file, suppress(EOFError, ValueError, TypeError):
        while True:
            number, result = marshal.load(file)  # noqa: S302 - memory that only our own copy has
            results[number] = result
    return results
