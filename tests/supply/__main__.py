"""`python -m tests.supply`: list all that is pinned, with licences, and ask what is known against it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.supply import advisories, go_licences, licences, listing, pinned

KEPT = pinned.ROOT / "supply"
RUN, DEVELOPMENT, LICENCES = "run.cdx.json", "development.cdx.json", "licences.md"
ADVISORIES = "advisories.json"
"""The record of the last audit."""


def kept_licences(folder: Path = KEPT) -> dict[str, str]:
    """Return the licences of the lists as they are, so that only new packages have to be asked for."""
    path = folder / DEVELOPMENT
    return licences.READ | (listing.licences_in(path.read_bytes()) if path.exists() else {})


def lists(known: dict[str, str]) -> dict[str, bytes]:
    """Return the files of the lists by their names, from what is pinned and the licences that are known."""
    run = pinned.licences_of(pinned.run_packages(), known)
    development = pinned.licences_of(pinned.development_packages(), known)
    return {
        RUN: listing.bill(run, "intentc, and what is installed with it"),
        DEVELOPMENT: listing.bill(development, "intentc, and what tests, builds and judges it"),
        LICENCES: listing.page(run, development),
    }


def refused(known: dict[str, str]) -> list[str]:
    """Return a line for each package with no licence, or one that it may not have where it stands."""
    run = {package.url for package in pinned.run_packages()}
    lines = []
    for package in pinned.licences_of(pinned.development_packages(), known):
        if package.licence is None:
            lines.append(f"{package.url} states no licence")
        elif package.url in run and not licences.is_permissive(package.licence):
            lines.append(f"{package.url} is needed to run, and its licence is {package.licence}")
        elif not (licences.is_expression(package.licence) or package.licence in licences.UNNUMBERED):
            lines.append(f"{package.url} has a licence that nobody has judged: {package.licence}")
    return lines


def write_lists() -> int:
    """Write the lists; return 1, and write nothing, when a licence is refused."""
    known = kept_licences()
    new = [package for package in pinned.development_packages() if package.url not in known]
    try:
        known |= licences.ask_index(package for package in new if package.kind == "pypi")
        known |= go_licences.read(package for package in new if package.kind == "golang")
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.stderr.write(f"supply: {error}\n")
        return 1
    if lines := refused(known):
        sys.stderr.write("".join(f"supply: {line}\n" for line in lines))
        return 1
    KEPT.mkdir(exist_ok=True)
    for name, content in lists(known).items():
        (KEPT / name).write_bytes(content)
        sys.stdout.write(f"supply/{name}\n")
    return 0


def main() -> int:
    """Return 0 when all is well; with `--audit`, 1 when something is known, 2 when not all was answered."""
    parser = argparse.ArgumentParser(prog="./dev supply", description=__doc__)
    parser.add_argument(
        "--audit", action="store_true", help="ask what is known of all packages, and record the answer"
    )
    parser.add_argument("--osv-url", help="ask this service of https://osv.dev about Python's packages")
    parser.add_argument("--go-database", help="ask this copy of https://vuln.go.dev about Go's modules")
    asked = parser.parse_args()
    if not asked.audit:
        return write_lists()
    record = advisories.ask(pinned.development_packages(), asked.osv_url, asked.go_database)
    KEPT.mkdir(exist_ok=True)
    (KEPT / ADVISORIES).write_bytes(advisories.written(record))
    sys.stdout.write(advisories.summary(record))
    return advisories.outcome(record)


if __name__ == "__main__":
    sys.exit(main())
