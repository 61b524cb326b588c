"""One process with sockets in every network namespace: who answers whom, and under which address."""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from tests.e2e.namespaces import entered

Protocol = Literal["TCP", "UDP"]

WAITS = (0.4, 1.5)
"""Seconds to wait for answers: what is not answered is asked again, patiently, before it is a drop."""

AT_ONCE = 3_000
"""How many questions are open at one time."""

_STREAM = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}


class Place(NamedTuple):
    """Where a question is asked from: a network namespace, and an address there or the kernel's choice."""

    namespace: str
    address: str = ""


class Probe(NamedTuple):
    """A connection to try."""

    source: Place
    protocol: Protocol
    address: str
    port: int


class Answer(NamedTuple):
    """Who answered, and the address the question came from, as seen there."""

    listener: str
    seen: str


SILENT = Answer("(accepts)", "")
"""Somebody accepts the connection and says nothing, as a server that waits for a greeting does."""


class Prober:
    """Listen in many places, and ask from many; all in one thread."""

    def __init__(self) -> None:
        """Start without listeners; `close` ends them."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 16_384), most))
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []

    def listen(self, name: str, place: Place, protocol: Protocol, port: int) -> None:
        """Answer questions at a port, each with `name` and the address it came from."""
        with entered(place.namespace):
            listener = socket.socket(socket.AF_INET, _STREAM[protocol])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind((place.address, port))
        if protocol == "TCP":
            listener.listen(1024)
        self._listeners.append(listener)
        self._selector.register(listener, selectors.EVENT_READ, (protocol, name))

    def close(self) -> None:
        """Close every listener."""
        for listener in self._listeners:
            self._selector.unregister(listener)
            listener.close()
        self._listeners.clear()

    def ask(self, probes: Iterable[Probe], waits: Sequence[float] = WAITS) -> dict[Probe, Answer | None]:
        """Return the answer to each question, None where nothing came back."""
        open_questions = list(dict.fromkeys(probes))
        found: dict[Probe, Answer | None] = dict.fromkeys(open_questions)
        for wait in waits:
            is_last = wait is waits[-1]
            for start in range(0, len(open_questions), AT_ONCE):
                some = open_questions[start : start + AT_ONCE]
                found.update(self._round(some, wait, is_last=is_last))
            open_questions = [probe for probe in open_questions if found[probe] is None]
        return found

    def _round(self, probes: list[Probe], wait: float, *, is_last: bool) -> dict[Probe, Answer]:
        asking: dict[socket.socket, Probe] = {}
        for place, group in _by_place(probes).items():
            with entered(place.namespace):
                asking.update(
                    (socket.socket(socket.AF_INET, _STREAM[probe.protocol]), probe) for probe in group
                )
        answers: dict[Probe, Answer] = {}
        try:
            for question, probe in asking.items():
                self._start(question, probe)
            end, pending = time.monotonic() + wait, len(asking)
            while pending and (left := end - time.monotonic()) > 0:
                for key, _ in self._selector.select(left):
                    made = key.fileobj
                    assert isinstance(made, socket.socket)
                    if key.data is not None:
                        _serve(made, *key.data)
                        continue
                    self._selector.unregister(made)
                    pending -= 1
                    if (answer := _hear(made)) is not None:
                        answers[asking[made]] = answer
            if is_last:
                silent = [made for made in asking if asking[made] not in answers and _is_connected(made)]
                answers.update((asking[made], SILENT) for made in silent)
        finally:
            for question in asking:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(question)
                question.close()
        return answers

    def _start(self, question: socket.socket, probe: Probe) -> None:
        question.setblocking(False)
        if probe.source.address:
            question.bind((probe.source.address, 0))
        with contextlib.suppress(BlockingIOError, OSError):
            question.connect((probe.address, probe.port))
            if probe.protocol == "UDP":
                question.send(b"?")
        self._selector.register(question, selectors.EVENT_READ)


def _is_connected(question: socket.socket) -> bool:
    """Return whether somebody accepted a TCP connection and has said nothing."""
    if question.type != socket.SOCK_STREAM:
        return False
    try:
        question.getpeername()
    except OSError:
        return False
    return True


def _hear(question: socket.socket) -> Answer | None:
    """Return what came back; None when it is refused or unreachable, for nothing more will come."""
    try:
        text = question.recv(256).decode()
    except OSError:
        return None
    listener, _, seen = text.partition(" ")
    return Answer(listener, seen) if seen else None


def _serve(listener: socket.socket, protocol: Protocol, name: str) -> None:
    """Answer one question; one that is gone already needs no answer."""
    with contextlib.suppress(OSError):
        if protocol == "UDP":
            _, peer = listener.recvfrom(16)
            listener.sendto(f"{name} {peer[0]}".encode(), peer)
            return
        connection, peer = listener.accept()
        with connection:
            connection.sendall(f"{name} {peer[0]}".encode())


def _by_place(probes: Iterable[Probe]) -> dict[Place, list[Probe]]:
    groups: dict[Place, list[Probe]] = {}
    for probe in probes:
        groups.setdefault(probe.source, []).append(probe)
    return groups
