"""Any NetworkPolicy manifest becomes a `PolicyDocument`, by the rules of the Kubernetes API."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intentc import ir
from intentc.prove.documents import NOT_APPLIED, PolicyDocument, Rule, Unreadable
from intentc.prove.labels import EVERYTHING, LabelSet, label_set, named
from intentc.prove.numbers import ANYTHING, PROTOCOLS, PortSet, port_set
from intentc.prove.shapes import Peer, Shapes
from intentc.prove.yaml_tree import Tree, read_trees

Mapping = dict[str, Tree]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def read_policies(path: str, content: bytes, shapes: Shapes) -> tuple[tuple[PolicyDocument, Tree], ...]:
    """Return the NetworkPolicies of a file, each with its tree; raise Unreadable for anything else.

    https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
    """
    return tuple(
        (_Reader(path, number, shapes).document(tree), tree) for number, tree in read_trees(path, content)
    )


class _Reader:
    """Read one document; every field is known, or the document is refused."""

    def __init__(self, path: str, number: int, shapes: Shapes) -> None:
        self._path = path
        self._number = number
        self._shapes = shapes
        self._namespace = ""

    def document(self, tree: Tree) -> PolicyDocument:
        top = self._mapping(tree, "", ("apiVersion", "kind", "metadata", "spec"))
        if (top.get("apiVersion"), top.get("kind")) != ("networking.k8s.io/v1", "NetworkPolicy"):
            raise self._refuse("kind", "not a NetworkPolicy of networking.k8s.io/v1")
        metadata = self._mapping(
            top.get("metadata"), "metadata", ("name", "namespace", "labels", "annotations")
        )
        name = self._name(metadata.get("name"), "metadata.name")
        self._namespace = self._name(metadata.get("namespace"), "metadata.namespace")
        for key in ("labels", "annotations"):
            for word, _ in self._texts(metadata.get(key, {}), f"metadata.{key}"):
                if word in NOT_APPLIED:
                    raise self._refuse(f"metadata.{key}.{word}", "by it, the document may not be applied")
        spec = self._mapping(top.get("spec"), "spec", ("podSelector", "policyTypes", "ingress", "egress"))
        if "podSelector" not in spec:
            raise self._refuse("spec.podSelector", "missing")
        pods = self._selector(spec["podSelector"], "spec.podSelector", of_namespace=False)
        leaving = self._rules(spec["egress"], "spec.egress", "to") if "egress" in spec else ()
        entering = self._rules(spec["ingress"], "spec.ingress", "from") if "ingress" in spec else ()
        types = self._types(spec)
        return PolicyDocument(
            self._path,
            self._number,
            self._namespace,
            name,
            None if pods is None else self._shapes.subject(self._namespace, pods),
            leaving if "Egress" in types else None,
            entering if "Ingress" in types else None,
        )

    def _types(self, spec: Mapping) -> list[str]:
        if "policyTypes" not in spec:
            return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        types = self._list(spec["policyTypes"], "spec.policyTypes")
        found = [self._text(item, "spec.policyTypes") for item in types]
        if not found:
            return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        if len(set(found)) != len(found) or set(found) - {"Ingress", "Egress"}:
            raise self._refuse("spec.policyTypes", "not a list of `Ingress` and `Egress`")
        return found

    def _rules(self, tree: Tree, where: str, end: str) -> tuple[Rule, ...]:
        return tuple(
            self._rule(item, f"{where}[{index}]", end) for index, item in enumerate(self._list(tree, where))
        )

    def _rule(self, tree: Tree, where: str, end: str) -> Rule:
        rule = self._mapping(tree, where, (end, "ports"))
        peers: tuple[Peer, ...] = self._shapes.every_peer
        if rule.get(end):
            items = self._list(rule[end], f"{where}.{end}")
            found = (self._peer(item, f"{where}.{end}[{index}]") for index, item in enumerate(items))
            peers = tuple(peer for peer in found if peer is not None)
        elif end in rule:
            self._list(rule[end], f"{where}.{end}")
        ports = self._shapes.ports(self._ports(rule.get("ports", []), f"{where}.ports"))
        return peers, ports

    def _peer(self, tree: Tree, where: str) -> Peer | None:
        peer = self._mapping(tree, where, ("namespaceSelector", "podSelector", "ipBlock"))
        if "ipBlock" in peer:
            if len(peer) > 1:
                raise self._refuse(where, "`ipBlock` stands beside a selector")
            return self._block(peer["ipBlock"], f"{where}.ipBlock")
        if not peer:
            raise self._refuse(where, "an empty peer")
        namespaces: LabelSet | None = named(self._namespace)
        if "namespaceSelector" in peer:
            place = f"{where}.namespaceSelector"
            namespaces = self._selector(peer["namespaceSelector"], place, of_namespace=True)
        pods: LabelSet | None = EVERYTHING
        if "podSelector" in peer:
            pods = self._selector(peer["podSelector"], f"{where}.podSelector", of_namespace=False)
        return None if namespaces is None or pods is None else self._shapes.peer("pods", namespaces, pods)

    def _block(self, tree: Tree, where: str) -> Peer | None:
        block = self._mapping(tree, where, ("cidr", "except"))
        cidr = self._text(block.get("cidr"), f"{where}.cidr")
        excepts = tuple(
            self._text(item, f"{where}.except")
            for item in self._list(block.get("except", []), f"{where}.except")
        )
        try:
            return self._shapes.block(cidr, excepts)
        except ValueError as problem:
            raise self._refuse(where, str(problem)) from problem

    def _ports(self, tree: Tree, where: str) -> PortSet:
        items = self._list(tree, where)
        if not items:
            return ANYTHING
        intervals, names = [], []
        for index, item in enumerate(items):
            place = f"{where}[{index}]"
            entry = self._mapping(item, place, ("protocol", "port", "endPort"))
            protocol = entry.get("protocol", "TCP")
            if not isinstance(protocol, str) or protocol not in PROTOCOLS:
                raise self._refuse(f"{place}.protocol", "not TCP, UDP or SCTP")
            port, last = entry.get("port"), entry.get("endPort", entry.get("port"))
            if port is None and "endPort" not in entry:
                intervals.append((protocol, 1, 65535))
            elif isinstance(port, str) and "endPort" not in entry:
                names.append((protocol, port))
            elif isinstance(port, int) and isinstance(last, int) and 1 <= port <= last <= 65535:
                intervals.append((protocol, port, last))
            else:
                raise self._refuse(place, "not a port, a port name or a range of ports")
        return port_set(intervals, names)

    def _selector(self, tree: Tree, where: str, *, of_namespace: bool) -> LabelSet | None:
        selector = self._mapping(tree, where, ("matchLabels", "matchExpressions"))
        found = [
            ir.Requirement(key, "In", (value,))
            for key, value in self._texts(selector.get("matchLabels", {}), f"{where}.matchLabels")
        ]
        place = f"{where}.matchExpressions"
        for item in self._list(selector.get("matchExpressions", []), place):
            expression = self._mapping(item, place, ("key", "operator", "values"))
            key = self._text(expression.get("key"), f"{place}.key")
            values = self._list(expression.get("values", []), f"{place}.values")
            texts = tuple(self._text(value, f"{place}.values") for value in values)
            match expression.get("operator"):
                case "In" | "NotIn" as operator if texts:
                    found.append(ir.Requirement(key, operator, texts))
                case "Exists" | "DoesNotExist" as operator if not texts:
                    found.append(ir.Requirement(key, operator))
                case _:
                    raise self._refuse(place, "an operator that is unknown, or does not fit its values")
        return label_set(found, of_namespace=of_namespace)

    # --- Types ------------------------------------------------------------------------------------------

    def _mapping(self, tree: Tree | None, where: str, keys: tuple[str, ...]) -> Mapping:
        if not isinstance(tree, dict):
            raise self._refuse(where, "not a mapping")
        for key in tree:
            if key not in keys:
                raise self._refuse(f"{where}.{key}".lstrip("."), "a field that is not known")
        return tree

    def _list(self, tree: Tree, where: str) -> list[Tree]:
        if not isinstance(tree, list):
            raise self._refuse(where, "not a list")
        return tree

    def _text(self, tree: Tree | None, where: str) -> str:
        if not isinstance(tree, str):
            raise self._refuse(where, "not a text")
        return tree

    def _texts(self, tree: Tree, where: str) -> Iterator[tuple[str, str]]:
        if not isinstance(tree, dict):
            raise self._refuse(where, "not a mapping")
        return iter([(key, self._text(value, f"{where}.{key}")) for key, value in tree.items()])

    def _name(self, tree: Tree | None, where: str) -> str:
        if not isinstance(tree, str) or not _NAME.fullmatch(tree):
            raise self._refuse(where, "missing, or not a name")
        return tree

    def _refuse(self, where: str, reason: str) -> Unreadable:
        place = f"{self._path}, document {self._number}"
        return Unreadable(f"{place}, {where}" if where else place, reason)
