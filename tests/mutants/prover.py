"""Try one change of the prover: its tests, in a process of its own, notice it or do not."""

from __future__ import annotations

import ast
import os
import signal
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Literal

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "intentc" / "prove"
SECONDS = 240

QUICK = (
    *("sets", "wide", "own_output", "faults", "faults_between_nodes", "intended", "clusterwide", "module"),
    *("ranges", "readers", "asserts", "words", "files"),
)
"""The tests that judge a change, the quickest first; what a proof costs is no question here."""
SLOW = ("tests/test_prove_meaning.py", "tests/test_networkpolicy_rules.py")
"""What the quick ones let live is judged by these."""
OPTIONS = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", "-k")
NO_CLOCKS = "not takes_a_quarter and not grows_with"
Verdict = Literal["stopped", "survived", "hung"]


def modules() -> tuple[str, ...]:
    """Return the paths of the prover's modules."""
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in FOLDER.rglob("*.py")))


def attempt(module_name: str, tree: ast.Module) -> Verdict:
    """Return what the tests of the prover say of a module changed to `tree`; this process is not touched.

    Nothing here may have imported the prover before.
    """
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.alarm(SECONDS)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
        sys.meta_path.insert(0, _Finder(module_name, tree))
        quick = [str(ROOT / f"tests/test_prove_{name}.py") for name in QUICK]
        slow = [str(ROOT / path) for path in SLOW]
        os._exit(int(any(pytest.main([*OPTIONS, NO_CLOCKS, *files]) for files in (quick, slow))))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "hung"
    return "survived" if os.WEXITSTATUS(status) == 0 else "stopped"


class _Finder(MetaPathFinder):
    """Give one module its changed source when it is imported."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.tree = tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.origin:
            spec.loader = _Loader(fullname, spec.origin, self.tree)
        return spec


class _Loader(SourceFileLoader):
    """Compile a tree in place of a file."""

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self.tree = tree

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self.tree, self.path, "exec")
