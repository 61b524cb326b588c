"""What all formats made of JSON share."""

from __future__ import annotations

import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(document: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """Return a document as ASCII JSON; no line of it is a command to a CI system that reads the log.

    Such commands begin with `##[` or `##vso[` anywhere in a line; in JSON, a `#` stands only in a text.
    """
    import json

    return json.dumps(document, indent=2).replace("##", "#\\u0023") + "\n"


def clean(text: str) -> str:
    """Return `text` with half characters replaced, which stand for undecodable bytes of a file's name."""
    return _SURROGATE.sub("\ufffd", text)
