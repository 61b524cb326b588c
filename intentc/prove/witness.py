"""A region of flows becomes one concrete flow of it, as small as possible, in the words of the language."""

from __future__ import annotations

from typing import NamedTuple

from intentc import ir
from intentc.prove.labels import LabelSet, Values, example, named
from intentc.prove.numbers import Numbers, PortSet, address_text
from intentc.prove.regions import Region


class PodSample(NamedTuple):
    """A pod that could exist: the labels it needs, in a namespace by its name or, without one, by labels."""

    namespace: str
    namespace_labels: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the pod as an endpoint of the language."""
        where = self.namespace or (f"{{{_listed(self.namespace_labels)}}}" if self.namespace_labels else "*")
        return f"{where}[{_listed(self.labels)}]" if self.labels else where


class AddressSample(NamedTuple):
    """An address, or the name of what stands for one."""

    text: str

    def __str__(self) -> str:
        """Return the address."""
        return self.text


Sample = PodSample | AddressSample


class Witness(NamedTuple):
    """One concrete flow; `port` is a number, a port name, or empty for a protocol without ports."""

    source: Sample
    target: Sample
    protocol: str
    port: str

    def __str__(self) -> str:
        """Return the flow as `source -> target protocol port`."""
        port = f" {self.port}" if self.port else ""
        return f"{self.source} -> {self.target} {self.protocol}{port}"


def end(region: Region, prefix: str, *, namespace: str = "") -> Sample:
    """Return a sample of the end with the coordinates of `prefix`: `subject`, `peer`, `source`, `target`."""
    kind = region.get((f"{prefix} kind", ""))
    addresses = region.get((f"{prefix} addresses", ""))
    if isinstance(addresses, Numbers) and addresses:
        family = 4 if isinstance(kind, Values) and "ipv4" in kind.listed else 6
        return AddressSample(address_text(family, addresses.intervals[0][0]))
    if isinstance(kind, Values) and "pods" not in kind.listed:
        return AddressSample(str(min(filter(None, kind.listed), default="")))
    namespaces = named(namespace) if namespace else _label_set(region, f"{prefix} namespace")
    labels = dict(example(namespaces))
    name = labels.pop(ir.NAMESPACE_LABEL, "")
    pods = example(_label_set(region, prefix))
    return PodSample(name, tuple(labels.items()), pods)


def port(ports: PortSet) -> tuple[str, str]:
    """Return the smallest port of a set: protocol, and number or name."""
    for protocol, found in ports.numbers:
        return protocol, str(found.intervals[0][0])
    for protocol, name in sorted(ports.names):
        return protocol, name
    other = min(ports.others)
    return "any protocol but TCP, UDP and SCTP" if other == "*" else other, ""


def _label_set(region: Region, where: str) -> LabelSet:
    return tuple(
        sorted(
            (
                (key, part)
                for (about, key), part in region.items()
                if about == where and isinstance(part, Values)
            ),
            key=lambda item: item[0],
        )
    )


def _listed(labels: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels)
