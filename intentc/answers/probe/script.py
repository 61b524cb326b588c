"""Checks become a script that runs `kubectl`, one paragraph a check."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from intentc import ir
from intentc.answers.probe.checks import Check, single_address
from intentc.answers.rendering import environment
from intentc.wording import namespaces_text, selector_text


def script(cluster: str, checks: Iterable[Check], image: str) -> str:
    """Return the script; every text of a user in it is quoted for the shell."""
    shown = [
        {"verdict": check.verdict, "place": check.place, "said": check.said, "options": _options(check)}
        for check in checks
    ]
    return environment().get_template("probe/probe.sh.j2").render(cluster=cluster, checks=shown, image=image)


def _options(check: Check) -> str:
    words = [*_source(check.source), *_target(check.target)]
    words += ["--port", check.port.name or str(check.port.first), check.port.protocol.lower()]
    if check.path.kind in ("nodeport", "hostport"):
        words += [f"--{check.path.kind}", str(check.path.number)]
        words += ["--local"] if check.path.local else []
    elif check.path.kind == "hostnetwork":
        words.append("--hostnetwork")
    if check.seen:
        words += ["--seen", check.seen]
    return shlex.join(words)


def _source(end: ir.Endpoint) -> list[str]:
    return (
        ["--from", namespaces_text(end.namespaces), selector_text(end.pods)]
        if isinstance(end, ir.Pods)
        else ["--from-node"]
    )


def _target(end: ir.Endpoint) -> list[str]:
    if isinstance(end, ir.Pods):
        return ["--to", namespaces_text(end.namespaces), selector_text(end.pods)]
    return ["--to-node"] if end.word == "nodes" else ["--to-address", single_address(end) or ""]
