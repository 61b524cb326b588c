"""The facts of one cluster that decide what an intent becomes, and the project they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from intentc.inventory import Inventory

Dataplane = Literal["calico", "dataplane-v2", "cilium"]
Routing = Literal["routes", "vpc-native"]
FirewallMode = Literal["explicit", "gke-managed", "egress-deny"]


class DnsPeer(NamedTuple):
    """One place name resolution may go to: pods by labels (both selectors at once), or an address range."""

    namespace: str = ""
    pod_labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    cidr: str = ""
    ports: tuple[int, ...] = (53,)


class Dns(NamedTuple):
    """How pods resolve names: a preset's name, or `custom` with its own peers."""

    preset: Literal["kube-dns", "node-local", "cloud-dns", "openshift", "custom"] = "kube-dns"
    cluster_ip: str = ""
    node_local: bool = False
    peers: tuple[DnsPeer, ...] = ()


class ControlPlane(NamedTuple):
    """Where the API server is: the address pods reach it at, and the range its own calls come from."""

    endpoint: str = ""
    cidr: str = ""


@dataclass(frozen=True, slots=True)
class Firewall:
    """How the network in front of the nodes is run; empty texts become input variables of the module."""

    mode: FirewallMode = "explicit"
    project: str = ""
    network: str = ""
    target_tags: tuple[str, ...] = ()
    target_service_accounts: tuple[str, ...] = ()
    priority: int = 1000


@dataclass(frozen=True, slots=True)
class Profile:
    """One cluster; empty ranges are not known. `non_masquerade` is None where the project does not say."""

    name: str = "default"
    dataplane: Dataplane = "calico"
    routing: Routing = "vpc-native"
    pod_cidrs: tuple[str, ...] = ()
    node_cidrs: tuple[str, ...] = ()
    service_cidr: str = ""
    node_port_range: tuple[int, int] = (30000, 32767)
    dns: Dns = field(default_factory=Dns)
    control_plane: ControlPlane = field(default_factory=ControlPlane)
    non_masquerade: tuple[str, ...] | None = None
    firewall: Firewall = field(default_factory=Firewall)
    node_cidr_match: bool = False
    clusterwide_policies: bool = False
    workload_identity: bool = False
    autopilot: bool = False


class Namespace(NamedTuple):
    """A namespace the project lists, with its labels."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()


class ManifestFiles(NamedTuple):
    """Which files are manifests, and the namespace of the objects in them that name none."""

    files: str
    namespace: str = "default"


@dataclass(frozen=True, slots=True)
class Project:
    """What `intentc.yaml` says; `declared` is False for the default used where there is no such file.

    `inventory` is what the manifests say exists, and None where the project has none.
    """

    clusters: tuple[Profile, ...] = (Profile(),)
    intents: tuple[str, ...] = ("**/*.intent",)
    manifests: tuple[ManifestFiles, ...] = ()
    output: str = "generated"
    namespaces: tuple[Namespace, ...] | None = None
    declared: bool = False
    severities: tuple[tuple[str, str], ...] = ()
    inventory: Inventory | None = None
