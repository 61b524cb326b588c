"""docs/profile.md names every key of the schema, and its example is a legal profile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intentc.project import load, schema_text
from intentc.source import SourceFile

PAGE = (Path(__file__).parent.parent / "docs" / "profile.md").read_text("utf-8")


def keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from keys(value)


@pytest.mark.parametrize("key", sorted(set(keys(json.loads(schema_text())))))
def test_key_is_explained(key: str) -> None:
    assert re.search(rf"\b{key}\b", PAGE.partition("## The project")[2])


def test_the_example_is_legal() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    project, diagnostics = load(SourceFile("intentc.yaml", example))
    assert diagnostics == ()
    assert [cluster.name for cluster in project.clusters] == ["prod"]


def test_the_defaults_are_those_of_the_schema() -> None:
    project, _ = load(SourceFile("intentc.yaml", "version: 1\nclusters: {c: }\n"))
    schema = json.loads(schema_text())
    (cluster,) = project.clusters
    facts = schema["$defs"]["cluster"]["properties"]
    assert cluster.dataplane == facts["dataplane"]["default"]
    assert cluster.routing == facts["routing"]["default"]
    assert cluster.dns.preset == facts["dns"]["default"]
    assert f"{cluster.node_port_range[0]}-{cluster.node_port_range[1]}" == facts["nodePortRange"]["default"]
    assert cluster.firewall.mode == facts["firewall"]["properties"]["mode"]["default"]
    assert cluster.firewall.priority == facts["firewall"]["properties"]["priority"]["default"]
    assert project.output == schema["properties"]["output"]["default"]
    assert list(project.intents) == schema["properties"]["intents"]["default"]
