"""Plain intents, `namespace[key=value] -> namespace[key=value]:port` on a line, are read without a tree.

The patterns are those of the grammar's own terminals, and the functions that judge the words of any other
statement judge these. What is not plain beyond doubt is left to the grammar: this can refuse, and never
accepts more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from intentc.nodes import Comment, Intent, NumberedPorts, PlainIntent, PlainPods, PlainPorts
from intentc.parser import words
from intentc.resources import read_text
from intentc.source import SourceFile, Span

_RULE_COMMENT = re.compile(r"^//.*$", re.MULTILINE)
_TERMINAL = re.compile(r"^([A-Z_]+)(?:\.[0-9]+)?: /(.*)/$", re.MULTILINE)
_KEYWORD = re.compile(r'"([a-z]+)"')
_NOWHERE = Span(SourceFile("", ""), 0, 0)

Labels = tuple[tuple[str, str], ...]


class Patterns(NamedTuple):
    """The shapes of what stands alone on a line, made of the terminals in `grammar/intent.lark`."""

    intent: re.Pattern[str]
    pair: re.Pattern[str]
    empty: re.Pattern[str]
    keywords: frozenset[str]


@lru_cache(maxsize=1)
def patterns() -> Patterns:
    """Return the patterns of this process."""
    grammar = _RULE_COMMENT.sub("", read_text("intentc.grammar", "intent.lark"))
    terminals = dict(_TERMINAL.findall(grammar))
    word, label, equals = terminals["WORD"], terminals["LABEL"], terminals["EQUALS"]
    # The grammar takes these before it takes a word.
    before = rf"(?!{terminals['WELL_KNOWN']}|{terminals['ADDRESS']})"
    pods = rf"{before}{word}(?:\[[^\[\](){{}}#\"\n]*\])?"
    comment = r"(?P<comment>#[^\n]*)"
    return Patterns(
        re.compile(
            rf"[ \t]*(?P<source>{pods})[ \t]*->[ \t]*(?P<target>{pods}):(?P<port>{word}(?:/{word})?)"
            rf"[ \t\r]*{comment}?(?:\n|\Z)"
        ),
        re.compile(rf"[ \t]*(?P<key>{label})[ \t]*(?:{equals})[ \t]*(?P<value>{label})[ \t]*"),
        re.compile(rf"[ \t\r]*{comment}?(?:\n|\Z)"),
        frozenset(_KEYWORD.findall(grammar)),
    )


class PlainReader:
    """Read the plain intents of one file; each distinct end and port is judged once."""

    def __init__(self, source: SourceFile, expand: Callable[[SourceFile, int, int], Intent]) -> None:
        """Take the file, and what makes the tree of a statement."""
        self._source = source
        self._expand = expand
        self._patterns = patterns()
        self._pods: dict[str, PlainPods | None] = {}
        self._namespaces: dict[str, str | None] = {}
        self._labels: dict[str, Labels | None] = {"": ()}
        self._ports: dict[str, PlainPorts | None] = {}

    def run(self, line: int) -> tuple[int, list[PlainIntent], list[Comment]]:
        """Return the plain intents from a line on where a statement may begin, and the line after them.

        A statement ends only where the next line cannot belong to it. So the last intent before a line of
        another kind is not taken: what it is, the next line decides.
        """
        source, starts = self._source, self._source.line_starts
        text, match, empty = source.text, self._patterns.intent.match, self._patterns.empty.match
        intents: list[PlainIntent] = []
        comments: list[Comment] = []
        waiting: list[Comment] = []
        pending: PlainIntent | None = None
        taken, count = line, len(starts)
        while line < count:
            found = match(text, starts[line])
            intent = self._intent(found) if found is not None else None
            if found is None or intent is None:
                blank = empty(text, starts[line])
                if blank is None:
                    break
                if blank["comment"] is not None:
                    waiting.append(self._comment(blank))
                    line += 1
                    continue
                if pending is not None:
                    intents.append(pending)
                    pending = None
                comments += waiting
                waiting = []
                line += 1
                taken = line
                continue
            if pending is not None:
                intents.append(pending)
            comments += waiting
            waiting = [self._comment(found)] if found["comment"] is not None else []
            pending, taken = intent, line
            line += 1
        if line == count:
            if pending is not None:
                intents.append(pending)
            return count, intents, comments + waiting
        return taken, intents, comments

    def _comment(self, found: re.Match[str]) -> Comment:
        text = found["comment"].rstrip("\r")
        start = found.start("comment")
        return Comment(text, Span(self._source, start, start + len(text)))

    def _intent(self, found: re.Match[str]) -> PlainIntent | None:
        source_text, target_text, port_text = found["source"], found["target"], found["port"]
        try:
            source, target = self._pods[source_text], self._pods[target_text]
            ports = self._ports[port_text]
        except KeyError:
            source, target = self._known_pods(source_text), self._known_pods(target_text)
            ports = self._known_ports(port_text)
        if source is None or target is None or ports is None:
            return None
        return PlainIntent(
            self._source, found.start("source"), found.end("port"), source, target, ports, self._expand
        )

    def _known_pods(self, text: str) -> PlainPods | None:
        if text not in self._pods:
            self._pods[text] = self._new_pods(text)
        return self._pods[text]

    def _new_pods(self, text: str) -> PlainPods | None:
        """Return the pods a text names, or None where the grammar has to say what it is."""
        name, _, selector = text.partition("[")
        if name not in self._namespaces:
            self._namespaces[name] = self._new_namespace(name)
        if selector not in self._labels:
            self._labels[selector] = self._new_labels(selector)
        namespace, labels = self._namespaces[name], self._labels[selector]
        return None if namespace is None or labels is None else PlainPods(namespace, labels)

    def _new_namespace(self, name: str) -> str | None:
        problems: words.Problems = []
        words.namespace(name, _NOWHERE, problems)
        return None if problems or name in self._patterns.keywords else name

    def _new_labels(self, selector: str) -> Labels | None:
        """Return the labels of a selector without its first bracket."""
        problems: words.Problems = []
        labels = []
        for item in selector[:-1].split(","):
            pair = self._patterns.pair.fullmatch(item)
            if pair is None:
                return None
            key, value = pair["key"], pair["value"]
            words.label_key(key, _NOWHERE, problems)
            words.label_value(value, _NOWHERE, problems)
            labels.append((key, value))
        return None if problems else tuple(labels)

    def _known_ports(self, text: str) -> PlainPorts | None:
        if text not in self._ports:
            problems: words.Problems = []
            number, slash, protocol = text.partition("/")
            spoken = words.protocol(protocol, _NOWHERE, problems) if slash else "TCP"
            port = words.port(number, _NOWHERE, spoken, bool(slash), _NOWHERE, problems)
            if problems:
                self._ports[text] = None
            elif isinstance(port, NumberedPorts):
                self._ports[text] = PlainPorts(port.protocol, port.first, port.last, "")
            else:
                self._ports[text] = PlainPorts(port.protocol, 0, 0, port.name)
        return self._ports[text]
