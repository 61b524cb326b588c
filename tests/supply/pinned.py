"""The files that pin packages, read into packages: lock files of Python and npm, and the tools' go.mod."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tests.tools import development

ROOT = development.ROOT
LOCKS = ROOT / "requirements"
NPM_LOCK = ROOT / "tests" / "tools" / "package-lock.json"
GO_MODULES = ROOT / "tests" / "e2e" / "tools"
PROJECT = "intentc"
"""The name by which a package is needed when the project itself asks for it."""


class Package(NamedTuple):
    """One version of one package: what its files are checked against, and which packages ask for it.

    `needed_by` holds package URLs and perhaps PROJECT, or is None where the file that pins does not say.
    `hashes` are pairs of an algorithm as CycloneDX writes it and hexadecimal digits.
    """

    url: str
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    needed_by: tuple[str, ...] | None
    licence: str | None = None

    @property
    def kind(self) -> str:
        """Return the type of the package URL: `pypi`, `npm` or `golang`."""
        return self.url.removeprefix("pkg:").partition("/")[0]


def package_url(kind: str, name: str, version: str) -> str:
    """Return the package URL (https://github.com/package-url/purl-spec) of one version of a package."""
    return f"pkg:{kind}/{quote(name, safe='/')}@{quote(version, safe='')}"


def python_packages(lock: str) -> list[Package]:
    """Return the packages of a lock file that uv wrote; whoever asks for them is in its comments."""
    entries = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    found = []
    for entry in entries:
        pin = re.match(r"([a-z0-9.-]+)==(\S+)", entry)
        if pin is None:
            raise ValueError(f"no pinned version: {entry.splitlines()[0]}")
        hashes = tuple(("SHA-256", digits) for digits in re.findall(r"sha256:([0-9a-f]{64})", entry))
        comment = entry.partition("# via")[2]
        found.append(
            (
                pin[1],
                pin[2],
                hashes,
                re.findall(r"^(?: *#)? +([a-z0-9.-]{2,})(?: \(.*\))?$", comment, re.MULTILINE),
            )
        )
    urls = {name: package_url("pypi", name, version) for name, version, _, _ in found} | {PROJECT: PROJECT}
    return [
        Package(urls[name], name, version, hashes, tuple(sorted({urls[asking] for asking in needed_by})))
        for name, version, hashes, needed_by in found
    ]


def npm_packages(lock: str) -> list[Package]:
    """Return the packages of a package-lock.json; a name is looked up outwards from where it is asked for.

    The format: https://docs.npmjs.com/cli/configuring-npm/package-lock-json
    """
    entries = json.loads(lock)["packages"]
    names = {place: place.rpartition("node_modules/")[2] for place in entries if place}
    urls = {place: package_url("npm", name, entries[place]["version"]) for place, name in names.items()}
    urls[""] = PROJECT
    needed_by: dict[str, set[str]] = {url: set() for url in urls.values()}
    for place, entry in entries.items():
        for name in {**entry.get("dependencies", {}), **entry.get("optionalDependencies", {})}:
            inner = place
            while (found := f"{inner}/node_modules/{name}".removeprefix("/")) not in entries and inner:
                inner = inner.rpartition("node_modules/")[0].removesuffix("/")
            if found in entries:  # what is optional may be absent
                needed_by[urls[found]].add(urls[place])
    packages = {}
    for place, name in names.items():
        entry = entries[place]
        algorithm, _, digest = entry["integrity"].partition("-")
        hashes = ((f"SHA-{algorithm.removeprefix('sha')}", base64.b64decode(digest).hex()),)
        asking = tuple(sorted(needed_by[urls[place]]))
        packages[urls[place]] = Package(
            urls[place], name, entry["version"], hashes, asking, entry.get("license")
        )
    return list(packages.values())


def go_packages(module: str, sums: str) -> list[Package]:
    """Return the modules that a go.mod asks for, with the hashes of its go.sum.

    Who asks for an indirect one, neither file says. The hash is that of a list of the module's files, not of
    one file (https://go.dev/ref/mod#go-sum-files).
    """
    hashes = dict(re.findall(r"^(\S+ \S+) h1:(\S+)$", sums, re.MULTILINE))
    replaced = dict(re.findall(r"^\s*(?:replace )?(\S+)(?: \S+)? => (\S+ \S+)$", module, re.MULTILINE))
    asked = re.findall(r"^(?:require |\t)(\S+) (v\S+)( // indirect)?$", module, re.MULTILINE)
    tools = re.findall(r"^(?:tool |\t)(\S+)$", module, re.MULTILINE)
    packages = []
    for name, version, indirect in asked:
        path, _, fixed = replaced.get(name, f"{name} {version}").partition(" ")
        digest = hashes.get(f"{path} {fixed}")  # none where no build reads the module's files
        known = (("SHA-256", base64.b64decode(digest).hex()),) if digest else ()
        is_direct = not indirect or any(f"{tool}/".startswith(f"{name}/") for tool in tools)
        url = package_url("golang", path, fixed)
        packages.append(Package(url, path, fixed, known, (PROJECT,) if is_direct else None))
    return packages


def together(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Return packages sorted and unique; one that several files pin has the hashes and askers of all."""
    by_url: dict[str, Package] = {}
    for package in packages:
        before = by_url.get(package.url, package)
        known = {before.needed_by, package.needed_by} - {None}
        askers = sorted({url for needed_by in known for url in needed_by or ()})
        by_url[package.url] = package._replace(
            hashes=tuple(sorted({*before.hashes, *package.hashes})),
            needed_by=tuple(askers) if known else None,
        )
    return tuple(by_url[url] for url in sorted(by_url))


def run_packages() -> tuple[Package, ...]:
    """Return what is installed with intentc."""
    return together(python_packages((LOCKS / "run.lock").read_text()))


def development_packages() -> tuple[Package, ...]:
    """Return what tests, builds and judges intentc, with what is installed with it."""
    packages = [package for path in python_locks() for package in python_packages(path.read_text())]
    packages += npm_packages(NPM_LOCK.read_text())
    for path in sorted(GO_MODULES.glob("*/go.mod")):
        packages += go_packages(path.read_text(), path.with_name("go.sum").read_text())
    return together(packages)


def python_locks() -> list[Path]:
    """Return the lock files of Python packages."""
    return sorted(LOCKS.glob("*.lock"))


def licences_of(packages: Iterable[Package], known: Mapping[str, str]) -> tuple[Package, ...]:
    """Return packages with the licences that are known by package URL, where none is stated with the pin."""
    return tuple(package._replace(licence=package.licence or known.get(package.url)) for package in packages)
