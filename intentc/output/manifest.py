"""The manifest: which files of an output directory are ours, and what was in them when they were written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

from intentc.output.names import MANIFEST, is_legal

TOOL = "intentc"
FORMAT = 1
LARGEST = 256 * 1024 * 1024  # bytes; half a million files take about 80 million

_CLUSTER = re.compile(r"[A-Za-z0-9._-]{1,253}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Entry(NamedTuple):
    """Recognise one file: its SHA-256 in lower-case hexadecimal, and its size in bytes."""

    digest: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> Entry:
        """Return the entry of a file with this content."""
        return cls(sha256(content).hexdigest(), len(content))


class Manifest(NamedTuple):
    """List every file but the manifest itself, and count the policies of each cluster."""

    policies: Mapping[str, int]
    files: Mapping[str, Entry]

    def encode(self) -> bytes:
        """Return the bytes of the file: JSON, one file to a line so that merges meet seldom, no date, sorted.

        Cluster names and paths are ASCII without quotes or backslashes, so they stand as they are.
        """
        policies = [f'    "{cluster}": {count}' for cluster, count in sorted(self.policies.items())]
        files = [
            f'    "{path}": {{"sha256": "{entry.digest}", "size": {entry.size}}}'
            for path, entry in sorted(self.files.items())
        ]
        lines = ["{", f'  "tool": "{TOOL}",', f'  "format": {FORMAT},']
        lines += [*_object("policies", policies, ","), *_object("files", files, ""), "}", ""]
        return "\n".join(lines).encode("ascii")


NOTHING = Manifest({}, {})


def check_clusters(names: Iterable[str]) -> None:
    """Raise `ValueError` unless each name can stand in a manifest."""
    for name in names:
        if not _CLUSTER.fullmatch(name):
            raise ValueError(f"`{name}` is not the name of a cluster")


def decode(content: bytes) -> Manifest:
    """Return the manifest in a file's bytes, which may come from anyone.

    Raises `ValueError` with what is wrong when they are no manifest of this format.
    """
    try:
        document = json.loads(content.decode("ascii"))
    except RecursionError:
        raise ValueError("not JSON of the expected depth") from None
    except ValueError:  # UnicodeDecodeError and JSONDecodeError are
        raise ValueError("not JSON") from None
    if not isinstance(document, dict) or document.get("tool") != TOOL:
        raise ValueError(f"not a manifest of {TOOL}")
    if type(document.get("format")) is not int or document["format"] != FORMAT:
        raise ValueError(f"not of format {FORMAT}")
    policies, files = document.get("policies"), document.get("files")
    if document.keys() != {"tool", "format", "policies", "files"}:
        raise ValueError("with other keys than expected")
    if not isinstance(policies, dict) or not isinstance(files, dict):
        raise ValueError("without its tables")  # noqa: TRY004 - the value is at fault, not the caller
    check_clusters(policies)
    if not all(map(_is_count, policies.values())):
        raise ValueError("with an illegal number of policies")
    return Manifest(policies, {path: _entry(path, value) for path, value in files.items()})


def _entry(path: str, value: object) -> Entry:
    if path == MANIFEST or not is_legal(path):
        raise ValueError("with an illegal file name")
    if isinstance(value, dict) and value.keys() == {"sha256", "size"} and _is_count(value["size"]):
        digest = value["sha256"]
        if isinstance(digest, str) and _DIGEST.fullmatch(digest):
            return Entry(digest, value["size"])
    raise ValueError("with an illegal entry")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _object(key: str, members: list[str], end: str) -> list[str]:
    if not members:
        return [f'  "{key}": {{}}{end}']
    return [f'  "{key}": {{', *(f"{member}," for member in members[:-1]), members[-1], f"  }}{end}"]
