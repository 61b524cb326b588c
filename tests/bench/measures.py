"""What is measured, against what, and which ratio is too much."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.pairs import Ratio, compare, run, summary
from tests.bench.shapes import SHAPES, write

HERE = Path(__file__).resolve().parent
NOTHING = [sys.executable, "-c", "pass"]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: `unit` says what the ratio is to."""

    name: str
    unit: str
    ratio: Ratio
    bound: float
    aim: float

    @property
    def holds(self) -> bool:
        """Tell whether the median is within its bound."""
        return self.ratio.median <= self.bound


@dataclass(slots=True)
class Bench:
    """Make projects in a folder of its own, and measure builds of them."""

    folder: Path
    rounds: int
    clock: str
    sizes: tuple[int, ...]

    def results(self) -> Iterator[Result]:
        """Yield every line of the table as soon as it is measured."""
        yield self._against_nothing("--version", [*INTENTC, "--version"], 6, 1.5)
        if 10 in self.sizes:
            project = self.project("random", 10)
            yield self._against_nothing(
                "cold build, 10", build(project), 9, 3, lambda: self._aside(project / "generated")
            )
        if 1_000 in self.sizes:
            project = self.project("random", 1_000)
            run(build(project), self.clock)
            yield self._against_nothing("no-op, 1,000", build(project), 6, 1.5)
            yield self._against_script(1_000, 2.0, 0.8)
            yield from self._proof(1_000)
        if 10_000 in self.sizes:
            yield self._against_script(10_000, 1.5, 0.6)
            yield self._against_copy(10_000, 25, 8)
            yield self._one_line(10_000, 1 / 5, 1 / 20)
            yield from self._proof(10_000)
        if 100_000 in self.sizes:
            yield self._against_script(100_000, 1.5, 0.5)
            yield from self._proof(100_000)
            yield from self._growth(10_000, 100_000)
            yield self._memory(100_000)
        if 1_000_000 in self.sizes:
            yield self._million()

    def project(self, shape: str, count: int) -> Path:
        """Return a project, written when it is first asked for."""
        folder = self.folder / f"{shape}-{count}"
        return folder if folder.is_dir() else write(folder, shape, count)

    def _aside(self, folder: Path) -> None:
        """Move what a run has written out of the way of the next, which is to start without it.

        Removed, it would slow the next one down: ext4 passes over files that were removed a moment ago, one
        by one, for each file that is made.
        """
        if folder.exists():
            folder.rename(Path(tempfile.mkdtemp(dir=self.folder)) / folder.name)

    def _rounds(self, count: int) -> int:
        """Return how many pairs a size is worth: a build of 100,000 takes as long as a hundred of 1,000."""
        return max(3, self.rounds * 1_000 // max(count, 1_000)) if count > 10_000 else self.rounds

    def _against_nothing(
        self,
        name: str,
        command: list[str],
        bound: float,
        aim: float,
        before: Callable[[], None] = lambda: None,
    ) -> Result:
        ratio = compare(command, NOTHING, rounds=self.rounds, clock=self.clock, before_ours=before)
        return Result(name, "the bare interpreter", ratio, bound, aim)

    def _against_script(self, count: int, bound: float, aim: float) -> Result:
        project, written = self.project("random", count), self.folder / f"handwritten-{count}"
        script = [sys.executable, str(HERE / "handwritten.py"), str(project), str(written)]
        ratio = compare(
            build(project),
            script,
            rounds=self._rounds(count),
            clock=self.clock,
            before_ours=lambda: self._aside(project / "generated"),
            before_theirs=lambda: self._aside(written),
        )
        return Result(f"cold build, {count:,}", "the hand-written script", ratio, bound, aim)

    def _against_copy(self, count: int, bound: float, aim: float) -> Result:
        project, copied = self.project("random", count), self.folder / "copied"
        command = ["cp", "-r", str(project / "generated"), str(copied)]
        ratio = compare(
            build(project),
            command,
            rounds=self.rounds,
            clock=self.clock,
            before_ours=lambda: self._aside(project / "generated"),
            before_theirs=lambda: self._aside(copied),
        )
        return Result(f"cold build, {count:,}", "copying the output", ratio, bound, aim)

    def _one_line(self, count: int, bound: float, aim: float) -> Result:
        """Change one line and build again, against a cold build of the same size."""
        changed = write(self.folder / "one-line", "random", count)
        cold = self.project("random", count)
        run(build(changed), self.clock)
        number = iter(range(10**6))

        def change() -> None:
            with (changed / "intents" / "program.intent").open("a") as file:
                file.write(f"team-1 -> team-2:{20000 + next(number)}\n")

        ratio = compare(
            build(changed),
            build(cold),
            rounds=self.rounds,
            clock=self.clock,
            before_ours=change,
            before_theirs=lambda: self._aside(cold / "generated"),
        )
        return Result(f"one-line change, {count:,}", "a cold build", ratio, bound, aim)

    def _proof(self, count: int) -> Iterator[Result]:
        """Compare the proof with the rest of the build, and with merely loading the same YAML."""
        project = self.project("random", count)
        run(build(project), self.clock)
        parts = [sys.executable, "-m", "tests.bench.proof", str(project)]
        shares = [float(text) for text in _output(parts, min(self.rounds, 5))]
        yield Result(f"proof, {count:,}", "the rest of the build", summary(shares), 1.5, 1.0)
        loads = [float(text) for text in _output([*parts, "--load"], max(2, self.rounds // 3))]
        yield Result(f"proof, {count:,}", "CSafeLoader reading the same files", summary(loads), 0.25, 0.25)

    def _growth(self, small: int, large: int) -> Iterator[Result]:
        for shape in SHAPES:
            one, ten = self.project(shape, small), self.project(shape, large)
            ratio = compare(
                build(ten),
                build(one),
                rounds=3,
                clock=self.clock,
                before_ours=lambda project=ten: self._aside(project / "generated"),  # type: ignore[misc] # bound at once
                before_theirs=lambda project=one: self._aside(project / "generated"),  # type: ignore[misc]
            )
            yield Result(f"{shape}: {small:,} to {large:,}", "the smaller build", ratio, 11, 10)

    def _memory(self, count: int) -> Result:
        project = self.project("random", count)
        ratios = []
        for _ in range(2):
            self._aside(project / "generated")
            ours, nothing = (run(command, self.clock).memory for command in (build(project), NOTHING))
            ratios.append((ours - nothing) / count)
        return Result(f"peak memory, {count:,}", "KiB an intent", summary(ratios), 3, 0.8)

    def _million(self) -> Result:
        """Build a million intents once; a build that fails has no memory to be measured."""
        project = self.project("random", 1_000_000)
        gib = run(build(project), self.clock).memory / 1024**2
        shutil.rmtree(project)
        return Result("1,000,000 intents", "GiB, all told", summary([gib]), 4, 1.5)


INTENTC = [sys.executable, "-m", "intentc"]


def build(project: Path) -> list[str]:
    """Return the command of a build."""
    return [*INTENTC, "build", str(project)]


def _output(command: list[str], count: int) -> list[str]:
    return [
        subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=HERE.parents[1]
        ).stdout.strip()
        for _ in range(count)
    ]


def bench(rounds: int, clock: str, sizes: tuple[int, ...]) -> Iterator[Result]:
    """Yield the lines of the table; everything is made below one temporary folder."""
    with tempfile.TemporaryDirectory(prefix="intentc-bench-") as folder:
        yield from Bench(Path(folder), rounds, clock, sizes).results()
