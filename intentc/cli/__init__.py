"""The command line: the only part that reads files, writes them and speaks."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command that the arguments name, and exit with its code.

    A fault of intentc itself ends in one line and exit code 70.
    """
    # Trees, policies and proofs have no cycles: reference counts free them, and searching them for cycles
    # would take as long as making them.
    gc.disable()
    try:
        _run(sys.argv[1:])
    except BrokenPipeError:
        # The reader of a pipe has left; there is nobody to tell.
        sys.stderr.close()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as fault:
        import os
        import traceback
        from pathlib import PurePath

        if os.environ.get("INTENTC_DEBUG"):
            raise
        where = traceback.extract_tb(fault.__traceback__)[-1]
        place = f"{PurePath(where.filename).name}:{where.lineno}"
        sys.stderr.write(
            f"intentc: internal fault ({type(fault).__name__} at {place}); nothing was written\n"
            "  = help: this is a fault of intentc: report it with the intents that lead to it "
            "(INTENTC_DEBUG=1 shows more)\n"
        )
        raise SystemExit(70) from None


def _run(arguments: list[str]) -> None:
    """Answer what needs no command framework before one is imported: most runs in a pipeline ask little."""
    if arguments == ["--version"]:
        from intentc import __version__

        sys.stdout.write(f"intentc {__version__}\n")
    elif arguments[:1] == ["build"] and len(arguments) <= 2 and not "".join(arguments[1:]).startswith("-"):
        from intentc.cli.receipt import current

        said = current(*arguments[1:] or ["."])
        if said is not None:
            sys.stderr.write(said)
            return
        from pathlib import Path

        from intentc.cli.building import Request, build
        from intentc.cli.console import Asked

        raise SystemExit(build(Request(Asked(Path(*arguments[1:])))))
    else:
        from intentc.cli.app import app

        app(arguments)
