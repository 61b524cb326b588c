"""Turn a target, a seed and a time into executions: four ways to choose the next input."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies
from hypothesis import seed as seeded_by

from tests.fuzz.inputs import changed, files, generated, seeded
from tests.fuzz.layouts import program
from tests.fuzz.targets import TARGETS, Hang, budget

_READ_INTENTS = ("parser", "format", "build")


@dataclass(frozen=True, slots=True)
class Finding:
    """An input for which a target broke a promise."""

    target: str
    data: bytes
    problem: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one engine did: how many inputs it ran, what it found, and the lines reached where counted."""

    executions: int
    findings: tuple[Finding, ...]
    lines: int = 0


def attempt(target: str, data: bytes) -> Finding | None:
    """Return what is wrong with a target for one input, or None."""
    try:
        with budget():
            TARGETS[target](data)
    except (Exception, Hang) as problem:  # noqa: BLE001 - every exception is a finding
        return Finding(target, data, f"{type(problem).__name__}: {str(problem)[:400]}")
    return None


def by_seed(target: str, seed: int, until: float, most: int) -> Run:
    """Run generated, existing and changed inputs; the same seed chooses the same ones."""
    chance = Random(f"{target} {seed}")
    findings: dict[str, Finding] = {}
    done = 0
    while done < most and time.monotonic() < until:
        _keep(findings, attempt(target, seeded(target, chance)))
        done += 1
    return Run(done, tuple(findings.values()))


def by_program(target: str, seed: int, until: float, most: int) -> Run:
    """Run what is valid: programs without a syntax error in any layout, or what the model generates."""
    chance = Random(f"{target} {seed} programs")
    findings: dict[str, Finding] = {}
    done = 0
    while done < most and time.monotonic() < until:
        data = program(chance) if target in _READ_INTENTS else generated(target, chance)
        _keep(findings, attempt(target, data))
        done += 1
    return Run(done, tuple(findings.values()))


def by_hypothesis(target: str, seed: int, until: float, most: int) -> Run:
    """Run texts and structured inputs of hypothesis, in rounds of 200; what fails is made small."""
    pieces = sorted({line for data in files(target) for line in data.splitlines(keepends=True)})
    lines = strategies.lists(strategies.sampled_from(pieces), max_size=12).map(b"".join)
    texts = strategies.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    mixed = strategies.lists(strategies.sampled_from(pieces) | texts, max_size=12).map(b"".join)
    inputs = lines | mixed | texts | strategies.binary(max_size=60)
    findings: dict[str, Finding] = {}
    done = 0

    def once(data: bytes) -> None:
        nonlocal done
        done += 1
        found = attempt(target, data)
        if found is not None:
            findings[_kind(found)] = found
            raise AssertionError(found.problem)

    rounds = 0
    while done < most and time.monotonic() < until and not findings:
        shape = settings(
            max_examples=min(200, most - done),
            deadline=None,
            database=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        try:
            seeded_by(seed * 1_000_003 + rounds)(shape(given(inputs)(once)))()
        except AssertionError:
            break
        rounds += 1
    return Run(done, tuple(findings.values()))


def by_coverage(target: str, seed: int, until: float, most: int) -> Run:
    """Change inputs that reached new lines of the program, as `sys.settrace` sees them."""
    chance = Random(f"{target} {seed} bytes")
    known = list(files(target))
    queue = chance.sample(known, min(20, len(known)))
    seen: set[tuple[str, int]] = set()
    findings: dict[str, Finding] = {}
    done = 0
    while done < most and time.monotonic() < until:
        first = done < len(queue)
        data = queue[done] if first else changed(chance.choice(queue), tuple(known), chance)
        before = len(seen)
        _keep(findings, _traced(target, data, seen))
        if len(seen) > before and not first:
            queue.append(data)
        done += 1
    return Run(done, tuple(findings.values()), len(seen))


def _traced(target: str, data: bytes, seen: set[tuple[str, int]]) -> Finding | None:
    def lines(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return lines

    def calls(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        return lines if "/intentc/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(calls)
    try:
        return attempt(target, data)
    finally:
        sys.settrace(before)


def _keep(findings: dict[str, Finding], found: Finding | None) -> None:
    if found is not None:
        kind = _kind(found)
        if kind not in findings or len(found.data) < len(findings[kind].data):
            findings[kind] = found


def _kind(found: Finding) -> str:
    return found.problem[:60]


ENGINES: dict[str, Callable[[str, int, float, int], Run]] = {
    "seeded": by_seed,
    "hypothesis": by_hypothesis,
    "bytes": by_coverage,
    "programs": by_program,
}
