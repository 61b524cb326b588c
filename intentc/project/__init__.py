"""The text of `intentc.yaml` becomes a project."""

from __future__ import annotations

from importlib.resources import files

from intentc.diagnostics import Diagnostic, has_errors, in_order
from intentc.profile import Project
from intentc.source import SourceFile

__all__ = ["load", "schema_text"]


def schema_text() -> str:
    """Return the JSON Schema of `intentc.yaml` (draft 2020-12), as shipped."""
    return files(__name__).joinpath("schema.json").read_text("utf-8")


def load(source: SourceFile) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the project that `source` describes, and everything that is wrong with it.

    The schema says which keys and types are legal, then the facts are compared with one another. With an
    error the project is not to be used.
    """
    from intentc.project.build import build
    from intentc.project.facts import contradictions
    from intentc.project.reader import read
    from intentc.project.structure import violations

    root, diagnostics = read(source)
    if root is None or has_errors(diagnostics):
        return Project(declared=True), diagnostics
    found = in_order(violations(root, schema_text()))
    if has_errors(found):
        return Project(declared=True), found
    wrong = in_order(contradictions(root))
    if has_errors(wrong):
        return Project(declared=True), wrong
    return build(root), ()
