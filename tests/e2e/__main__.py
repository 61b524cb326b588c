"""Run the real parts: `./dev e2e [api|packets ...] [--short]`; without names, all of them."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from types import ModuleType

from tests.e2e import sandbox
from tests.e2e.failure import Missing

PARTS = {
    "api": "the API server takes every emitted policy, and refuses what we say it refuses",
    "packets": "packets between pods go where the intents say, and nowhere else",
    "probe": "the kit of `intentc probe` passes where the intents are kept, and fails where they are not",
    "terraform": "OpenTofu and Google's provider plan exactly the rules of every emitted module",
    "gitops": "Argo CD's plugin server and kubectl kustomize give back exactly the policies of a build",
}
"""Each part is the module `tests.e2e.NAME` with `run(*, short: bool) -> list[str]`: what is wrong, by lines.

It may have `prepare() -> None`, which fetches or builds what it needs, and `SANDBOXED = True`: then `run` is
called in namespaces of its own, without a network. Both raise `Missing` for what is not there: it fails.
"""


def run_part(name: str, part: ModuleType, *, short: bool, inside: bool) -> bool:
    """Run one part, say what is wrong, and return whether something is."""
    found: list[str] = []
    try:
        if inside:
            sandbox.furnish()
        elif hasattr(part, "prepare"):
            part.prepare()
        if getattr(part, "SANDBOXED", False) and not inside:
            return sandbox.run(name, short=short)
        found = part.run(short=short)
    except Missing as missing:
        found = [f"missing: {missing}"]
    for line in found:
        say(f"  {line}")
    return bool(found)


def say(line: str) -> None:
    """Print a line at once: a part takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Run the parts that are asked for, say how long each took, and return 1 when something was wrong."""
    parser = argparse.ArgumentParser(
        prog="./dev e2e",
        description="Hold what the compiler writes against the real parts that read it.",
        epilog="parts:\n" + "\n".join(f"  {name:10} {what}" for name, what in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="which parts; all of them when none is named"
    )
    parser.add_argument("--short", action="store_true", help="the form of continuous integration")
    parser.add_argument(sandbox.INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"no part `{unknown[0]}`; there are {', '.join(PARTS)}")
    results, failures = [], 0
    for name in options.parts or PARTS:
        part = importlib.import_module(f"tests.e2e.{name}")
        if options.inside:
            return int(run_part(name, part, short=options.short, inside=True))
        say(f"--- e2e {name}: {PARTS[name]}")
        start = time.monotonic()
        failed = run_part(name, part, short=options.short, inside=False)
        results.append(f"{name} {'FAILED' if failed else 'ok'} {time.monotonic() - start:.1f} s")
        failures += failed
    say(f"e2e: {', '.join(results)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
