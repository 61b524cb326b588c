"""Recognise NetworkPolicies in the one shape that we write, fast, and account for every byte of the file.

A file is split at separators that no quoted text can hold, as each contains a line end; every piece must
match its pattern as a whole, and separators and pieces together are the file: nothing is skipped. Equal
pieces are read once. What differs from the shape is refused, though it may be good YAML: `policy_reader`
reads that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import NoReturn

from intentc import ir
from intentc.prove.admission import Refusal, refusals
from intentc.prove.admission.metadata import LARGEST_ANNOTATIONS, metadata_refusals
from intentc.prove.admission.rules import rules_refusals
from intentc.prove.admission.selectors import selector_refusals
from intentc.prove.documents import NOT_APPLIED, NOT_RENDERED, PolicyDocument, Rule, Unreadable
from intentc.prove.labels import EVERYTHING, LabelSet, equal_to, label_set
from intentc.prove.numbers import PortSet, port_set
from intentc.prove.shapes import Peer, Shapes
from intentc.prove.yaml_tree import Tree, read_trees

HEADER = "# Written by intentc. Change the intents, not this file.\n"

_LABEL_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
# 253 characters, `/` and 63 more; without a bound a key may be longer than YAML reads.
_LABEL_KEY = rf'(?=[^"]{{1,317}}")(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?{_LABEL_NAME}'
_LABEL_VALUE = rf"(?:{_LABEL_NAME})?"
_NAME_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = rf'(?=[^"]{{1,253}}"){_NAME_PART}(?:\.{_NAME_PART})*'
_NAMESPACE = rf'(?=[^"]{{1,63}}"){_NAME_PART}'
_PORT = r"[1-9][0-9]{0,4}"
# What a double-quoted scalar holds on one line, without the characters that some reader takes for a line end.
_TEXT = (
    r"(?:[ !#-\[\]-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r'|\\["\\nrt]|\\u(?:[0-9a-ce-f][0-9a-f]{3}|d[0-7][0-9a-f]{2})|\\U00(?:0[1-9a-f]|10)[0-9a-f]{4})*'
)

_HEAD = re.compile(
    r'apiVersion: "networking\.k8s\.io/v1"\n'
    r'kind: "NetworkPolicy"\n'
    r"metadata:\n"
    rf'  name: "(?P<name>{_NAME})"\n'
    rf'  namespace: "(?P<namespace>{_NAMESPACE})"\n'
    r"  labels:\n"
    r'    "app\.kubernetes\.io/managed-by": "intentc"\n'
    r"  annotations:\n"
    r"(?P<annotations>(?:    .+\n)+)"
    r"spec:\n"
    r"  podSelector:(?P<pods> \{\}|(?:\n    .+)+)\n"
    r"  policyTypes:\n"
    r'    - "(?P<direction>Egress|Ingress)"\n?'
)
_ANNOTATION = re.compile(rf'    "({_LABEL_KEY})": "({_TEXT})"')
_ESCAPE = re.compile(r"\\(?:u(.{4})|U(.{8})|(.))")
_SHORT = {"n": "\n", "r": "\r", "t": "\t"}
_MATCH_LABEL = re.compile(rf'  "({_LABEL_KEY})": "({_LABEL_VALUE})"')
_MATCH_LABELS = {
    indent: re.compile(
        rf'\n {{{indent}}}matchLabels:(?:\n {{{indent + 2}}}"{_LABEL_KEY}": "{_LABEL_VALUE}")+'
    )
    for indent in (4, 12)
}
_PAIR = re.compile('"([^"]*)": "([^"]*)"')
_EXPRESSION = re.compile(
    rf'key: "({_LABEL_KEY})"\n    operator: "(In|NotIn|Exists|DoesNotExist)"'
    rf'((?:\n    values:(?:\n      - "{_LABEL_VALUE}")+)?)'
)
_BLOCK = re.compile(
    r'ipBlock:\n            cidr: "([0-9a-f.:/]+)"'
    r'((?:\n            except:(?:\n              - "[0-9a-f.:/]+")+)?)'
)
_PORTS = re.compile(
    r'protocol: "(TCP|UDP|SCTP)"\n'
    rf'          port: (?:({_PORT})(?:\n          endPort: ({_PORT}))?|"([a-z0-9-]+)")'
)
_QUOTED = re.compile('"([^"]*)"')
_METADATA: dict[str, Tree] = {
    "name": "a",
    "namespace": "a",
    "labels": {"app.kubernetes.io/managed-by": "intentc"},
}
_SOMEBODY: Tree = [{"namespaceSelector": {"matchLabels": {"a": "a"}}}]
_MOST_RULES = 4096
"""How many rules are remembered: those for name resolution are in every policy, few others come again."""

_SEPARATOR = {"Egress": ("\n  egress:", "\n    - to:"), "Ingress": ("\n  ingress:", "\n    - from:")}


class Canonical:
    """Read files in our own shape; what one file taught is known for the next.

    `refused` collects what the platform would not admit, with its place: each distinct piece is asked about
    once.
    """

    def __init__(self, shapes: Shapes) -> None:
        """Give equal things the objects that `shapes` has for them."""
        self._shapes = shapes
        self._peers: dict[str, Peer | None] = {}
        self._ports: dict[str, PortSet] = {}
        self._rules_known: dict[str, Rule] = {}
        self._selectors: dict[tuple[str, int], LabelSet | None] = {}
        self._labels: set[tuple[str, str]] = set()
        self._annotations: set[str] = set()
        self._path = ""
        self._position = 0
        self.refused: list[tuple[str, Refusal]] = []

    def read(self, path: str, content: bytes) -> tuple[PolicyDocument, ...]:
        """Return the NetworkPolicies of a file; raise Unreadable when a byte is not as we write it."""
        self._path, self._position = path, 0
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise Unreadable(path, f"byte {problem.start} is not UTF-8") from problem
        if NOT_RENDERED in text:
            raise Unreadable(path, f"`{NOT_RENDERED}`, by which the file may not be applied")
        first, *documents = text.split("---\n")
        if first != HEADER or not documents:
            self._refuse("the first line or the first document is not as written", first)
        found = []
        for position, document in enumerate(documents, 1):
            self._position = position
            found.append(self._document(document))
        return tuple(found)

    def _document(self, text: str) -> PolicyDocument:
        if not text.endswith("\n"):
            self._refuse("the last line has no end", text[-80:])
        head, egress, rules = text.partition("\n  egress:")
        ingress = ""
        if not egress:
            head, ingress, rules = text.partition("\n  ingress:")
        match = _HEAD.fullmatch(head)
        if match is None:
            self._refuse("the head of a policy is not as written", head)
        name, namespace, annotations, pods_text, direction = match.groups()
        if annotations not in self._annotations:
            self._check_annotations(annotations)
        self._check_size(text, annotations)
        pods = EVERYTHING if pods_text == " {}" else self._selector(pods_text, 4, of_namespace=False)
        section, separator = _SEPARATOR[direction]
        found: tuple[Rule, ...] = ()
        if egress or ingress:
            if (egress or ingress) != section or head.endswith("\n"):
                self._refuse("rules stand in another direction than the policy's", head)
            found = self._rules(rules[:-1], separator)
        elif not head.endswith("\n"):
            self._refuse("the last line has no end", head)
        return PolicyDocument(
            self._path,
            self._position,
            namespace,
            name,
            None if pods is None else self._shapes.subject(namespace, pods),
            found if direction == "Egress" else None,
            found if direction == "Ingress" else None,
        )

    def _check_annotations(self, text: str) -> None:
        annotations: dict[str, Tree] = {}
        for line in text[:-1].split("\n"):
            match = _ANNOTATION.fullmatch(line)
            if match is None:
                self._refuse("an annotation is not as written", line)
            if match[1] in annotations:
                self._refuse("an annotation stands twice", text)
            annotations[match[1]] = _ESCAPE.sub(_unescape, match[2])
        if not NOT_APPLIED.isdisjoint(annotations):
            self._refuse("an annotation by which the document may not be applied", text)
        self._annotations.add(text)
        self._ask(metadata_refusals({**_METADATA, "annotations": annotations}))

    def _ask(self, found: Iterable[Refusal]) -> None:
        for refusal in found:
            self.refused.append((f"{self._path}, document {self._position}", refusal))

    def _check_size(self, text: str, annotations: str) -> None:
        """Ask about a document as a whole where annotations could make what `kubectl apply` adds too large.

        Without them it is smaller than the text: each line takes fewer bytes as JSON than with its margin
        as YAML. An annotation's character takes 6 bytes at most, and counts twice.
        """
        if len(text) + 12 * len(annotations) > LARGEST_ANNOTATIONS - 1024:
            for _, tree in read_trees(self._path, text.encode()):
                self._ask(refusals(tree))

    # --- Rules ------------------------------------------------------------------------------------------

    def _rules(self, text: str, separator: str) -> tuple[Rule, ...]:
        known_peers, known_ports = self._peers, self._ports
        found: list[Rule] = []
        rules = self._items(text, separator)
        if len(rules) > 1 and len(set(rules)) < len(rules):
            self._refuse("a rule stands twice", text)
        for rule in rules:
            known = self._rules_known.get(rule)
            if known is not None:
                found.append(known)
                continue
            peers_text, _, ports_text = rule.partition("\n      ports:")
            ports = known_ports.get(ports_text)
            if ports is None:
                ports = self._new_ports(ports_text)
            pieces = self._items(peers_text, "\n        - ")
            if len(pieces) > 1 and len(set(pieces)) < len(pieces):
                self._refuse("a peer stands twice in a rule", peers_text)
            try:
                peers = [known_peers[piece] for piece in pieces]
            except KeyError:
                peers = [
                    known_peers[piece] if piece in known_peers else self._new_peer(piece) for piece in pieces
                ]
            known = tuple(filter(None, peers)), ports
            if len(self._rules_known) < _MOST_RULES:
                self._rules_known[rule] = known
            found.append(known)
        return tuple(found)

    def _new_peer(self, text: str) -> Peer | None:
        peer: Peer | None
        if text.startswith("ipBlock:"):
            peer = self._block(text)
        else:
            head, _, rest = text.partition("\n")
            if head != "namespaceSelector:":
                self._refuse("a peer is not as written", text)
            namespaces_text, inside, pods_text = rest.partition("\n          podSelector:\n")
            namespaces = self._selector(f"\n{namespaces_text}", 12, of_namespace=True)
            pods = self._selector(f"\n{pods_text}", 12, of_namespace=False) if inside else EVERYTHING
            peer = None if namespaces is None or pods is None else self._shapes.peer("pods", namespaces, pods)
        self._peers[text] = peer
        return peer

    def _block(self, text: str) -> Peer | None:
        match = _BLOCK.fullmatch(text)
        if match is None:
            self._refuse("an ipBlock is not as written", text)
        cidr, excepts = match[1], _QUOTED.findall(match[2])
        if excepts or ":" in cidr:
            block: Tree = {"cidr": cidr, **({"except": excepts} if excepts else {})}
            self._ask(rules_refusals([{"from": [{"ipBlock": block}]}], "ingress"))
        try:
            return self._shapes.block(cidr, tuple(excepts))
        except ValueError as problem:
            self._refuse(str(problem), text)

    def _new_ports(self, text: str) -> PortSet:
        intervals, names = [], []
        tree: list[Tree] = []
        for piece in self._items(text, "\n        - "):
            match = _PORTS.fullmatch(piece)
            if match is None:
                self._refuse("ports are not as written", text)
            protocol, first, last, name = match.groups()
            if name:
                names.append((protocol, name))
                tree.append({"protocol": protocol, "port": name})
                continue
            interval = protocol, int(first), int(last or first)
            if not interval[1] <= interval[2] <= 65535:
                self._refuse("a range of ports is not one", text)
            intervals.append(interval)
            tree.append(
                {"protocol": protocol, "port": int(first), **({"endPort": int(last)} if last else {})}
            )
        if names or len(tree) > 1:
            self._ask(rules_refusals([{"from": _SOMEBODY, "ports": tree}], "ingress"))
        found = self._ports[text] = self._shapes.ports(port_set(intervals, names))
        return found

    # --- Selectors --------------------------------------------------------------------------------------

    def _selector(self, text: str, indent: int, *, of_namespace: bool) -> LabelSet | None:
        """Read a selector whose every line, the first included, follows a line end and `indent` spaces."""
        key = text, of_namespace
        try:
            return self._selectors[key]
        except KeyError:
            pass
        found: LabelSet | None
        if _MATCH_LABELS[indent].fullmatch(text):
            pairs = _PAIR.findall(text)
            labels: dict[str, str] = dict(pairs)
            if len(labels) < len(pairs):
                self._refuse("a label of a selector stands twice", text)
            found = equal_to(labels)
            if not self._labels.issuperset(pairs):
                self._labels.update(pairs)
                self._ask(selector_refusals({"matchLabels": labels}, may_be_empty=False))
        else:
            requirements, tree = self._requirements(text, indent)
            found = label_set(requirements, of_namespace=of_namespace)
            self._ask(selector_refusals(tree, may_be_empty=False))
        self._selectors[key] = found
        return found

    def _requirements(self, text: str, indent: int) -> tuple[list[ir.Requirement], Tree]:
        lines = self._items(text, "\n" + " " * indent)
        if any("\n" in line for line in lines):
            self._refuse("a line of a selector is not indented as written", text)
        labels: list[str] = []
        if lines[0] == "matchLabels:":
            labels = list(takewhile(_MATCH_LABEL.fullmatch, lines[1:]))
            lines = lines[1 + len(labels) :]
            if not labels:
                self._refuse("a selector is not as written", text)
        tree: dict[str, Tree] = {}
        found = [ir.Requirement(key, "In", (value,)) for key, value in map(_label, labels)]
        if found:
            tree["matchLabels"] = {requirement.key: requirement.values[0] for requirement in found}
        if len({requirement.key for requirement in found}) != len(found):
            self._refuse("a label of a selector stands twice", text)
        if lines:
            if lines[0] != "matchExpressions:":
                self._refuse("a selector is not as written", text)
            expressions = self._expressions("".join(f"\n{line}" for line in lines[1:]))
            tree["matchExpressions"] = [_expression_tree(requirement) for requirement in expressions]
            found += expressions
        return found, tree

    def _expressions(self, text: str) -> list[ir.Requirement]:
        found = []
        for piece in self._items(text, "\n  - "):
            match = _EXPRESSION.fullmatch(piece)
            if match is None:
                self._refuse("an expression of a selector is not as written", text)
            key, operator, values_text = match.groups()
            if (operator in ("In", "NotIn")) != bool(values_text):
                self._refuse("an operator does not fit its values", text)
            values = tuple(_QUOTED.findall(values_text))
            found.append(ir.Requirement(key, operator, values))  # type: ignore[arg-type]  # one of the four
        return found

    def _items(self, text: str, start: str) -> list[str]:
        """Split a text in which every item follows `start`."""
        nothing, *items = text.split(start)
        if nothing or not items:
            self._refuse("not as written", text)
        return items

    def _refuse(self, reason: str, text: str) -> NoReturn:
        place = f"{self._path}, document {self._position}" if self._position else self._path
        first = next((line for line in text.split("\n") if line.strip()), "")
        raise Unreadable(place, f"{reason}, near `{first.strip()[:80]}`")


def _unescape(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return chr(int(digits, 16)) if digits else _SHORT.get(found[3], found[3])


def _label(line: str) -> tuple[str, str]:
    key, value = _QUOTED.findall(line)
    return key, value


def _expression_tree(requirement: ir.Requirement) -> Tree:
    tree: dict[str, Tree] = {"key": requirement.key, "operator": requirement.operator}
    if requirement.values:
        tree["values"] = list(requirement.values)
    return tree
