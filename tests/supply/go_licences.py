"""Go modules into the licences whose texts they carry: no file of theirs names one."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.e2e import programs
from tests.supply import judges
from tests.supply.pinned import Package

FILES = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[.-][\w.-]+)?", re.IGNORECASE)

TEXTS = {
    "Apache-2.0": ("apache license version 2.0, january 2004",),
    "BSD-2-Clause": ("redistributions in binary form must reproduce the above copyright notice",),
    "BSD-3-Clause": (
        "redistributions in binary form must reproduce the above copyright notice",
        "endorse or promote products derived from this software without specific prior written permission",
    ),
    "CC0-1.0": ("cc0 1.0 universal",),
    "EPL-2.0": ("eclipse public license - v 2.0",),
    "GPL-2.0-only": ("gnu general public license version 2, june 1991",),
    "GPL-3.0-only": ("gnu general public license version 3, 29 june 2007",),
    "ISC": ("permission to use, copy, modify, and/or distribute this software for any purpose",),
    "LGPL-3.0-only": ("gnu lesser general public license version 3, 29 june 2007",),
    "MIT": (
        "permission is hereby granted, free of charge, to any person obtaining a copy",
        "the above copyright notice and this permission notice",
    ),
    "MPL-2.0": ("mozilla public license", "covered software"),
    "Unlicense": ("this is free and unencumbered software released into the public domain",),
}
"""By the names of https://spdx.org/licenses/: words of the text that no other licence here has all of."""

NOTICES = {"licensed under the apache license, version 2.0": "Apache-2.0"}
"""What stands in the place of a licence's text where a file only refers to it."""

WITHIN = {"BSD-2-Clause": "BSD-3-Clause"}
"""The licences whose words are all in another one, which is then meant."""


def licences_of_text(text: str) -> set[str]:
    """Return the licences whose texts are in a file, laid out and wrapped as it may be."""
    plain = " ".join(re.sub(r"^[\s#*/;>]+", "", line) for line in text.lower().splitlines())
    plain = re.sub(r"\s+", " ", plain).replace("modify, and distribute", "modify, and/or distribute")
    found = {name for name, words in TEXTS.items() if all(part in plain for part in words)}
    found |= {name for words, name in NOTICES.items() if words in plain}
    return {name for name in found if WITHIN.get(name) not in found}


def read(packages: Iterable[Package]) -> dict[str, str]:
    """Return the licences of Go modules by package URL, those of one module joined by `AND`.

    The modules come from the proxy that Go is set up for, or from its cache. One without a text that is known
    is left out.
    """
    urls = {(package.name, package.version): package.url for package in packages}
    if not urls:
        return {}
    with tempfile.TemporaryDirectory() as directory:
        asked = [f"{name}@{version}" for name, version in urls]
        done = judges.execute(programs.prepare_go(), "mod", "download", "-json", *asked, cwd=Path(directory))
    licences = {}
    decoder = json.JSONDecoder()
    rest = done.stdout.strip()
    while rest:
        module, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        if found := _in_folder(Path(module["Dir"])) if "Dir" in module else set():
            licences[urls[module["Path"], module["Version"]]] = " AND ".join(sorted(found))
    return licences


def _in_folder(folder: Path) -> set[str]:
    """Return the licences at the root of a module; nested ones are those of what it has copied."""
    files = [path for path in folder.iterdir() if path.is_file() and FILES.fullmatch(path.name)]
    return {name for path in files for name in licences_of_text(path.read_text(errors="replace"))}
