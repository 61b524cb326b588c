"""Read the files that ship inside the package: the grammar, the templates."""

from __future__ import annotations

from importlib import import_module


def folder(package: str) -> str:
    """Return where a package lies on disk."""
    place: str = import_module(package).__path__[0]
    return place


def read_text(package: str, name: str) -> str:
    """Return a file of a package, named by its path below it with `/`.

    The package is always a folder on disk, so that the machinery for archives need not be loaded.
    """
    with open(f"{folder(package)}/{name}", encoding="utf-8") as file:
        return file.read()
