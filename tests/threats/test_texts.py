"""Whatever a user writes comes out as that text, in every format, or not at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

from intentc.answers.graph.page import page
from intentc.answers.graph.picture import picture
from intentc.compiler import Options, Result, compile_files, compile_texts
from tests.readback import CLUSTER
from tests.tools.development import ROOT
from tests.tools.hcl import parse_hcl

PLACES = ("{} -> b:80", "a -> {}:80", "a[{}=x] -> b:80", "a[x={}] -> b:80", "isolate {}")
MARKS = (
    "\"'$%&~`^|\\;<>?+ \t,:={}()\n\r\0\x1b\x85\u2028\u2029\u202e\ufeff"
    "\xe4\u0430\u0663\uff18\u212a\xa0\u200b\u2060\u3000"
)
PAYLOADS = ("a: b", 'a"\n  x: "b', "${file(1)}", "{{7*7}}", "a]b", "-a", "a-", "../a", "a\n---\nkind: Secret")


def names() -> Iterator[str]:
    """Yield texts that are no name in any place."""
    for mark in MARKS:
        if mark not in " \t,:={}()\n":  # marks of the language: what stands around them may be legal
            yield from (f"a{mark}b", f"a{mark}", f"{mark}a")
    yield from PAYLOADS


def test_threat_01_what_is_no_name_is_an_error_in_every_place() -> None:
    tried = 0
    for name in names():
        for place in PLACES:
            if name == "../a" and "[" in place:
                continue
            result = compile_texts({"a.intent": f"# a mark may begin a file\n{place.format(name)}"})
            assert any(item.severity == "error" for item in result.diagnostics), place.format(name)
            assert result.artifacts == ()
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("mark", ["\r", "\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c"])
@pytest.mark.parametrize("place", ['a -> b:80 because "x{}y: z"', "a -> b:80 # x{}y: z", "a -> b{}:80 y: z"])
def test_threat_02_no_text_holds_the_end_of_a_line(mark: str, place: str) -> None:
    text = place.format(mark)
    result = compile_texts({"a.intent": text})
    errors = [item for item in result.diagnostics if item.severity == "error"]
    assert result.artifacts == ()
    if mark != "\n":
        spans = [item.span for item in errors if item.span]
        assert text.index(mark) in [span.start for span in spans]


CONFUSED = [
    "y",
    "no",
    "on",
    "1e3",
    "12e03",
    "7e10",
    "0o14",
    "08",
    "0x1f",
    "null",
    "true",
    "1",
    "0b1",
    "2001-01-01",
]


@pytest.mark.parametrize("name", CONFUSED)
def test_threat_03_a_name_that_yaml_misreads_stays_a_text(name: str) -> None:
    result = compile_texts({"a.intent": f"{name}[{name}={name}] -> b[app={name}]:80"})
    documents = [*policies(result)]
    assert {type(value) for document in documents for value in scalars(document)} <= {str, int}
    assert any(document["metadata"]["namespace"] == name for document in documents)
    assert any(document["spec"]["podSelector"] == {"matchLabels": {name: name}} for document in documents)


INTERPOLATED = [
    '${file("/etc/passwd")}',
    "%{ if true }x%{ endif }",
    "$${x}",
    "%%{x}",
    "<<EOT",
    "$$${a}",
    "${",
    "\\",
]


@pytest.mark.parametrize("text", INTERPOLATED)
def test_threat_04_terraform_evaluates_no_text(text: str) -> None:
    result = said(text)
    found = 0
    for item in result.artifacts:
        if item.path.endswith("/firewall.tf"):
            source = item.content.decode()
            assert "<<" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", source)
            for (rule,) in parse_hcl(source)["resource"]["google_compute_firewall"].values():
                # The parser shows a template as it is written.
                written = rule["description"]
                assert not re.search(r"[$%]\{", written.replace("$${", "").replace("%%{", ""))
                found += text in written.replace("$${", "${").replace("%%{", "%{")
    assert found


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "{% raw %}", "{# x #}", "%s %d %(a)s", "{0} {x}", "{{ self.__init__ }}"]
)
def test_threat_05_templates_evaluate_no_text(text: str) -> None:
    annotations = [document["metadata"]["annotations"] for document in policies(said(text))]
    assert annotations
    assert all(found["intentc.io/because"] == text for found in annotations if "intentc.io/because" in found)
    assert any("intentc.io/because" in found for found in annotations)


FORBIDDEN = {
    "from_string",
    "eval",
    "exec",
    "compile_expression",
    "loads_pickle",
    "__import__",
    "system",
    "popen",
}


def test_threat_05_no_code_is_made_of_text() -> None:
    for path in (ROOT / "intentc").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                assert name not in FORBIDDEN, f"{path}:{node.lineno}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
                assert not modules & {"pickle", "marshal", "shelve", "code"}, f"{path}:{node.lineno}"


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fixed = tuple(pair for pair in attrs if pair[0] not in {"content", "title"})
        self.found.append((tag, fixed))


MARKUP = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "<!--",
    "]]>",
    "'\"><b>",
]


@pytest.mark.parametrize("text", MARKUP)
def test_threat_06_a_page_has_the_elements_it_has_without_the_text(text: str) -> None:
    def elements(words: str) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
        parser = _Elements()
        parser.feed(page(picture(said(words).clusters[0], ())))
        return parser.found

    assert elements(text) == elements("plain")


BYTES = {
    "invalid": (b"a -> b:80 # \xff", "E101"),
    "overlong": (b"a -> b:80 # \xc0\xaf", "E101"),
    "surrogate": (b"a -> b:80 # \xed\xa0\x80", "E101"),
    "truncated": (b"a -> b:80 # \xe2\x82", "E101"),
    "utf-16": ("a -> b:80".encode("utf-16"), "E101"),
    "utf-16 without a mark": ("a -> b:80".encode("utf-16-le"), "E102"),
    "utf-32": ("a -> b:80".encode("utf-32"), "E101"),
    "nul": (b"a\0 -> b:80", "E102"),
    "lone carriage return": (b"a -> b:80\rc -> d:80\n", "E103"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbfa -> b:80", "E104"),
    "a mark": (b"\xef\xbb\xbfa -> b:80\n", "W110"),
    "crlf": (b"a -> b:80\r\nc -> d:80\r\n", None),
}


@pytest.mark.parametrize("kind", BYTES)
def test_threat_11_bytes_are_text_or_an_error_where_they_are_not(kind: str) -> None:
    data, code = BYTES[kind]
    result = compile_files({"a.intent": data}, Options())
    codes = {item.code for item in result.diagnostics}
    assert codes - {"W110"} == ({code} if code else set()) - {"W110"}
    assert ("W110" in codes) == ("mark" in kind and "without" not in kind)
    assert bool(result.artifacts) == (code is None or code.startswith("W"))


def test_threat_11_the_offset_of_a_bad_byte_is_told() -> None:
    (problem,) = compile_files({"a.intent": b"a -> b:80\n# \xff"}, Options()).diagnostics
    assert "0xff at offset 12" in problem.message


def said(text: str) -> Result:
    """Return a build whose intents hold `text` where anything may stand."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    line = (
        f'shop -> b[app=x]:8443 via nodeport 30443 because "{escaped}" owner "{escaped}" ticket "{escaped}"'
    )
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": line})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return result


def policies(result: Result) -> Iterator[Any]:
    """Yield the emitted documents of Kubernetes."""
    assert result.artifacts
    for item in result.artifacts:
        if "/kubernetes/" in item.path:
            yield from yaml.safe_load_all(item.content)


def scalars(value: Any) -> Iterator[Any]:
    """Yield every key and every value in what a reader returned."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    else:
        yield value
