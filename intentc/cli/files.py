"""Replace a file of the user's in one step."""

from __future__ import annotations

from pathlib import Path

from intentc.cli.console import CLEAN, INPUT_OUTPUT, say


def replace_text(path: Path, text: str) -> int:
    """Give a file a new text and return the exit code; a killed run leaves the old text or the new one."""
    from tempfile import NamedTemporaryFile

    target = path.resolve()
    temporary: Path | None = None
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as problem:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        say(f"intentc: `{path}`: {problem.strerror}\n")
        return INPUT_OUTPUT
    say(f"changed {path}\n")
    return CLEAN
