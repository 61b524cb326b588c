"""The frames that ship beside the templates are what the templates say, and nothing older."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from intentc.backends import frames, rendering
from intentc.backends.rendering import render
from intentc.resources import read_text
from tests.frames.__main__ import FILE


def test_the_file_is_what_the_templates_say() -> None:
    command = [sys.executable, "-m", "tests.frames", "--print"]
    wanted = subprocess.run(command, cwd=FILE.parents[1], check=True, capture_output=True, text=True).stdout
    assert FILE.read_text() == wanted, "run `./dev frames`"


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget what is known of templates, before and after a test that changes one."""
    known = (rendering._shipped, frames._environment)
    for cache in known:
        cache.cache_clear()
    with patch.object(rendering, "_known", {}), patch.object(rendering, "_known_flat", {}):
        yield
    for cache in known:
        cache.cache_clear()


def test_a_template_that_has_changed_is_rendered_anew(fresh: None) -> None:
    del fresh

    def changed(package: str, name: str) -> str:
        text = read_text(package, name)
        return text.replace("- ipBlock", "- newBlock") if name.endswith("address_peer.yaml.j2") else text

    with patch.object(frames, "read_text", changed):
        assert "newBlock" in render("kubernetes/address_peer.yaml.j2", cidr="192.0.2.0/24", excepts=())


@pytest.mark.parametrize(
    "template",
    [
        "{% if value %}x{% endif %}",
        "{{ value == 'a' }}",
        "{{ value | length }}",
        "{{ value + 'a' }}",
        "{{ value.a }}",
    ],
)
def test_a_template_that_decides_by_a_value_fails(template: str, fresh: None) -> None:
    del fresh
    with (
        patch.object(frames, "read_text", lambda _package, _name: template),
        pytest.raises(Exception, match=r"decides|compares|no len|unsupported|no attribute"),
    ):
        render("other.j2", value="a")


def test_what_marks_a_hole_may_stand_in_a_text(fresh: None) -> None:
    del fresh
    with patch.object(frames, "read_text", lambda _package, _name: "100 % {{ value }} {{ value | yaml }}"):
        assert render("percent.j2", value="\0000\0 %s") == '100 % \0000\0 %s "\\u00000\\u0000 %s"'
