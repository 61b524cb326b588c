"""The command line: the only part that reads files, writes them and speaks."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command that the arguments name, and exit with its code.

    What needs no command framework is answered before one is imported: most runs in a pipeline ask little.
    """
    if sys.argv[1:] == ["--version"]:
        from intentc import __version__

        sys.stdout.write(f"intentc {__version__}\n")
        return
    # Trees, policies and proofs have no cycles: reference counts free them, and searching them for cycles
    # would take as long as making them.
    gc.disable()
    from intentc.cli.app import run

    run()
