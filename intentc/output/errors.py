"""What stops the write stage: one exception that carries a diagnostic and an exit code."""

from __future__ import annotations

import os

from intentc.diagnostics import Diagnostic, error

Obstacles = tuple[tuple[str, str], ...]

BUSY = "E503"

_SHOWN = 20


class OutputError(Exception):
    """Say why nothing was written, and where.

    `path` is what could not be read or written, `exit_code` what the program ends with: 3 when the result
    itself is empty or has shrunk (E52x), 5 for everything else.
    """

    def __init__(self, diagnostic: Diagnostic, path: str) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.path = path

    @property
    def exit_code(self) -> int:
        """Return the exit code of the program."""
        return 3 if self.diagnostic.code >= "E520" else 5


class RefusedError(OutputError):
    """Name the files that `--force` would put aside: `obstacles` pairs each path with what it is."""

    def __init__(self, diagnostic: Diagnostic, path: str, obstacles: Obstacles) -> None:
        super().__init__(diagnostic, path)
        self.obstacles = obstacles


def failed(action: str, path: str, cause: OSError) -> OutputError:
    """Return the error for a call of the operating system that failed while doing `action` to `path`."""
    reason = os.strerror(cause.errno) if cause.errno else str(cause)
    message = f"cannot {action} `{path}`: {reason[:1].lower()}{reason[1:]}"
    return OutputError(error("E501", message), path)


def immovable(path: str) -> OutputError:
    """Return the error for a directory that the operating system does not let anyone rename."""
    message = f"`{path}` cannot be exchanged: it is a mount point or belongs to a layer of a container image"
    help_text = f"name a directory inside it, such as `{path}/generated`"
    return OutputError(error("E501", message, help=help_text), path)


def wrong_kind(path: str, what: str, wanted: str) -> OutputError:
    """Return the error for a path that must be `wanted` and is `what`, such as `a symbolic link`."""
    help_text = "symbolic links are not followed: name what it leads to" if "link" in what else ()
    return OutputError(error("E502", f"`{path}` is {what}, not {wanted}", help=help_text), path)


def busy(path: str, holder: str, seconds: float) -> OutputError:
    """Return the error for a directory that another build did not let go of in time."""
    message = f"`{path}` has been locked by {holder} for more than {seconds:g} seconds"
    return OutputError(error(BUSY, message), path)


def refused(path: str, obstacles: Obstacles) -> RefusedError:
    """Return the error for files that are not ours to replace or remove."""
    count = f"{len(obstacles)} files that were" if len(obstacles) > 1 else "a file that was"
    listed = [f"`{name}`: {what}" for name, what in obstacles[:_SHOWN]]
    if len(obstacles) > _SHOWN:
        listed.append(f"and {len(obstacles) - _SHOWN} more")
    advice = "`--force` replaces changed files and leaves files of others in place unless they are in the way"
    message = f"`{path}` holds {count} not written by this program or changed since"
    return RefusedError(error("E504", message, help=(*listed, advice)), path, obstacles)


def not_ours(path: str) -> OutputError:
    """Return the error for a directory with files and without a manifest."""
    message = f"`{path}` is not empty and has no manifest, so it is not an output directory"
    return OutputError(
        error("E505", message, help="name an empty directory or one that does not exist"), path
    )


def illegal_name(path: str, reason: str) -> OutputError:
    """Return the error for an artifact whose name cannot become a file name."""
    return OutputError(error("E506", f"the output file name {_quoted(path)} {reason}"), path)


def empty(path: str, cluster: str, before: int) -> OutputError:
    """Return the error for a result without a single policy, of one cluster or of all."""
    if cluster:
        message = f"no policy is left for cluster `{cluster}`, where `{path}` has {before}"
    else:
        message = f"there is no policy to write to `{path}`"
    return OutputError(error("E520", message, help="`--allow-empty` writes it all the same"), path)


def shrunken(path: str, before: int, after: int) -> OutputError:
    """Return the error for a result that has lost more than one policy in twenty."""
    message = f"{after} policies would replace the {before} policies of `{path}`"
    advice = "fewer than 95 in 100 are left; `--allow-shrink` writes them all the same"
    return OutputError(error("E521", message, help=advice), path)


def _quoted(path: str) -> str:
    return f"`{path}`" if len(path) <= 80 else f"`{path[:77]}...`"
