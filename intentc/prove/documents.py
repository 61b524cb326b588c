"""What the readers make of emitted files, the same whichever reader read them."""

from __future__ import annotations

from typing import NamedTuple

from intentc.prove.numbers import PortSet
from intentc.prove.shapes import Peer, Subject

Rule = tuple[tuple[Peer, ...], PortSet]
"""The peers and ports of one rule: every peer may use every port."""

NOT_APPLIED = frozenset(
    {
        "argocd.argoproj.io/hook",
        "client.lifecycle.config.k8s.io/mutation",
        "config.kubernetes.io/local-config",
        "configmanagement.gke.io/cluster-selector",
        "configmanagement.gke.io/managed",
        "configmanagement.gke.io/namespace-selector",
        "configsync.gke.io/cluster-name-selector",
        "helm.sh/hook",
        "kapp.k14s.io/exists",
        "kapp.k14s.io/noop",
        "kapp.k14s.io/update-strategy",
        "kustomize.toolkit.fluxcd.io/reconcile",
        "kustomize.toolkit.fluxcd.io/ssa",
    }
)
"""Annotations and labels by which what applies a document leaves it out, or takes it away again.

https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
https://kubernetes.io/docs/reference/labels-annotations-taints/#config-kubernetes-io-local-config
https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
https://cloud.google.com/kubernetes-engine/config-sync/docs/reference/labels-and-annotations
https://carvel.dev/kapp/docs/latest/apply/#controlling-apply-via-resource-annotations
"""

NOT_RENDERED = "+argocd:skip-file-rendering"
"""Argo CD passes over a file that holds these bytes, in a comment or anywhere else.

https://argo-cd.readthedocs.io/en/stable/user-guide/directory/#skipping-file-rendering
"""


class Unreadable(Exception):
    """Some bytes of a file are not what the reader accepts: where, and what was expected."""

    def __init__(self, place: str, reason: str) -> None:
        """Name the place as `path`, `path:line` or `path, spec.egress[2]`."""
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class PolicyDocument(NamedTuple):
    """One NetworkPolicy: which pods it isolates, and the rules it admits; None where it does not isolate.

    `position` counts the documents of its file from 1; `subject` is None where no pod can be selected. A
    policy of Cilium for the whole cluster has no namespace.
    """

    path: str
    position: int
    namespace: str
    name: str
    subject: Subject | None
    leaving: tuple[Rule, ...] | None
    entering: tuple[Rule, ...] | None
    is_clusterwide: bool = False

    @property
    def title(self) -> str:
        """Return what a person finds the document by."""
        if self.is_clusterwide:
            return f"CiliumClusterwideNetworkPolicy `{self.name}` in `{self.path}`"
        return f"NetworkPolicy `{self.namespace}/{self.name}` in `{self.path}`"

    def place(self, direction: str, rule: int, peer: int) -> str:
        """Return where a peer stands in the document; `direction` is `egress` or `ingress`."""
        key = "to" if direction == "egress" else "from"
        last = f"{key}Entities" if self.is_clusterwide else f"{key}[{peer}]"
        return f"spec.{direction}[{rule}].{last}"
