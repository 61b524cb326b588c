"""Named network namespaces: made, wired, entered by one thread, and processes started in them."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of `sched.h`: which kind of namespace is entered."""

_LIBRARY = ctypes.CDLL(None, use_errno=True)


def run(*command: str | Path, text: str | None = None) -> str:
    """Run a command to its end and return what it printed; raise with what it complained of."""
    done = subprocess.run(command, input=text, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def inside(namespace: str, *command: str | Path, text: str | None = None) -> str:
    """Run a command in a network namespace."""
    return run("ip", "netns", "exec", namespace, *command, text=text)


def add(namespace: str, *, forwards: bool = False) -> None:
    """Make a network namespace; with `forwards`, one that passes on packets."""
    run("ip", "netns", "add", namespace)
    script = "ip link set lo up"
    if forwards:
        script += " && echo 1 > /proc/sys/net/ipv4/ip_forward"
    inside(namespace, "sh", "-c", script)


def wire(one: str, name_there: str, other: str, name_here: str) -> None:
    """Lay a cable: device `name_there` in namespace `one`, `name_here` in namespace `other`, both up."""
    peer = ("peer", "name", name_here, "netns", other)
    run("ip", "link", "add", name_there, "netns", one, "type", "veth", *peer)
    run("ip", "-n", one, "link", "set", name_there, "up")
    run("ip", "-n", other, "link", "set", name_here, "up")


@functools.cache
def _file_of(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _enter(path: str) -> None:
    if _LIBRARY.setns(_file_of(path), _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), f"cannot enter {path}")


@contextlib.contextmanager
def entered(namespace: str) -> Iterator[None]:
    """Be in a network namespace: sockets made here stay there for life."""
    _file_of("/proc/self/ns/net")  # opened before the first move, so that there is a way back
    _enter(f"/run/netns/{namespace}")
    try:
        yield
    finally:
        _enter("/proc/self/ns/net")
