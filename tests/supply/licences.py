"""What packages say of their licence, as the one word or expression that the lists give it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.supply.pinned import Package

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "ISC",
    "MIT",
    "PSF-2.0",
    "Unlicense",
}
"""The licences, by their names at https://spdx.org/licenses/, that anything here may have."""

BESIDE = {"EPL-2.0", "GPL-3.0-or-later", "MPL-2.0"}
"""Those that what is never shipped may have as well."""

STATED = {
    "Apache 2.0": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What older metadata says in words that name one licence and one version of it."""

UNNUMBERED = {"Apache Software License", "BSD", "BSD License"}
"""What older metadata says without the version; the lists repeat it as it is. Permissive in every version."""

READ = {"pkg:npm/khroma@2.1.0": "MIT"}
"""By package URL: what stands in the file `license` of a package whose metadata says nothing."""


def identifiers(licence: str) -> list[str]:
    """Return the names of licences in an expression."""
    return [word for word in re.findall(r"[A-Za-z0-9.+-]+", licence) if word not in {"AND", "OR", "WITH"}]


def is_expression(licence: str) -> bool:
    """Tell an expression of SPDX from words of a package's own."""
    return licence not in UNNUMBERED and set(identifiers(licence)) <= PERMISSIVE | BESIDE


def stated(metadata: Mapping[str, Any]) -> str:
    """Return the licence that the metadata of a Python package states.

    `metadata` has the keys that pip reports: https://packaging.python.org/specifications/core-metadata/. An
    expression of SPDX counts before the old field, where it is short enough to be a name, and that before
    classifiers. Raises ValueError where nothing is stated that this project has judged.
    """
    field = str(metadata.get("license") or "")
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in metadata.get("classifier") or ()
        if line.startswith("License :: OSI Approved :: ")
    ]
    said = [str(metadata.get("license_expression") or ""), STATED.get(field, field), *classifiers]
    for words in said:
        licence: str = STATED.get(words, words)
        if licence and (licence in UNNUMBERED or set(identifiers(licence)) <= PERMISSIVE | BESIDE):
            return licence
    raise ValueError(f"{metadata['name']} states no licence known to tests/supply/licences.py: {said}")


def is_permissive(licence: str) -> bool:
    """Tell whether what intentc needs to run may have this licence; of a choice, one permissive is enough."""
    if licence in UNNUMBERED:
        return True
    choices = licence.strip("()").split(" OR ")
    return any(set(identifiers(choice)) <= PERMISSIVE for choice in choices)


def ask_index(packages: Iterable[Package]) -> dict[str, str]:
    """Return the licences of Python packages by package URL, from the metadata that the package index has.

    Nothing is installed, and no package runs code. Raises CalledProcessError when the index does not answer.
    """
    asked = {package.name: package for package in packages}
    if not asked:
        return {}
    lines = [
        " ".join(
            [
                f"{package.name}=={package.version}",
                *(f"--hash=sha256:{digits}" for _, digits in package.hashes),
            ]
        )
        for package in asked.values()
    ]
    with tempfile.TemporaryDirectory() as directory:
        wanted, report = Path(directory, "wanted.txt"), Path(directory, "report.json")
        wanted.write_text("\n".join(lines))
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--dry-run",
            "--ignore-installed",
            "--no-deps",
            "--quiet",
        ]
        command += [
            "--only-binary",
            ":all:",
            "--require-hashes",
            f"--report={report}",
            f"--requirement={wanted}",
        ]
        subprocess.run(command, check=True)
        answers = [item["metadata"] for item in json.loads(report.read_text())["install"]]
    return {asked[canonical(answer["name"])].url: stated(answer) for answer in answers}


def canonical(name: str) -> str:
    """Return the name of a Python package as lock files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()
