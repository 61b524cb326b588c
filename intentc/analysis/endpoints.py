"""Look endpoints up in one cluster's facts: words become ranges, namespaces and labels become selectors."""

from __future__ import annotations

from functools import lru_cache

from intentc import ir, nodes
from intentc.analysis.existing import Existing, known_namespaces
from intentc.analysis.ranges import Range, collapse, covers, overlaps, parse_range
from intentc.analysis.reality import Reality
from intentc.analysis.resolution import Resolution
from intentc.diagnostics import Diagnostic, Edit, Fix, error, has_errors
from intentc.nearest import nearest
from intentc.profile import Profile, Project
from intentc.source import Span

GOOGLE_RANGES: dict[str, tuple[str, ...]] = {
    # https://cloud.google.com/load-balancing/docs/health-checks#firewall_rules
    "google-health-checks": ("130.211.0.0/22", "35.191.0.0/16"),
    # https://cloud.google.com/iap/docs/using-tcp-forwarding#create-firewall-rule
    "google-iap": ("35.235.240.0/20",),
    # https://cloud.google.com/vpc/docs/configure-private-google-access#domain-options
    "google-apis-private": ("199.36.153.8/30",),
    "google-apis-restricted": ("199.36.153.4/30",),
}

# What `internet` leaves out: https://www.iana.org/assignments/iana-ipv4-special-registry, multicast and
# reserved space. In IPv6 all global unicast space is 2000::/3, which leaves out the rest by itself.
_NOT_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001:db8::/32",
)
_ONLY_SOURCES = ("google-health-checks", "google-iap")
_ONLY_TARGETS = ("google-apis-private", "google-apis-restricted")
_OPERATORS = {"=": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", "exists": "Exists", "!": "DoesNotExist"}


class Endpoints:
    """Resolve the endpoints of one cluster; equal endpoints give the same object."""

    def __init__(self, project: Project, profile: Profile, diagnostics: list[Diagnostic]) -> None:
        self._profile = profile
        self._diagnostics = diagnostics
        self._known = existing_namespaces(project)
        existing = None if project.inventory is None else Existing(project, project.inventory)
        self.reality = None if existing is None else Reality(project, existing, diagnostics)
        self.resolution = Resolution(existing, diagnostics)
        self._resolved: dict[tuple[nodes.Endpoint, str], ir.Endpoint] = {}
        self._plain: dict[nodes.PlainPods, ir.Pods | None] = {}
        self._selectors: dict[tuple[tuple[str, str], ...], ir.Selector | None] = {(): ()}
        self._pods_known: dict[ir.Pods, ir.Pods] = {}
        self._cluster_ranges = _cluster_ranges(profile)

    def resolve(self, endpoint: nodes.Endpoint, role: str) -> ir.Endpoint | None:
        """Return what `endpoint` is as a `source` or `target` here, or None after reporting why not."""
        known = self._resolved.get((endpoint, role))
        if known is not None:
            return known
        count = len(self._diagnostics)
        result: ir.Endpoint | None
        if isinstance(endpoint, nodes.Pods):
            result = self._pods(endpoint)
        elif isinstance(endpoint, nodes.Addresses):
            result = self._addresses(endpoint)
        elif isinstance(endpoint, nodes.WellKnown):
            result = self._well_known(endpoint, role)
        elif isinstance(endpoint, nodes.Service | nodes.Workload):
            result = self.resolution.pods(endpoint)
        else:
            result = None
        if result is None or has_errors(self._diagnostics[count:]):
            return None
        self._resolved[endpoint, role] = result
        return result

    def plain(self, endpoint: nodes.PlainPods) -> ir.Pods | None:
        """Return the pods of a plain intent, or None where `resolve` would report something."""
        try:
            return self._plain[endpoint]
        except KeyError:
            pass
        found = None
        selector = self._plain_selector(endpoint.labels)
        if selector is not None and (self._known is None or endpoint.namespace in self._known):
            found = self._one(ir.Pods(namespace_selector(endpoint.namespace), selector))
        self._plain[endpoint] = found
        return found

    def _plain_selector(self, labels: tuple[tuple[str, str], ...]) -> ir.Selector | None:
        try:
            return self._selectors[labels]
        except KeyError:
            pass
        selector = tuple(sorted({ir.Requirement(key, "In", (value,)) for key, value in labels}))
        found = None if contradiction(selector) else selector
        self._selectors[labels] = found
        return found

    def _one(self, pods: ir.Pods) -> ir.Pods:
        """Return the one object for equal pods."""
        return self._pods_known.setdefault(pods, pods)

    def _pods(self, endpoint: nodes.Pods) -> ir.Pods:
        if isinstance(endpoint.namespaces, nodes.Namespace):
            self._check_known(endpoint.namespaces)
            namespaces: ir.Selector = namespace_selector(endpoint.namespaces.name)
        else:
            namespaces = self._selector(endpoint.namespaces.selector)
        pods = self._one(ir.Pods(namespaces, self._selector(endpoint.selector)))
        if self.reality is not None:
            self.reality.pods(endpoint, pods)
        return pods

    def _check_known(self, namespace: nodes.Namespace) -> None:
        if self._known is not None and namespace.name not in self._known:
            self._diagnostics.append(unknown_namespace(namespace, self._known))

    def _selector(self, requirements: tuple[nodes.Requirement, ...]) -> ir.Selector:
        selector = {
            ir.Requirement(
                requirement.key,
                _OPERATORS[requirement.operator],  # type: ignore[arg-type] # the table has only the API's words
                tuple(sorted(set(requirement.values))),
            )
            for requirement in requirements
        }
        result = tuple(sorted(selector))
        never = contradiction(result)
        if never and requirements:
            span = requirements[0].span.until(requirements[-1].span)
            message = "selector can never hold"
            label = f"no label `{never}` satisfies all of it"
            help_text = "one of several values is `key in (a, b)`; other pods are another item of the list"
            self._diagnostics.append(error("E216", message, span, label, help=help_text))
        return result

    def _addresses(self, endpoint: nodes.Addresses) -> ir.Addresses:
        base = parse_range(endpoint.address.cidr)
        holes = collapse(parse_range(hole.cidr) for hole in endpoint.excepts)
        for word, ranges in self._cluster_ranges.items():
            for cidr in ranges:
                cluster_range = parse_range(cidr)
                if overlaps(base, cluster_range) and not any(covers(hole, cluster_range) for hole in holes):
                    self._cluster_address(endpoint, base, word, cluster_range)
                    break
        block = ir.Block(endpoint.address.cidr, tuple(str(hole) for hole in holes))
        return ir.Addresses("cidr", (block,))

    def _cluster_address(self, endpoint: nodes.Addresses, base: Range, word: str, known: Range) -> None:
        what, better = {
            "nodes": ("node", "write `nodes`: it stands for the nodes of every cluster"),
            "pods": (
                "pod",
                "write `namespace[labels]`: a range on pod addresses never works in a NetworkPolicy",
            ),
            "services": (
                "Service",
                "write the pods behind the Service: a policy sees their addresses, not the Service's",
            ),
            "control-plane": ("control-plane", "write `control-plane`"),
        }[word]
        name = self._profile.name
        text = endpoint.span.text
        if covers(known, base):
            message = f"`{text}` is a {what} address of cluster `{name}`"
            help_texts: tuple[str, ...] = (better,)
        else:
            message = f"`{text}` holds the {what} range {known} of cluster `{name}`"
            separator = "," if endpoint.excepts else " except"
            help_texts = (f"leave that range out: `{text}{separator} {known}`", better)
        label = f"inside {known}" if covers(known, base) else f"holds {known}"
        self._diagnostics.append(error("E211", message, endpoint.span, label, help=help_texts))

    def _well_known(self, endpoint: nodes.WellKnown, role: str) -> ir.Addresses | None:
        word = endpoint.word
        if word == "internet":
            return ir.Addresses(word, self._internet())
        if word == "nodes":
            return self._needs(endpoint, self._profile.node_cidrs, "nodeCIDRs")
        if word == "control-plane":
            control_plane = self._profile.control_plane
            if role == "target":
                address = (parse_range(control_plane.endpoint),) if control_plane.endpoint else ()
                return self._needs(endpoint, tuple(str(item) for item in address), "controlPlane.endpoint")
            ranges = (control_plane.cidr,) if control_plane.cidr else ()
            return self._needs(endpoint, ranges, "controlPlane.cidr")
        if word not in GOOGLE_RANGES:
            return None
        if (role == "target" and word in _ONLY_SOURCES) or (role == "source" and word in _ONLY_TARGETS):
            other = "source" if role == "target" else "target"
            message = f"`{word}` cannot be a {role}"
            label = f"nothing {'listens' if role == 'target' else 'comes from'} there"
            help_text = f"it stands as a {other} only"
            self._diagnostics.append(error("E212", message, endpoint.span, label, help=help_text))
            return None
        return ir.Addresses(word, tuple(ir.Block(cidr) for cidr in GOOGLE_RANGES[word]))

    def _needs(self, endpoint: nodes.WellKnown, ranges: tuple[str, ...], key: str) -> ir.Addresses | None:
        if ranges:
            return ir.Addresses(endpoint.word, tuple(ir.Block(cidr) for cidr in sorted(ranges)))
        self._diagnostics.append(missing_fact(self._profile, key, f"`{endpoint.word}`", endpoint.span))
        return None

    def _internet(self) -> tuple[ir.Block, ...]:
        excluded = [*_NOT_INTERNET, *(cidr for ranges in self._cluster_ranges.values() for cidr in ranges)]
        blocks = []
        for cidr in ("0.0.0.0/0", "2000::/3"):
            base = parse_range(cidr)
            holes = collapse(hole for hole in map(parse_range, excluded) if overlaps(base, hole))
            blocks.append(ir.Block(cidr, tuple(str(hole) for hole in holes)))
        return tuple(blocks)


def unknown_namespace(namespace: nodes.Namespace, known: frozenset[str]) -> Diagnostic:
    """Return the error for a namespace that is none of those that exist."""
    close = nearest(namespace.name, known.union(nodes.WELL_KNOWN))
    help_text = "add it to `namespaces` in `intentc.yaml`"
    fixes: tuple[Fix, ...] = ()
    if close:
        help_text = f"a {'namespace' if close in known else 'word'} with a similar name exists: `{close}`"
        fixes = (Fix(f"write `{close}`", (Edit(namespace.span, close),), safe=False),)
    message = f"namespace `{namespace.name}` is not known"
    label = "no manifest and no `namespaces` list has it"
    return error("E203", message, namespace.span, label, help=help_text, fixes=fixes)


def existing_namespaces(project: Project) -> frozenset[str] | None:
    """Return the namespaces that exist, or None where the project does not list them."""
    if project.namespaces is None:
        return None
    if project.inventory is None:
        return frozenset(space.name for space in project.namespaces)
    return known_namespaces(project, project.inventory)


def missing_fact(profile: Profile, key: str, what: str, span: Span) -> Diagnostic:
    """Return the error for an intent that needs the value `key` of a profile that lacks it."""
    message = f"cluster `{profile.name}` has no `{key}`"
    help_text = f"add `{key}` to the cluster `{profile.name}` in `intentc.yaml`"
    return error("E210", message, span, f"{what} needs it", help=help_text)


@lru_cache(maxsize=65536)
def namespace_selector(name: str) -> ir.Selector:
    """Return the selector that holds for the namespace `name` alone."""
    return (ir.Requirement(ir.NAMESPACE_LABEL, "In", (name,)),)


def contradiction(selector: ir.Selector) -> str:
    """Return a key whose requirements can never hold together, or an empty text."""
    allowed: dict[str, set[str]] = {}
    refused: dict[str, set[str]] = {}
    absent: set[str] = set()
    present: set[str] = set()
    for requirement in selector:
        key = requirement.key
        if requirement.operator == "In":
            values = set(requirement.values)
            allowed[key] = allowed[key] & values if key in allowed else values
        elif requirement.operator == "NotIn":
            refused.setdefault(key, set()).update(requirement.values)
        elif requirement.operator == "Exists":
            present.add(key)
        else:
            absent.add(key)
    for key in sorted(allowed):
        if key in absent or not allowed[key] - refused.get(key, set()):
            return key
    return min(present & absent, default="")


def _cluster_ranges(profile: Profile) -> dict[str, tuple[str, ...]]:
    control_plane = profile.control_plane
    endpoint = (str(parse_range(control_plane.endpoint)),) if control_plane.endpoint else ()
    return {
        "nodes": profile.node_cidrs,
        "pods": profile.pod_cidrs,
        "services": (profile.service_cidr,) if profile.service_cidr else (),
        "control-plane": (*((control_plane.cidr,) if control_plane.cidr else ()), *endpoint),
    }
