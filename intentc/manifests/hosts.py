"""Texts that a container is configured with become the hosts and ports they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

DEFAULT_PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "http": 80,
    "https": 443,
    "kafka": 9092,
    "ldap": 389,
    "ldaps": 636,
    "mariadb": 3306,
    "mongodb": 27017,
    "mysql": 3306,
    "nats": 4222,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "smtp": 25,
    "ws": 80,
    "wss": 443,
}
"""The port a URL means by its scheme alone: https://www.iana.org/assignments/service-names-port-numbers"""

MAXIMUM_TEXT = 1024 * 1024
"""How much of one text is read, in characters; a ConfigMap holds at most 1 MiB."""

_HOST = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):///?([^\s/?#\"'<>\\=;]{1,1024})(=?)")
_WHOLE_URL = re.compile(r"://[^\s\"'<>\\]*")
_MEMBER = re.compile(rf"({_HOST})(?::([0-9]{{1,5}}))?")
_WITH_PORT = re.compile(rf"(?<![A-Za-z0-9_.@:/$-])({_HOST}):([0-9]{{1,5}})(?![A-Za-z0-9_.:@-])")
_WITH_SPACE = re.compile(rf"(?<!\S)({_HOST}) +([0-9]{{2,5}})(?=[\s;)&|]|\Z)")
_NAME = re.compile(r"(?<![A-Za-z0-9_.@:$-])((?>[a-z0-9][-a-z0-9.]{0,251}))(?![A-Za-z0-9_:-])")
_ASSIGNED = re.compile(
    r"(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{1,80})[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?"
    rf"({_HOST})(?=[\"',;\s]|\Z)"
)
_BY_VARIABLE = re.compile(r"\$[({]([A-Z0-9_]{1,80})_SERVICE_HOST[)}]")
_FLAGGED = re.compile(rf"(?<!\S)(-h|--?host)[ =]({_HOST})(?!\S)")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAMING = frozenset(
    [
        *("addr", "address", "addresses", "addrs", "backend", "bootstrap", "broker", "brokers"),
        *("connect", "endpoint", "endpoints", "gateway", "h", "host", "hostname", "hosts"),
        *("leader", "master", "member", "members", "nodes", "peer", "peers", "primary", "proxy"),
        *("seed", "seeds", "sentinel", "sentinels", "server", "servers", "service", "svc"),
        *("target", "upstream", "uri", "uris", "url", "urls"),
    ]
)
"""The last word of a variable or flag whose value is a host."""

_VERSIONED = (["image"], ["tag"], ["version"])
"""The last word of one whose value is `name:version`."""


class Host(NamedTuple):
    """A host that a text names; `port` is 0 where the text gives none.

    `hint` is the variable, flag or key that takes the host; a *bare* host has nothing but its name to show
    that it is one.
    """

    name: str
    port: int
    scheme: str
    hint: str
    bare: bool


def is_naming(hint: str) -> bool:
    """Tell whether a variable, flag or key takes a host, by its last word."""
    words = _words(hint)
    return bool(words) and words[-1] in _NAMING


def _words(hint: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(hint)]


def hosts(text: str, hint: str) -> Iterator[Host]:
    """Yield the hosts that a text names, each once.

    A URL or a `host:port` names one by its form, and so does a host in the domain of Services. A word alone
    does where what it is assigned to takes hosts, as `--db-host` or `REDIS_ADDR` do, or is called the same.
    User names and passwords in URLs are passed over. Takes time linear in the text.
    """
    found: dict[Host, None] = {}
    if _words(hint)[-1:] in _VERSIONED:
        return
    rest = text[:MAXIMUM_TEXT]
    for url in _URL.finditer(rest):
        scheme = url[1].lower()
        members = url[2].rpartition("@")[2].split(",")
        # In `a=http://one:80,b=http://two:80` the last word belongs to what follows.
        for member in members[:-1] if url[3] else members:
            if match := _MEMBER.match(member):
                found[Host(match[1], _number(match[2]), scheme, hint, bare=False)] = None
    rest = _WHOLE_URL.sub(" ", rest)
    for pattern in (_WITH_PORT, _WITH_SPACE):
        for match in pattern.finditer(rest):
            # `sleep 10` looks as `nc db 5432` does.
            bare = pattern is _WITH_SPACE
            found[Host(match[1], _number(match[2]), "", hint, bare)] = None
    for match in _NAME.finditer(rest):
        if ".svc" in match[1]:
            found[Host(match[1].rstrip("."), 0, "", hint, bare=False)] = None
    for match in _BY_VARIABLE.finditer(rest):
        found[Host(match[1].lower().replace("_", "-"), 0, "", hint, bare=True)] = None
    for pattern in (_ASSIGNED, _FLAGGED):
        for match in pattern.finditer(rest):
            if is_naming(match[1]):
                found[Host(match[2], 0, "", match[1], bare=True)] = None
    if is_naming(hint) or "-".join(_words(hint)) == rest.strip():  # `REDIS` is `redis`
        for word in rest.split(","):
            if match := re.fullmatch(_HOST, word.strip()):
                found[Host(match[0], 0, "", hint, bare=True)] = None
    yield from found


def _number(text: str | None) -> int:
    return int(text) if text else 0
