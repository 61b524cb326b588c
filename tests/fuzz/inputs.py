"""Turn a seed into the bytes a target is given: generated programs, files that exist, and changes of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from tests.model import wording
from tests.model.harness import compiled
from tests.model.programs import any_program

TESTS = Path(__file__).parent.parent
CORPUS = Path(__file__).parent / "corpus"
MARKS = (
    *(
        b"->",
        b"[",
        b"]",
        b"{",
        b"}",
        b"(",
        b")",
        b":",
        b",",
        b"=",
        b"!=",
        b"*",
        b"#",
        b'"',
        b"'",
        b"\\",
        b"/",
    ),
    *(b"\n", b"\r\n", b"\r", b"\t", b"    ", b"\x00", b"\x85", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf"),
    *("\u2028\u200b\u202e\u0663\U0001f600".encode(), b"\xed\xa0\x80", b"0", b"65535", b"65536", b"9" * 5000),
    *(b"with owner a {", b"let x = ", b" in (a, b)", b" via nodeport 30080", b' because "', b"assert deny "),
    *(
        b"---\n",
        b"- ",
        b"? ",
        b"&a ",
        b"*a",
        b"!!int ",
        b"<<: ",
        b"|\n",
        b"0x1f",
        b"1e999",
        b"~",
        b"${",
        b"[" * 2000,
    ),
    *(b"2026-13-99", b"10.0.0.0/33", b"::/129", b"{a: " * 300, b"null", b"true", b"1_000", b".inf"),
)
_FILES = {
    "profile": ("intentc.yaml",),
    "manifests": ("manifests*.yaml", "manifests/*.yaml"),
    "audit": ("output/*/kubernetes/*.yaml",),
    "prover": ("output/*/kubernetes/*.yaml", "output/*/terraform/*.tf"),
}


@cache
def files(target: str) -> tuple[bytes, ...]:
    """Return the small files of the tests that are of the kind a target reads, and those of its corpus."""
    patterns = _FILES.get(target, ("*.intent",))
    folders = (TESTS / "cases", TESTS / "language" / "corpus")
    paths = {path for folder in folders for pattern in patterns for path in folder.rglob(pattern)}
    paths |= set((CORPUS / target).glob("*"))
    found = {path.read_bytes() for path in paths if path.is_file()}
    return tuple(sorted(data for data in found if 0 < len(data) < 20_000))


def generated(target: str, chance: Random) -> bytes:
    """Return a valid input of the kind a target reads, made by the generator of the model where it can."""
    if target in ("manifests", "audit"):
        return chance.choice(files(target))
    texts = wording.files(any_program(chance.randrange(1 << 40)))
    if target == "profile":
        return texts["intentc.yaml"].encode()
    if target == "prover":
        emitted = [data for path, data in compiled(texts).items() if path.endswith((".yaml", ".tf"))]
        return chance.choice(emitted) if emitted else chance.choice(files(target))
    return chance.choice([text for path, text in texts.items() if path.endswith(".intent")] or [""]).encode()


def changed(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """Return `data` with one to five changes: of bytes, of lines, or by a piece of another input."""
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        data = chance.choice(_CHANGES)(data, others, chance)
    return data[:60_000]


def seeded(target: str, chance: Random) -> bytes:
    """Return any input for a target: valid at times, slightly wrong mostly, and noise at times."""
    kind = chance.randrange(20)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return b"".join(chance.choice(MARKS) for _ in range(chance.randrange(30)))
    data = generated(target, chance) if kind < _GENERATED.get(target, 10) else chance.choice(files(target))
    return data if kind % 4 == 0 else changed(data, files(target), chance)


_GENERATED = {"prover": 3}
"""A compilation costs a hundred readings: the prover is mostly given files that exist."""


def _mark(data: bytes, _others: tuple[bytes, ...], chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(MARKS) + data[at + chance.randrange(3) :]


def _byte(data: bytes, _others: tuple[bytes, ...], chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(2)) + data[at + 1 :]


def _lines(data: bytes, _others: tuple[bytes, ...], chance: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    lines[chance.randrange(len(lines))] = chance.choice(lines) * chance.choice((0, 1, 2))
    return b"".join(lines)


def _cut(data: bytes, _others: tuple[bytes, ...], chance: Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randrange(40) :]


def _splice(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    other = chance.choice(others)
    start, at = chance.randrange(len(other) + 1), chance.randrange(len(data) + 1)
    return data[:at] + other[start : start + chance.randrange(80)] + data[at:]


_CHANGES: tuple[Callable[[bytes, tuple[bytes, ...], Random], bytes], ...] = (
    _mark,
    _byte,
    _lines,
    _cut,
    _splice,
)
