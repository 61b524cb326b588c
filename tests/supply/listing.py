"""Packages into the lists that are kept in `supply/`: two bills of materials and one page of licences."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

import intentc
from tests.supply.licences import is_expression
from tests.supply.pinned import PROJECT, Package, package_url

KINDS = {"golang": "Go modules", "npm": "npm packages", "pypi": "Python packages"}


def bill(packages: Sequence[Package], purpose: str) -> bytes:
    """Return a bill of materials in CycloneDX 1.6, the same every time (https://cyclonedx.org/docs/1.6/json/).

    It has no time, and its serial number is made from what it says.
    """
    subject = {
        "type": "application",
        "bom-ref": PROJECT,
        "name": "intentc",
        "version": intentc.__version__,
        "description": purpose,
        "licenses": [{"expression": "Apache-2.0"}],
        "purl": package_url("pypi", "intentc", intentc.__version__),
    }
    content = {
        "metadata": {"lifecycles": [{"phase": "pre-build"}], "component": subject},
        "components": [_component(package) for package in packages],
        "dependencies": _dependencies(packages),
    }
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
    }
    return (json.dumps({**head, **content}, indent=1) + "\n").encode()


def _address(package: Package) -> str:
    """Return where the public registry of a kind of package has this one."""
    if package.kind == "pypi":
        return f"https://pypi.org/simple/{package.name}/"
    if package.kind == "npm":
        return f"https://registry.npmjs.org/{package.name}"
    # https://go.dev/ref/mod#goproxy-protocol: a capital is `!` and its small letter.
    path, version = (re.sub(r"[A-Z]", lambda found: f"!{found[0].lower()}", text) for text in package[1:3])
    return f"https://proxy.golang.org/{path}/@v/{version}.zip"


def _component(package: Package) -> dict[str, Any]:
    # A version has several files, each with a hash of its own: one for each platform, and the source.
    hashes = [{"alg": algorithm, "content": digits} for algorithm, digits in package.hashes]
    origin = {"type": "distribution", "url": _address(package), "hashes": hashes}
    component = {
        "type": "library",
        "bom-ref": package.url,
        "name": package.name,
        "version": package.version,
        "purl": package.url,
        "externalReferences": [origin],
    }
    if package.licence:
        kept = {"expression": package.licence}
        named = {"license": {"name": package.licence}}
        component["licenses"] = [kept if is_expression(package.licence) else named]
    return component


def _dependencies(packages: Sequence[Package]) -> list[dict[str, Any]]:
    """Return who needs whom. A package that is not listed: not known, which is so for Go's indirect ones."""
    needs: dict[str, list[str]] = {PROJECT: []}
    needs |= {package.url: [] for package in packages if package.kind != "golang"}
    for package in packages:
        for asking in package.needed_by or ():
            needs[asking].append(package.url)
    return [{"ref": url, "dependsOn": sorted(needed)} for url, needed in sorted(needs.items())]


def page(run: Sequence[Package], development: Sequence[Package]) -> bytes:
    """Return the page of licences, in Markdown."""
    shipped = {package.url for package in run}
    lines = [
        "# Licences",
        "",
        "What each package that is pinned says of its own licence; of a Go module, the licences whose",
        "texts it carries. Written by `./dev supply`, which stops at one that `tests/supply/licences.py`",
        "does not allow.",
        "",
        "## What intentc needs to run",
        "",
        "Installed beside intentc, never copied into it.",
        "",
        *_table(run),
    ]
    for kind in sorted(KINDS, key=lambda kind: KINDS[kind], reverse=True):
        rest = [item for item in development if item.kind == kind and item.url not in shipped]
        lines += ["", f"## {KINDS[kind]} that test, build and judge it", ""]
        lines += _table(rest)
    return ("\n".join(lines) + "\n").encode()


def _table(packages: Sequence[Package]) -> list[str]:
    rows = [f"| {package.name} | {package.version} | {package.licence} |" for package in packages]
    return ["| package | version | licence |", "|---|---|---|", *rows]


def licences_in(document: bytes) -> dict[str, str]:
    """Return the licences by package URL that a bill of materials states."""
    stated = {}
    for component in json.loads(document)["components"]:
        for entry in component.get("licenses", ()):
            stated[component["purl"]] = entry.get("expression") or entry["license"]["name"]
    return stated
