"""Intents become what is applied: NetworkPolicies and firewall rules, also with one rule of them left out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from intentc.compiler import ClusterResult, Options, compile_files
from intentc.diagnostics import Diagnostic, has_errors
from tests.e2e import firewall
from tests.e2e.world import project

Document = tuple[str, str, bytes]


@dataclass(frozen=True)
class Built:
    """What a build wrote, ready to apply, and what it said."""

    documents: tuple[Document, ...]
    rules: tuple[firewall.Rule, ...]
    diagnostics: tuple[Diagnostic, ...]
    cluster: ClusterResult


def build(intents: str, *, masquerade: tuple[str, ...] | None, mode: str = "explicit") -> Built:
    """Compile intents for the cluster; raise AssertionError when they do not compile."""
    files = {
        "intentc.yaml": project(masquerade=masquerade, mode=mode).encode(),
        "a.intent": intents.encode() + b"\n",
    }
    result = compile_files(files, Options())
    assert not has_errors(result.diagnostics), [item.message for item in result.diagnostics]
    (cluster,) = result.clusters
    documents: list[Document] = []
    module: dict[str, bytes] = {}
    for artifact in cluster.artifacts:
        *_, folder, name = artifact.path.split("/")
        if folder == "kubernetes":
            documents += split(artifact.content)
        elif folder == "terraform":
            module[name] = artifact.content
    rules = tuple(firewall.read(module)) if module else ()
    return Built(tuple(documents), rules, result.diagnostics, cluster)


def split(content: bytes) -> Iterator[Document]:
    """Yield the documents of an emitted file, each with its namespace and name, byte for byte."""
    _, *documents = content.split(b"\n---\n")
    for text in documents:
        metadata = yaml.safe_load(text)["metadata"]
        yield metadata["namespace"], metadata["name"], text


def without_one(built: Built) -> Iterator[tuple[str, Built]]:
    """Yield what was built with one thing it admits left out, each in turn, and what that is.

    In policies that is one peer or one port of a rule, in the firewall one source or one port.
    """
    for place, (namespace, name, text) in enumerate(built.documents):
        content = yaml.safe_load(text)
        for path in _parts(content["spec"]):
            changed = copy.deepcopy(content)
            what = _leave_out(changed["spec"], path)
            document = (namespace, name, json.dumps(changed).encode())
            rest = (*built.documents[:place], document, *built.documents[place + 1 :])
            yield f"{name}: {what}", replace(built, documents=rest)
    for place, rule in enumerate(built.rules):
        others = built.rules[:place] + built.rules[place + 1 :]
        for source in rule.sources:
            left = tuple(other for other in rule.sources if other != source)
            rules = (*others, rule._replace(sources=left)) if left else others
            yield f"firewall {rule.name}: {rule.protocol} from {source}", replace(built, rules=rules)
        for port in rule.ports:
            left = tuple(other for other in rule.ports if other != port)
            rules = (*others, rule._replace(ports=left)) if left else others
            yield f"firewall {rule.name}: {rule.protocol} {port}", replace(built, rules=rules)


def _parts(spec: dict[str, Any]) -> Iterator[tuple[str, int, str, int]]:
    for direction, key in (("egress", "to"), ("ingress", "from")):
        for number, rule in enumerate(spec.get(direction, ())):
            for field in (key, "ports"):
                for position in range(len(rule[field])):
                    yield direction, number, field, position


def _leave_out(spec: dict[str, Any], path: tuple[str, int, str, int]) -> str:
    """Take a part out of a spec; a rule that would mean everybody goes as a whole. Return what went."""
    direction, number, field, position = path
    rule = spec[direction][number]
    gone = rule[field].pop(position)
    if not rule[field]:
        spec[direction].pop(number)
    if not spec[direction]:
        del spec[direction]
    return f"{direction}[{number}].{field}[{position}] {json.dumps(gone)}"
