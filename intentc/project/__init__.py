"""The text of `intentc.yaml` becomes a project."""

from __future__ import annotations

from importlib.resources import files

from intentc.diagnostics import Diagnostic, has_errors, in_order
from intentc.profile import Project
from intentc.project.reader import MAXIMUM_SIZE, MOST, read
from intentc.source import SourceFile

__all__ = ["load", "schema_text"]


def schema_text() -> str:
    """Return the JSON Schema of `intentc.yaml` (draft 2020-12), as shipped."""
    return files(__name__).joinpath("schema.json").read_text("utf-8")


def load(source: SourceFile, *, maximum_size: int = MAXIMUM_SIZE) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the project that `source` describes, and everything that is wrong with it.

    `source` is decoded text of at most `maximum_size` characters.
    The schema says which keys and types are legal, then the facts are compared with one another; each step
    goes as far as it can and passes over what an earlier one has complained of. With an error the project is
    not to be used.
    """
    from itertools import islice

    from intentc.project.build import build
    from intentc.project.facts import contradictions
    from intentc.project.structure import is_of_another_version, violations

    root, diagnostics = read(source, maximum_size=maximum_size)
    found = list(diagnostics)
    if root is not None:
        found.extend(islice(violations(root, schema_text()), MOST))
        if not is_of_another_version(root):
            doubtful = frozenset(item.span.start for item in found if item.span)
            found.extend(islice(contradictions(root, doubtful), MOST))
    if root is None or has_errors(found):
        return Project(declared=True), in_order(found)
    return build(root), in_order(found)
