"""The ingress and egress rules of a policy, with their peers and ports, become refusals."""

from __future__ import annotations

from collections.abc import Callable

from intentc.prove.admission import values
from intentc.prove.admission.blocks import block_refusals
from intentc.prove.admission.refusal import Refusal, below, house, server, shown
from intentc.prove.admission.selectors import selector_refusals
from intentc.prove.admission.spelling import is_port_name

PEERS_FIELD = {"ingress": "from", "egress": "to"}

_RULE = {direction: frozenset({peers, "ports"}) for direction, peers in PEERS_FIELD.items()}
_PEER = frozenset({"podSelector", "namespaceSelector", "ipBlock"})
_PORT = frozenset({"protocol", "port", "endPort"})
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})
_EVERYBODY = "everybody, inside the cluster and outside"


def rules_refusals(rules: object, direction: str) -> list[Refusal]:
    """Return what is wrong with the rules of a direction, `ingress` or `egress`; paths start at their list.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/networking/validation/validation.go
    """
    return _each(rules, "", lambda rule: _rule_refusals(rule, direction), "leave it out")


def _each(entries: object, path: str, check: Callable[[object], list[Refusal]], empty: str) -> list[Refusal]:
    """Return what is wrong with a list and its entries; where nothing is, which entries stand twice."""
    found: list[Refusal] = []
    taken = values.items(entries, path, found, empty=empty)
    for position, entry in enumerate(taken):
        if inner := check(entry):
            found += below(f"{path}[{position}]", inner)
    if not found and len(taken) > 1:
        for position in values.repeated(taken):
            found.append(house("NP-72", f"{path}[{position}]", "stands a second time"))
    return found


def _rule_refusals(rule: object, direction: str) -> list[Refusal]:
    found: list[Refusal] = []
    known = values.record(rule, _RULE[direction], "", found)
    if known is None or rule is None:
        return found
    peers = PEERS_FIELD[direction]
    if peers in known:
        found += _each(known[peers], peers, _peer_refusals, f"it means {_EVERYBODY}")
    else:
        found.append(house("NP-66", peers, f"without it, the rule is for {_EVERYBODY}"))
    if "ports" in known:
        found += _each(known["ports"], "ports", _port_refusals, "it means every port of every protocol")
    return found


def _peer_refusals(peer: object) -> list[Refusal]:
    found: list[Refusal] = []
    known = values.record(peer, _PEER, "", found)
    if known is None:
        return found
    block = known.get("ipBlock")
    pods = known.get("podSelector")
    namespaces = known.get("namespaceSelector")
    if block is None and pods is None and namespaces is None:
        found.append(server("NP-23", "", "a peer that names nobody"))
    elif block is not None and (pods is not None or namespaces is not None):
        found.append(server("NP-24", "", "`ipBlock` stands beside a selector"))
    elif pods is not None and "namespaceSelector" not in known:
        found.append(
            house("NP-68", "namespaceSelector", "without it, the pods are those of the policy's namespace")
        )
    for name in ("namespaceSelector", "podSelector"):
        if name in known and (inner := selector_refusals(known[name], may_be_empty=False)):
            found += below(name, inner)
    if "ipBlock" in known:
        found += below("ipBlock", _null_or(block, block_refusals))
    return found


def _null_or(value: object, check: Callable[[object], list[Refusal]]) -> list[Refusal]:
    if value is not None:
        return check(value)
    found: list[Refusal] = []
    values.mapping(value, "", found)
    return found


def _port_refusals(entry: object) -> list[Refusal]:
    found: list[Refusal] = []
    known = values.record(entry, _PORT, "", found)
    if known is None or entry is None:
        return found
    if "protocol" in known:
        protocol = values.text(known["protocol"], "protocol", found)
        if known["protocol"] is not None and protocol is not None and protocol not in _PROTOCOLS:
            found.append(server("NP-17", "protocol", f"`{shown(protocol)}` is not `TCP`, `UDP` or `SCTP`"))
    else:
        found.append(house("NP-67", "protocol", "without it, Kubernetes writes `TCP`"))
    port = known.get("port")
    number = None
    if isinstance(port, str):
        if not is_port_name(port):
            found.append(server("NP-19", "port", f"`{shown(port)}` is not the name of a port"))
    elif "port" in known:
        number = _port_number(port, "port", "a port number or a port name", found)
    if "endPort" in known:
        last = _port_number(known["endPort"], "endPort", "a port number", found)
        if last is None:
            return found
        if port is None:
            found.append(server("NP-22", "endPort", "a last port without a first"))
        elif isinstance(port, str):
            found.append(server("NP-22", "endPort", "a last port after a named one"))
        elif number is not None and last < number:
            found.append(server("NP-21", "endPort", f"`{shown(last)}` is below the first port"))
    return found


def _port_number(value: object, path: str, wanted: str, found: list[Refusal]) -> int | None:
    number = values.whole_number(value, path, found, wanted=wanted)
    if number is not None and not 1 <= number <= 65535:
        row = "NP-18" if path == "port" else "NP-20"
        found.append(server(row, path, f"`{shown(number)}` is not within 1 to 65535"))
    return number
