"""The programs that judge packages and workflows: installed as they are locked, outside of the tree."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e import programs
from tests.tools import development


def python_programs() -> Path:
    """Return where the packages of requirements/audit.lock are, installed by the first to ask.

    They stay out of the environment of the tests, whose packages they must not decide. Raises the Failure of
    `./dev` when they cannot be installed.
    """
    dev = development.load()
    lock = dev.REQUIREMENTS / "audit.lock"
    kept: Path = dev.tools_directory().parent / f"audit-{dev.digest(lock, str(sys.version_info[:2]))[:16]}"
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=kept.parent))
        dev.install_locked(lock, "--target", str(fresh))
        with contextlib.suppress(OSError):  # another run was faster
            fresh.rename(kept)
        shutil.rmtree(fresh, ignore_errors=True)
    return kept


def go_program(name: str) -> Path:
    """Return a program of tests/e2e/tools/judges, built by the first to ask; raise Missing when it fails."""
    programs.prepare([name])
    return programs.built(name)


def execute(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return all that it said; its exit code is an answer, too."""
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, check=False, capture_output=True, text=True
    )
