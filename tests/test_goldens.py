"""Every emitted file that is committed passes the rules of its platform, whatever made it."""

from __future__ import annotations

from pathlib import Path

import yaml

from intentc.prove.admission import refusals
from tests.tools.hcl import fmt_check, parse_hcl

ROOT = Path(__file__).parent.parent
FOLDERS = (ROOT / "tests" / "cases", ROOT / "examples")


def emitted(layer: str, suffix: str) -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted(folder.rglob(f"*/{layer}/*{suffix}"))]
    assert found
    return found


def test_every_policy_is_one_the_api_server_admits() -> None:
    seen = 0
    for path in emitted("kubernetes", ".yaml"):
        if path.name.endswith(".clusterwide.yaml"):
            continue  # of Cilium's own kind, whose form tests/test_prove_clusterwide.py asks for
        for document in yaml.load_all(path.read_text("utf-8"), Loader=yaml.CSafeLoader):
            assert refusals(document) == (), path
            seen += 1
    assert seen > 20


def test_every_module_is_formatted_as_terraform_does() -> None:
    assert fmt_check(emitted("terraform", ".tf")) == []


def test_every_module_is_hcl() -> None:
    for path in emitted("terraform", ".tf"):
        assert isinstance(parse_hcl(path.read_text("utf-8"), str(path)), dict)
