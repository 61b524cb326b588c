"""A text becomes a quoted HCL string that Terraform reads back as that text and nothing more."""

from __future__ import annotations

import re

_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "${": "$${", "%{": "%%{"}
_ORDINARY = re.compile(r"[ !#&-\[\]-~]*")
_SPECIAL = re.compile(r"""[\\"]|[$%]\{|[^ -~]""")


def quote(text: str) -> str:
    r"""Return `text` as one quoted string on one line.

    Interpolation (`${`) and directives (`%{`) are doubled, so that nothing in a text is ever evaluated.
    Printable characters stay; others become `\UXXXXXXXX`, never surrogates, which Terraform rejects.
    Terraform composes every string (Unicode form NFC), so a decomposed text reads back composed.

    https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    if _ORDINARY.fullmatch(text):
        return f'"{text}"'
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    special = found[0]
    if special in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[special]
    return special if special.isprintable() else f"\\U{ord(special):08x}"
