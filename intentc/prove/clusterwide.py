"""A CiliumClusterwideNetworkPolicy that admits nodes becomes a `PolicyDocument`, by the rules of its CRD."""

from __future__ import annotations

import re

from intentc import ir
from intentc.prove.admission.metadata import metadata_refusals
from intentc.prove.documents import NOT_APPLIED, PolicyDocument, Rule, Unreadable
from intentc.prove.labels import label_set
from intentc.prove.numbers import PROTOCOLS, PortSet, port_set
from intentc.prove.shapes import Shapes
from intentc.prove.yaml_tree import Tree, read_trees

NAMESPACE_KEY = "k8s:io.kubernetes.pod.namespace"
ENTITIES = {"host", "remote-node"}
"""The node a pod runs on, and all others: together, every node.

https://docs.cilium.io/en/stable/security/policy/language/#entities-based
"""
MOST_PORTS = 40
"""https://github.com/cilium/cilium/blob/v1.18.0/pkg/policy/api/l4.go"""

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_KEY = re.compile(
    r"k8s:(?=.{1,317}\Z)([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
)
_VALUE = re.compile(r"(?=.{0,63}\Z)([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_NUMBER = re.compile("[1-9][0-9]{0,4}")
_PORT_NAME = re.compile("(?=.{1,15}\\Z)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_ENTITIES_KEY = {"egress": "toEntities", "ingress": "fromEntities"}


def read_clusterwide(path: str, content: bytes, shapes: Shapes) -> tuple[PolicyDocument, ...]:
    """Return the policies of a file; raise Unreadable for anything that such a policy of ours does not hold.

    Only what is known here is accepted: the pods of one namespace, every node, and ports. A policy with a
    section for a direction isolates in that direction, as a NetworkPolicy does:
    https://docs.cilium.io/en/stable/security/policy/intro/
    """
    return tuple(_Reader(path, number, shapes).document(tree) for number, tree in read_trees(path, content))


class _Reader:
    """Read one document; every field is known, or the document is refused."""

    def __init__(self, path: str, number: int, shapes: Shapes) -> None:
        self._path = path
        self._number = number
        self._shapes = shapes

    def document(self, tree: Tree) -> PolicyDocument:
        top = self._fields(tree, "", "apiVersion", "kind", "metadata", "spec")
        if (top["apiVersion"], top["kind"]) != ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"):
            raise self._refuse("kind", "not a CiliumClusterwideNetworkPolicy of cilium.io/v2")
        metadata = self._fields(top["metadata"], "metadata", "name", "labels", "annotations")
        name = self._text(metadata["name"], "metadata.name", _NAME)
        for key in ("labels", "annotations"):
            for word, value in self._mapping(metadata[key], f"metadata.{key}").items():
                self._text(value, f"metadata.{key}.{word}")
                if word in NOT_APPLIED:
                    raise self._refuse(f"metadata.{key}.{word}", "by it, the document may not be applied")
        for refusal in metadata_refusals(metadata):
            if refusal.group == "server":
                raise self._refuse(f"metadata.{refusal.path}", refusal.message)
        spec = self._mapping(top["spec"], "spec")
        directions = [key for key in ("egress", "ingress") if key in spec]
        self._fields(spec, "spec", "endpointSelector", *directions)
        if not directions:
            raise self._refuse("spec", "no direction")
        namespace, pods = self._selector(spec["endpointSelector"])
        found = {key: self._rules(spec[key], key) for key in directions}
        labels = label_set(pods, of_namespace=False)
        subject = None if labels is None else self._shapes.subject(namespace, labels)
        sides = found.get("egress"), found.get("ingress")
        return PolicyDocument(self._path, self._number, "", name, subject, *sides, is_clusterwide=True)

    def _selector(self, tree: Tree) -> tuple[str, list[ir.Requirement]]:
        """Return the one namespace that is selected, and what is asked of its pods' labels."""
        where = "spec.endpointSelector"
        selector = self._mapping(tree, where)
        if set(selector) - {"matchLabels", "matchExpressions"} or "matchLabels" not in selector:
            raise self._refuse(where, "not `matchLabels` and `matchExpressions`")
        equal = dict(self._mapping(selector["matchLabels"], f"{where}.matchLabels"))
        namespace = self._text(equal.pop(NAMESPACE_KEY, None), f"{where}.matchLabels", _NAMESPACE)
        found = [
            ir.Requirement(self._key(key, where), "In", (self._text(value, f"{where}.{key}", _VALUE),))
            for key, value in equal.items()
        ]
        for item in self._list(selector["matchExpressions"], where) if "matchExpressions" in selector else ():
            place = f"{where}.matchExpressions"
            expression = self._mapping(item, place)
            names = ("values",) if "values" in expression else ()
            self._fields(expression, place, "key", "operator", *names)
            key = self._key(self._text(expression["key"], place), place)
            values = self._list(expression["values"], place) if names else []
            texts = tuple(self._text(value, place, _VALUE) for value in values)
            match expression["operator"]:
                case "In" | "NotIn" as operator if texts:
                    found.append(ir.Requirement(key, operator, texts))
                case "Exists" | "DoesNotExist" as operator if not names:
                    found.append(ir.Requirement(key, operator))
                case _:
                    raise self._refuse(place, "an operator that is unknown, or does not fit its values")
        return namespace, found

    def _key(self, text: str, where: str) -> str:
        if not _KEY.fullmatch(text) or text == NAMESPACE_KEY:
            raise self._refuse(where, f"`{text}` is not a pod's label")
        return text.removeprefix("k8s:")

    def _rules(self, tree: Tree, direction: str) -> tuple[Rule, ...]:
        key = _ENTITIES_KEY[direction]
        rules: list[Rule] = []
        for index, item in enumerate(self._list(tree, f"spec.{direction}")):
            where = f"spec.{direction}[{index}]"
            rule = self._fields(item, where, key, "toPorts")
            entities = [self._text(entity, f"{where}.{key}") for entity in self._list(rule[key], where)]
            if sorted(entities) != sorted(ENTITIES):
                raise self._refuse(f"{where}.{key}", "not `host` and `remote-node`, which is every node")
            ports = self._shapes.ports(self._ports(rule["toPorts"], f"{where}.toPorts"))
            rules.append(((self._shapes.peer("node"),), ports))
        return tuple(rules)

    def _ports(self, tree: Tree, where: str) -> PortSet:
        intervals: list[tuple[str, int, int]] = []
        names: list[tuple[str, str]] = []
        for item in self._list(tree, where):
            entries = self._list(self._fields(item, where, "ports")["ports"], where)
            if len(entries) > MOST_PORTS:
                raise self._refuse(where, f"more than {MOST_PORTS} ports in one list")
            for entry in entries:
                self._add_port(entry, f"{where}.ports", intervals, names)
        return port_set(intervals, names)

    def _add_port(
        self, tree: Tree, where: str, intervals: list[tuple[str, int, int]], names: list[tuple[str, str]]
    ) -> None:
        entry = self._mapping(tree, where)
        self._fields(entry, where, "port", "protocol", *(["endPort"] if "endPort" in entry else []))
        protocol, port = self._text(entry["protocol"], where), self._text(entry["port"], where)
        if protocol not in PROTOCOLS:
            raise self._refuse(where, "not TCP, UDP or SCTP")
        if _PORT_NAME.fullmatch(port) and "endPort" not in entry:
            names.append((protocol, port))
            return
        first = int(port) if _NUMBER.fullmatch(port) else 0
        last = entry.get("endPort", first)
        if not isinstance(last, int) or not 1 <= first <= last <= 65535:
            raise self._refuse(where, "not a port, a port name or a range of ports")
        intervals.append((protocol, first, last))

    # --- Types ------------------------------------------------------------------------------------------

    def _fields(self, tree: Tree, where: str, *names: str) -> dict[str, Tree]:
        """Return a mapping that has exactly these keys."""
        found = self._mapping(tree, where)
        for name in found.keys() ^ set(names):
            reason = "missing" if name in names else "a field that is not known"
            raise self._refuse(f"{where}.{name}".lstrip("."), reason)
        return found

    def _mapping(self, tree: Tree | None, where: str) -> dict[str, Tree]:
        if not isinstance(tree, dict):
            raise self._refuse(where, "not a mapping")
        return tree

    def _list(self, tree: Tree, where: str) -> list[Tree]:
        """Return a list with something in it: an empty one would mean everybody, or nothing at all."""
        if not isinstance(tree, list) or not tree:
            raise self._refuse(where, "not a list with something in it")
        return tree

    def _text(self, tree: Tree | None, where: str, form: re.Pattern[str] | None = None) -> str:
        if not isinstance(tree, str) or (form and not form.fullmatch(tree)):
            raise self._refuse(where, "not a text, or not of the legal form")
        return tree

    def _refuse(self, where: str, reason: str) -> Unreadable:
        place = f"{self._path}, document {self._number}"
        return Unreadable(f"{place}, {where}" if where else place, reason)
