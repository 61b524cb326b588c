"""The model reads YAML and HCL with readers of its own: they agree with real parsers and refuse the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from tests.model import harness, wording
from tests.model.artifacts import resources, tree
from tests.model.programs import any_program
from tests.tools.hcl import parse_hcl


def documents(seeds: range) -> Iterator[str]:
    for seed in seeds:
        for path, data in harness.compiled(wording.files(any_program(seed))).items():
            if path.endswith(".yaml"):
                yield from re.split(r"^---\n", data.decode(), flags=re.MULTILINE)[1:]


def test_the_yaml_reader_agrees_with_pyyaml() -> None:
    texts = set(documents(range(150)))
    for text in texts:
        assert tree(text.rstrip("\n"), 0) == yaml.load(text, yaml.CSafeLoader)
    assert len(texts) > 1_000


ONE_DOCUMENT = """spec:
  podSelector: {}
  egress:
    - ports:
        - protocol: "TCP"
          port: 53
    - "a \\"b\\" - c: d"
  empty:
  "a/b": "\\u00e9\\n"
"""


def test_the_yaml_reader_reads_what_is_written() -> None:
    rules = [{"ports": [{"protocol": "TCP", "port": 53}]}, 'a "b" - c: d']
    assert tree(ONE_DOCUMENT.rstrip(), 0) == {
        "spec": {"podSelector": {}, "egress": rules, "empty": None, "a/b": "é\n"}
    }


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"TCP"', "TCP"),
        ("port: 53", "port: 053"),
        ("port: 53", "protocol: 53"),
        ("port: 53", "port: [53]"),
        ("port: 53", " port: 53"),
        ("    - ports", "  - ports"),
        ("          port", "     port"),
        ("  egress", "# egress"),
        ("{}", "&all {}"),
    ],
)
def test_the_yaml_reader_refuses_anything_else(right: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"not (an entry|indented)|twice"):
        tree(ONE_DOCUMENT.replace(right, wrong).rstrip(), 0)


def test_the_hcl_reader_reads_what_is_written() -> None:
    text = """# a comment
    resource "google_compute_firewall" "a" {
      name          = "a-\\\"b\\\" $${c}"
      priority      = 1000
      disabled      = false
      source_ranges = var.pod_cidrs
      target_tags   = [
        "x",
        "y",
      ]
      allow {
        protocol = "tcp"
        ports    = ["80", "90-99"]
      }
      allow { protocol = "udp" }
    }
    """
    assert resources(text, {"var.pod_cidrs": ["10.0.0.0/8"]}) == [
        {
            "name": 'a-"b" ${c}',
            "priority": 1000,
            "disabled": False,
            "source_ranges": ["10.0.0.0/8"],
            "target_tags": ["x", "y"],
            "allow": [{"protocol": "tcp", "ports": ["80", "90-99"]}, {"protocol": "udp"}],
        }
    ]


@pytest.mark.parametrize(
    "inside",
    [
        'name = "${var.x}"',
        'name = "%{if true}"',
        'name = "a"\n name = "b"',
        "name = <<EOT",
        "count = var.unknown",
        "allow = }",
        r'name = "\q"',
    ],
)
def test_the_hcl_reader_refuses_anything_else(inside: str) -> None:
    with pytest.raises((ValueError, KeyError, IndexError)):
        resources(f'resource "google_compute_firewall" "a" {{\n{inside}\n}}')


def test_the_hcl_reader_agrees_with_the_real_parser() -> None:
    seen = 0
    for seed in range(60):
        program = replace(any_program(seed), look=None)
        for path, data in harness.compiled(wording.files(program)).items():
            if path.endswith("firewall.tf"):
                blocks = parse_hcl(data.decode()).get("resource", {}).get("google_compute_firewall", {})
                assert resources(data.decode()) == [rule for rules in blocks.values() for rule in rules]
                seen += len(blocks)
    assert seen > 60
