"""Read the files that ship inside the package: the grammar, the templates."""

from __future__ import annotations

import os
from importlib import import_module


def read_text(package: str, name: str) -> str:
    """Return a file of a package, named by its path below it with `/`.

    The package is always a folder on disk, so that the machinery for archives need not be loaded.
    """
    with open(os.path.join(import_module(package).__path__[0], name), encoding="utf-8") as file:  # noqa: PTH123, PTH118 - pathlib takes longer to load than the file
        return file.read()
