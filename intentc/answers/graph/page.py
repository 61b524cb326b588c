"""A picture becomes one page of HTML that needs nothing else: no other file, no network, no server."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from intentc.answers.graph.document import document
from intentc.answers.graph.picture import Picture
from intentc.answers.rendering import environment

PLAIN = 64 * 1024
"""Data up to this many characters stands in the page as JSON, larger data is compressed."""

_CLAUSES = (" because ", " owner ", " ticket ", " until ", " on ")


def page(picture: Picture) -> str:
    """Return the page; its policy lets exactly its own script and style run, and nothing be fetched.

    https://www.w3.org/TR/CSP3/#external-hash
    """
    folder = files("intentc.templates").joinpath("html")
    style, script = (folder.joinpath(name).read_text("utf-8") for name in ("graph.css", "graph.js"))
    data_type, data = island(picture)
    template = environment().get_template("html/graph.html.j2")
    return template.render(
        cluster=picture.cluster,
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data_type=data_type,
        data=data,
    )


def island(picture: Picture) -> tuple[str, str]:
    """Return type and text of the element that holds the data; no text of it can end the element.

    It is the document, less the statements that say no more than their flow and its clauses.
    """
    found = document(picture)
    for flow, edge in zip(found["flows"], picture.edges, strict=True):
        said, shown = flow.get("statement", ""), " ".join(edge.seen.text.split())
        if said == shown or (said.startswith(shown) and said[len(shown) :].startswith(_CLAUSES)):
            del flow["statement"]
    text = json.dumps(found, ensure_ascii=True, separators=(",", ":"))
    if len(text) > PLAIN:
        return "text/plain", b64encode(zlib.compress(text.encode(), 9)).decode()
    return "application/json", text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
