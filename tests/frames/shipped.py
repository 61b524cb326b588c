"""Which frames ship: those that a handful of ordinary programs need."""

from __future__ import annotations

import json
from unittest.mock import patch

from intentc.backends import frames, rendering
from intentc.backends.frames import Frame, Names, digest
from intentc.compiler import compile_texts

LABELS = tuple(", ".join(f"k{number}=v" for number in range(count)) for count in range(5))
PROFILE = """\
version: 1
clusters:
  prod:
    podCIDRs: [100.64.0.0/14]
    nodeCIDRs: [192.168.64.0/19]
    firewall: {mode: explicit, project: net-prod, network: vpc-prod, targetTags: [gke-prod-node]}
"""


def programs() -> list[dict[str, str]]:
    """Return the programs: pods by up to four labels, up to four ports, clauses, addresses, every path."""
    lines = ["a -> b:80", "isolate c"]
    lines += [f"a[{labels}] -> b{count}[{labels}]:80" for count, labels in enumerate(LABELS) if labels]
    lines += [f"p{count} -> q:{', '.join(str(80 + port) for port in range(count))}" for count in range(1, 5)]
    lines += ["a -> r:80-90, 53/udp", "a -> t:*", "203.0.113.0/24 -> u:80"]
    lines += [
        'a -> w:80 because "x"',
        'a -> x:80 because "x" owner y',
        'a -> y:80 because "x" owner y ticket z',
    ]
    lines += ["a -> internet:443", "a[app in (a, b)] -> z:80", "a[!k] -> z1:80"]
    paths = ["a -> d:80 via nodeport 30080", "a -> e:80 via hostport 8080", "nodes -> f:80"]
    return [
        *(  # a firewall rule holds all ports of one protocol between the same ends
            {"a.intent": "".join(f"a -> b:{80 + 2 * port}\n" for port in range(count))}
            for count in range(1, 17)
        ),
        {"a.intent": "\n".join(lines) + "\n"},
        {"a.intent": "\n".join([*lines, *paths]) + "\n", "intentc.yaml": PROFILE},
    ]


def wanted() -> str:
    """Return the text that `templates/frames.json` should have; to be asked in a fresh process."""
    found: dict[str, dict[Names, Frame]] = {}
    make = frames.make

    def note(template: str, names: Names) -> Frame:
        frame = make(template, names)
        found.setdefault(template, {})[names] = frame
        return frame

    known: dict[object, object] = {}
    with (
        patch.object(frames, "make", note),
        patch.object(rendering, "_shipped", lambda _template: {}),
        patch.object(rendering, "_known", known),
        patch.object(rendering, "_known_flat", {}),
    ):
        for files in programs():
            result = compile_texts(files)
            assert result.artifacts, result.diagnostics
    document = {
        template: {
            "sha256": digest(template),
            "frames": sorted([names, *frame] for names, frame in its.items()),
        }
        for template, its in sorted(found.items())
    }
    return (
        json.dumps(document, indent=None, separators=(",", ":"), sort_keys=True).replace('],[[["', '],\n[[["')
        + "\n"
    )
