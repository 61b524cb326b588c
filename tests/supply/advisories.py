"""Packages into what public records of vulnerabilities know of them: each kind has a tool that asks."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e import programs
from tests.supply import judges, pinned
from tests.supply.pinned import Package


class Answer(NamedTuple):
    """What one tool was told: of how many packages, and pairs of a package URL and an advisory."""

    tool: str
    answered: int
    known: tuple[tuple[str, str], ...]


def ask(
    packages: Sequence[Package], osv_url: str | None = None, go_database: str | None = None
) -> dict[str, Any]:
    """Return the record of asking now; a service that does not answer leaves `answered` below `asked`."""
    tools: dict[str, Callable[[list[Package]], Answer]] = {
        "golang": lambda asked: ask_go(asked, go_database),
        "npm": ask_npm,
        "pypi": lambda asked: ask_python(asked, osv_url),
    }
    kinds = {}
    for kind, tool in tools.items():
        asked = [package for package in packages if package.kind == kind]
        answer = tool(asked)
        kinds[kind] = {
            "tool": answer.tool,
            "asked": len(asked),
            "answered": answer.answered,
            "known": [list(pair) for pair in sorted(set(answer.known))],
        }
    return {"day": datetime.now(UTC).date().isoformat(), "packages": fingerprint(packages), "kinds": kinds}


def fingerprint(packages: Iterable[Package]) -> str:
    """Return the SHA-256 of the package URLs, by which a record says what it is about."""
    return hashlib.sha256("\n".join(sorted(package.url for package in packages)).encode()).hexdigest()


def written(record: dict[str, Any]) -> bytes:
    """Return a record as the file that is kept."""
    return (json.dumps(record, indent=1) + "\n").encode()


def summary(record: dict[str, Any]) -> str:
    """Return a record in words: a line for each kind of package, and one for each advisory."""
    lines = []
    for kind in record["kinds"].values():
        lines.append(
            f"{kind['tool']}: {kind['answered']} of {kind['asked']} answered, {len(kind['known'])} known"
        )
        lines += [f"  {url}: {advisory}" for url, advisory in kind["known"]]
    return "\n".join(lines) + "\n"


def outcome(record: dict[str, Any]) -> int:
    """Return 1 where something is known, 2 where a package went unanswered, and otherwise 0."""
    kinds = record["kinds"].values()
    if any(kind["known"] for kind in kinds):
        return 1
    return 2 if any(kind["answered"] < kind["asked"] for kind in kinds) else 0


def ask_python(packages: Sequence[Package], osv_url: str | None = None) -> Answer:
    """Ask the package index, or a service of https://osv.dev, through pip-audit."""
    programs_directory = judges.python_programs()
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--no-deps",
        "--progress-spinner=off",
        "--format=json",
    ]
    if osv_url:
        command += ["--vulnerability-service=osv", f"--osv-url={osv_url}"]
    urls = {(package.name, package.version): package.url for package in packages}
    rounds: list[dict[str, str]] = []
    for name, version in urls:  # two versions of one package are two files
        free = next((versions for versions in rounds if name not in versions), None)
        if free is None:
            rounds.append(free := {})
        free[name] = version
    answered, known = 0, []
    for versions in rounds:
        with tempfile.TemporaryDirectory() as directory:
            wanted = Path(directory, "wanted.txt")
            wanted.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))
            options = [f"--requirement={wanted}", f"--cache-dir={directory}"]
            done = judges.execute(*command, *options, cwd=wanted.parent, PYTHONPATH=str(programs_directory))
        for entry in json.loads(done.stdout)["dependencies"] if done.stdout else ():
            if "vulns" in entry:
                answered += 1
                url = urls[entry["name"], entry["version"]]
                known += [(url, found["id"]) for found in entry["vulns"]]
    return Answer("pip-audit", answered, tuple(known))


def ask_npm(packages: Sequence[Package]) -> Answer:
    """Ask the registry of npm, through the npm on PATH; without one, nobody answers."""
    npm = shutil.which("npm")
    if npm is None:
        return Answer("npm audit", 0, ())
    done = judges.execute(npm, "audit", "--package-lock-only", "--json", cwd=pinned.NPM_LOCK.parent)
    return npm_answer(packages, done.stdout)


def npm_answer(packages: Sequence[Package], printed: str) -> Answer:
    """Return what `npm audit --json` printed; an answer has `vulnerabilities`, perhaps none."""
    found = json.loads(printed or "{}").get("vulnerabilities")
    if found is None:
        return Answer("npm audit", 0, ())
    known = [
        (package.url, cause["url"].rpartition("/")[2])
        for package in packages
        for cause in found.get(package.name, {}).get("via", ())
        if isinstance(cause, dict)  # a text names another package, which has the cause
    ]
    return Answer("npm audit", len(packages), tuple(known))


def ask_go(packages: Sequence[Package], database: str | None = None) -> Answer:
    """Ask https://vuln.go.dev, or a copy of it, through govulncheck, module by module of those that build."""
    govulncheck = judges.go_program("govulncheck")
    path_of_go = f"{programs.prepare_go().parent}:/usr/bin:/bin"
    options = ["-scan=package", "-format=json", *([f"-db={database}"] if database else [])]
    urls = {(package.name, package.version): package.url for package in packages}
    answered: set[str] = set()
    known: list[tuple[str, str]] = []
    for path in sorted(pinned.GO_MODULES.glob("*/go.mod")):
        asked = pinned.go_packages(path.read_text(), path.with_name("go.sum").read_text())
        if urls.keys().isdisjoint((package.name, package.version) for package in asked):
            continue
        done = judges.execute(govulncheck, *options, "./...", "tool", cwd=path.parent, PATH=path_of_go)
        if done.returncode == 0:  # in this format: it has asked, whatever it found
            answered |= {package.url for package in asked} & set(urls.values())
            known += go_findings(done.stdout, urls)
    return Answer("govulncheck", len(answered), tuple(known))


def go_findings(printed: str, urls: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Return the pairs of package URL and advisory in what govulncheck printed: values of JSON, one by one.

    Those of Go's own library are left out: which Go is used, go.lock and the machine decide.
    """
    findings = []
    decoder = json.JSONDecoder()
    rest = printed.strip()
    while rest:
        message, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        for frame in message.get("finding", {}).get("trace", ())[:1]:
            url = urls.get((frame["module"], frame.get("version", "")))
            if url:
                findings.append((url, message["finding"]["osv"]))
    return findings
