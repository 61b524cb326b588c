"""A text becomes a double-quoted YAML scalar that every reader takes for that text and nothing else."""

from __future__ import annotations

import re
from functools import lru_cache

_ORDINARY = re.compile(r"[ !#-*,-\[\]-~]*")
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r"""[\\"]|[^ -~]|\+(?=argocd:)""")
"""Argo CD takes `+argocd:` and a word for an order to itself, wherever in a file it stands.

https://argo-cd.readthedocs.io/en/stable/user-guide/directory/#skipping-file-rendering
"""


@lru_cache(maxsize=4096)
def quote(text: str) -> str:
    r"""Return `text` as one double-quoted scalar on one line.

    Quoting everything is what keeps `no`, `1e3`, `0o14` and `08` texts in YAML 1.1 and 1.2 alike. Printable
    characters stay; others become `\uXXXX` or `\UXXXXXXXX`, never surrogates
    (https://yaml.org/spec/1.2.2/#57-escaped-characters).
    """
    if _ORDINARY.fullmatch(text):
        return f'"{text}"'
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    special = found[0]
    if special in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[special]
    if special.isprintable() and special != "+":
        return special
    return f"\\u{ord(special):04x}" if ord(special) < 0x10000 else f"\\U{ord(special):08x}"
