"""Turn a seed into a valid program in a layout of its own, with breaks and comments wherever they may be."""

from __future__ import annotations

from random import Random

from intentc.diagnostics import has_errors
from intentc.parser import parse
from intentc.parser.text import decode
from tests.fuzz.inputs import generated
from tests.language.programs import NEEDS_MANIFESTS, corpus, tokens

_SPACES = ("", "", " ", " ", "  ", "\t")
_COMMENTS = ("# why", "#", "# -> {[(", '# "not closed', "#: a: b, c", "# intentc: allow W305", "# é 表")


def program(chance: Random) -> bytes:
    """Return a program without a syntax error, from the model's generator or the corpus of the language."""
    while True:
        if chance.randrange(10):
            text = generated("format", chance).decode().replace("\r\n", "\n")
        else:
            text = chance.choice([text for name, text in corpus().items() if name != NEEDS_MANIFESTS])
        data = relaid(text, chance, chance.choice((0.0, 0.05, 0.2, 0.6))).encode()
        data = data.replace(b"\n", b"\r\n") if chance.random() < 0.1 else data
        source, problems = decode("a.intent", data)
        if not has_errors(problems) and not has_errors(parse(source)[1]):
            return data


def relaid(text: str, chance: Random, share: float) -> str:
    """Return a text with this share of the gaps between its tokens changed."""
    written: list[str] = []
    end = depth = 0
    last = ""
    for token in (*tokens(text), None):
        gap = text[end : token.start] if token else text[end:]
        if chance.random() < share:
            gap = _gap(gap, chance, may_break=depth > 0 or last in (",", "->"))
        written.append(gap)
        if token is None:
            break
        last, end = token.text, token.end
        depth += (last in "[(") - (last in "])")
        written.append(last)
    return "".join(written)


def _gap(gap: str, chance: Random, *, may_break: bool) -> str:
    """Return other space, blank lines and comments; a line break only where one was or may be."""
    if "\n" in gap:
        own = "".join(
            chance.choice(("\n", f"  {chance.choice(_COMMENTS)}\n")) for _ in range(chance.randrange(3))
        )
        return f"{gap}{own}{chance.choice(_SPACES)}"
    if may_break and chance.random() < 0.5:
        return f"{gap}{chance.choice(('', ' ' + chance.choice(_COMMENTS)))}\n{chance.choice(_SPACES)}"
    return chance.choice(_SPACES[2:] if gap else _SPACES)
