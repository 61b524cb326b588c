"""A part runs in namespaces of its own (network, mounts, processes), which vanish when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.failure import Missing

INSIDE = "--inside"
"""The flag of a run that is already in its namespaces."""

SCRATCH = "/run"
"""Where a part keeps what it needs for a while: it vanishes with the part."""

ROOT = Path(__file__).parents[2]


def unshare() -> list[str]:
    """Return the command that runs another in new namespaces; without root, in a user namespace as well."""
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    return command if os.geteuid() == 0 else [*command, "--map-root-user"]


def run(part: str, *, short: bool) -> bool:
    """Run a part in new namespaces, and return whether something was wrong; its output is passed on."""
    trial = subprocess.run([*unshare(), "true"], check=False, capture_output=True, text=True)
    if trial.returncode:
        raise Missing(f"namespaces: run as root or allow user namespaces ({trial.stderr.strip()})")
    command = [*unshare(), sys.executable, "-m", "tests.e2e", part, INSIDE, *(["--short"] if short else [])]
    running = subprocess.Popen(command, cwd=ROOT)
    # `unshare` does not listen to SIGTERM; killed, it takes along all that it started.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))
    try:
        return running.wait() != 0
    finally:
        running.kill()


def furnish() -> None:
    """Give the namespaces a loopback device and a place for names of network namespaces."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", SCRATCH], check=True)
    Path("/run/netns").mkdir()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
