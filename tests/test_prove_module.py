"""A Terraform module that could mean more than it says is refused, beside either reader of policies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intentc import ir
from intentc.profile import ControlPlane, Profile
from intentc.prove import prove
from tests.prove_material import (
    APP_B,
    CLUSTER,
    CROSSING_FILES,
    HEADER,
    Files,
    addresses,
    artifacts,
    codes,
    firewall_rule,
    pods,
    ports,
    prove_crossing,
)

MODULE, VARIABLES = "terraform/firewall.tf", "terraform/variables.tf"
VARIABLE = '\nvariable "pod_cidrs" {\n  type = list(string)\n}\n'
VALIDATED = (
    '\nvariable "pod_cidrs" {\n  type     = list(string)\n  nullable = false\n\n  validation {\n'
    '    condition     = length(var.pod_cidrs) > 0\n    error_message = "None."\n  }\n}\n'
)
POD_RANGE = '[\n    "100.64.0.0/14",\n  ]'
WAY = ir.Path("nodeport", 30443, local=True)
EVERYWHERE = (addresses("0.0.0.0/0"), addresses("::/0"))
EXPLICIT, MANAGED = (
    replace(CLUSTER, firewall=replace(CLUSTER.firewall, mode=mode)) for mode in ("explicit", "gke-managed")
)
DENIES = '\n  deny {\n    protocol = "udp"\n  }\n}\n'


def reasons(files: Files) -> list[str]:
    """Return why files are refused, by both ways to read them; they agree."""
    strict, general = (
        [item.message for item in prove_crossing(files, own_shape=own)[1] if item.code == "E904"]
        for own in (True, False)
    )
    assert strict == general
    return strict


def changed(path: str, old: str, new: str) -> Files:
    text = CROSSING_FILES[path]
    assert old in text
    return {**CROSSING_FILES, path: text.replace(old, new, 1)}


def test_the_module_itself_is_read() -> None:
    assert reasons(CROSSING_FILES) == []
    for declared in (VARIABLE, VALIDATED):
        assert reasons({**CROSSING_FILES, VARIABLES: HEADER + declared}) == []


CHANGES = {
    "no direction": ('"EGRESS"', '"egress"', "`direction` is neither INGRESS nor EGRESS"),
    "a priority that is a text": ("= 1000", '= "1000"', "`priority` is no number from 0 to 65535"),
    "a priority that is a truth value": ("= 1000", "= true", "`priority` is no number from 0 to 65535"),
    "a priority above all": ("= 1000", "= 65536", "`priority` is no number from 0 to 65535"),
    "no name": ("  name        =", "  description_ =", "`description_` is not known here"),
    "a name that is a list": ('"intentc-prod-from-balanced"', '["a"]', "`name` is missing"),
    "no network": ('  network     = "vpc-prod"\n', "", "`network` is missing"),
    "an empty project": ('"net-prod"', '""', "`project` is missing"),
    "a range with host bits": ('"203.0.113.0/24"', '"203.0.113.1/24"', "203.0.113.1/24"),
    "a range that is none": ('"203.0.113.0/24"', '"anywhere"', "anywhere"),
    "both families": ('"203.0.113.0/24"', '"203.0.113.0/24", "2001:db8::/32"', "IPv4 and IPv6 in one rule"),
    "an output of something for a range": (POD_RANGE, "local.pods", "`local.pods` is no variable"),
    "a part of a variable": (POD_RANGE, "var.pods.first", "`var.pods.first` is no variable"),
    "ranges that are one text": (POD_RANGE, '"100.64.0.0/14"', "`source_ranges` is no list of texts"),
    "ranges that are numbers": (POD_RANGE, "[10]", "`source_ranges` is no list of texts"),
    "a label on what is allowed": ("  allow {", '  allow "x" {', "not an `allow` or `deny` of ports"),
    "more about what is allowed": (
        '    protocol = "tcp"\n',
        "    log = true\n",
        "`allow` or `deny` of ports",
    ),
    "a protocol that is not known": ('"tcp"', '"any"', "a protocol that is not known, or has no ports"),
    "ports of every protocol": ('"tcp"', '"all"', "a protocol that is not known, or has no ports"),
    "a protocol without ports with some": (
        '"tcp"',
        '"icmp"',
        "a protocol that is not known, or has no ports",
    ),
    "source ranges on the way out": (
        "  destination_ranges = [",
        '  source_ranges = ["10.0.0.0/8"]\n\n  destination_ranges = [',
        "a rule on the way out has source ranges",
    ),
    "a variable nobody declares": (POD_RANGE, "var.pod_cidrs", "`var.pod_cidrs` is not declared"),
    "a name that no rule may have": (
        '"intentc-prod-from-balanced"',
        '"Balanced_"',
        "is no name of a firewall rule",
    ),
    "disabled by a text": (
        "  priority    = 1000",
        '  priority    = 1000\n  disabled    = "true"',
        "neither true nor false",
    ),
    "disabled by a formula": (
        "  priority    = 1000",
        "  priority    = 1000\n  disabled    = length([]) == 0",
        "neither true nor false",
    ),
}


@pytest.mark.parametrize(("old", "new", "reason"), CHANGES.values(), ids=CHANGES)
def test_a_rule_that_is_not_understood_is_refused(old: str, new: str, reason: str) -> None:
    (found,) = reasons(changed(MODULE, old, new))
    assert reason in found


SAFE = VALIDATED[1:]
INPUTS = {
    "as we write it": (SAFE, True),
    "a set": (SAFE.replace("list(", "set("), True),
    "from one to so many": (SAFE.replace("> 0", ">= 1 && length(var.pod_cidrs) <= 250"), True),
    "nobody says that it is none": (VARIABLE, False),
    "null": (SAFE.replace("  nullable = false\n", ""), False),
    "null by a word": (SAFE.replace("= false", "= true"), False),
    "empty": (SAFE.replace("> 0", ">= 0"), False),
    "empty or so many": (SAFE.replace("> 0", "> 0 || length(var.pod_cidrs) <= 250"), False),
    "another list": (SAFE.replace("length(var.pod_cidrs)", "length(var.others)"), False),
    "a fixed truth": (SAFE.replace("length(var.pod_cidrs) > 0", "true"), False),
    "a text": (SAFE.replace("list(string)", "string"), False),
    "of no type": (SAFE.replace("  type     = list(string)\n", ""), False),
}


@pytest.mark.parametrize(("declared", "is_safe"), INPUTS.values(), ids=INPUTS)
def test_an_input_that_may_be_empty_is_refused(declared: str, is_safe: bool) -> None:
    """An empty list of ranges is every address, and an empty list of tags every machine."""
    found = reasons({**changed(MODULE, POD_RANGE, "var.pod_cidrs"), VARIABLES: f"{HEADER}\n{declared}"})
    assert [("may be" in reason) for reason in found] == [True] * (not is_safe)


@pytest.mark.parametrize(
    ("written", "is_text"),
    [("  type = string\n", True), ("", True), ("  type = list(string)\n", False), ("  type = any\n", False)],
)
def test_an_input_that_stands_for_one_text_is_one(written: str, *, is_text: bool) -> None:
    declared = f'\nvariable "project" {{\n{written}  nullable = false\n}}\n'
    found = reasons({**changed(MODULE, '"net-prod"', "var.project"), VARIABLES: f"{HEADER}{declared}"})
    assert [("is no text" in reason) for reason in found] == [not is_text]  # or it is for another project


def test_a_file_that_terraform_merges_into_others_is_refused() -> None:
    text = CROSSING_FILES[MODULE]
    for path in ("terraform/override.tf", "terraform/firewall_override.tf"):
        (reason,) = reasons({**CROSSING_FILES, path: HEADER})
        assert "Terraform merges it into the other files" in reason
        assert len(reasons({**CROSSING_FILES, path: text})) == 1


def test_without_ranges_a_rule_holds_for_every_ipv4_address_and_none_of_ipv6() -> None:
    policy = ir.Policy("c", tuple(ir.Flow(end, APP_B, ports("80"), WAY) for end in EVERYWHERE), (), ())
    meant = firewall_rule("four", "INGRESS", "0.0.0.0/0", tcp='"30443"')
    meant += firewall_rule("six", "INGRESS", "::/0", tcp='"30443"')
    for text, expected in (
        (meant, set()),
        (meant.replace('[\n    "0.0.0.0/0",\n  ]', "[]"), set()),
        (meant.replace('[\n    "::/0",\n  ]', "[]"), {"E902"}),
    ):
        files = artifacts({MODULE: HEADER + text})
        found = prove(files, policy, MANAGED, targets=("terraform",), own_shape=False)[1]
        assert codes(found) == expected


FRAMES = {
    "a variable twice": (VARIABLE * 2, "a variable that is declared twice"),
    "a default": (VARIABLE.replace("  type", "  default = []\n  type"), "`default` is not known here"),
    "a validation of nothing": (VALIDATED.replace("    error_message", "    message"), "not a validation"),
    "another block in it": (VALIDATED.replace("validation", "check"), "a block that is not known here"),
    "a source of data": ('\ndata "google_project" "x" {\n}\n', "does not have"),
    "values by a name": ('\nlocals {\n  a = "b"\n}\n', "does not have"),
    "a module": ('\nmodule "x" {\n  source = "./y"\n}\n', "does not have"),
    "a provider": ('\nprovider "google" {\n  project = "x"\n}\n', "does not have"),
    "another resource": ('\nresource "google_project" "x" {\n}\n', "no `google_compute_firewall`"),
}


@pytest.mark.parametrize(("text", "reason"), FRAMES.values(), ids=FRAMES)
def test_a_block_that_is_not_known_is_refused(text: str, reason: str) -> None:
    (found,) = reasons({**CROSSING_FILES, VARIABLES: HEADER + text})
    assert reason in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source  = "hashicorp/google"\n', 'source  = "hashicorp/google"\n      source  = "evil/google"\n'),
        ("    google = {", "    google = {\n      a = {\n      }\n      a = [\n      ]"),
        ('source  = "hashicorp/google"', "source  = list(string)"),
        ('"hashicorp/google"', '"evil/google"'),
        ("    google = {", "    other = {"),
    ],
)
def test_another_provider_is_refused(old: str, new: str) -> None:
    assert len(reasons(changed("terraform/versions.tf", old, new))) == 1


HERE, ONE, TWO = (
    '"gke-prod-node"',
    '"100.64.0.0/14"',
    '"100.64.0.0/14",\n  ]\n\n  destination_ranges = [\n    "10.0.0.0/8"',
)


@pytest.mark.parametrize(
    ("denying", "denied", "is_known"),
    [
        ((HERE, HERE), (POD_RANGE, POD_RANGE), True),
        ((HERE, '"another"'), (POD_RANGE, POD_RANGE), False),
        ((ONE, TWO), (POD_RANGE, POD_RANGE), False),
        ((HERE, HERE), (POD_RANGE, "var.pod_cidrs"), False),
    ],
    ids=["the same", "other machines", "only some of their addresses", "a range that is an input"],
)
def test_what_a_denying_rule_leaves_is_not_guessed(
    denying: tuple[str, str], denied: tuple[str, str], is_known: bool
) -> None:
    """In files of others a rule may deny; where it denies for some machines only, the rest is not known."""
    text = CROSSING_FILES[MODULE]
    start = text.index('\nresource "google_compute_firewall" "from_pods"')
    rule = text[start : text.index("\nresource", start + 1)]
    narrow = rule.replace("from_pods", "denied").replace("from-pods", "denied").replace("1000", "900")
    narrow = narrow[: narrow.index("\n  allow")].replace(*denying) + DENIES
    module = text.replace(rule, rule.replace(*denied)) + narrow
    files = {**CROSSING_FILES, MODULE: module, VARIABLES: HEADER + VALIDATED}
    messages = [item.message for item in prove_crossing(files, own_shape=False)[1] if item.code == "E904"]
    assert ["what a denying rule leaves of it" in message for message in messages] == [True] * (not is_known)


RELIED_ON = (
    ir.Flow(pods("a"), pods("b"), ports("8443")),
    ir.Flow(pods("a"), addresses("203.0.113.0/24"), ports("443")),
)
"""What passes between machines though our rules do not open it: others do, or nothing is closed there."""


@pytest.mark.parametrize(
    ("direction", "cidr", "ports_text", "lost"),
    [
        ("EGRESS", "0.0.0.0/0", "1-65535", {EXPLICIT, MANAGED}),
        ("EGRESS", "203.0.113.7/32", "443", {EXPLICIT, MANAGED}),
        ("EGRESS", "100.66.0.0/16", "8443", {EXPLICIT, MANAGED}),
        ("EGRESS", "203.0.113.0/24", "444", set()),
        ("EGRESS", "198.51.100.0/24", "443", set()),
        ("INGRESS", "100.66.0.0/16", "8443", {MANAGED}),  # what ours open, they open before
        ("INGRESS", "203.0.113.0/24", "443", set()),
    ],
)
@pytest.mark.parametrize("profile", [EXPLICIT, MANAGED], ids=["explicit", "managed"])
def test_what_a_rule_denies_of_what_others_open_is_lost(
    profile: Profile, direction: str, cidr: str, ports_text: str, lost: set[Profile]
) -> None:
    policy = ir.Policy("c", RELIED_ON, (), ())
    module = firewall_rule("pods", "INGRESS", "100.64.0.0/14", tcp='"53", "8443"', udp='"53"')
    denying = firewall_rule("denied", direction, cidr, tcp=f'"{ports_text}"').replace("allow {", "deny {")
    for priority, target, is_lost in (
        ("1000", '"gke-prod-node"', profile in lost),
        ("1100", '"gke-prod-node"', profile in lost),
        ("1100", '"another"', profile in lost),  # a machine may have both tags
        ("1100\n  disabled = true", '"gke-prod-node"', False),
    ):
        text = denying.replace("1000", priority).replace('"gke-prod-node"', target)
        text = HEADER + (module if profile is EXPLICIT else "") + text
        found = prove(artifacts({MODULE: text}), policy, profile, targets=("terraform",), own_shape=False)[1]
        # What ours open at the same priority is compared by itself.
        by_ours = direction == "INGRESS" and profile is EXPLICIT and priority == "1000" and "100.66" in cidr
        assert codes(found) == ({"E902"} if is_lost or by_ours else set())
        assert (
            all("denied by `google_compute_firewall.denied`" in str(item.help) for item in found) or by_ours
        )


def test_what_a_rule_denies_of_an_unknown_range_is_lost() -> None:
    profile = replace(MANAGED, pod_cidrs=())
    policy = ir.Policy("c", RELIED_ON[:1], (), ())
    for opened, expected in (("8443", {"E902"}), ("8444", set())):
        text = firewall_rule("denied", "INGRESS", "10.0.0.0/8", tcp=f'"{opened}"').replace("allow", "deny")
        files = artifacts({MODULE: HEADER + text})
        found = prove(files, policy, profile, targets=("terraform",), own_shape=False)[1]
        assert codes(found) == expected


MASTERS = "172.16.0.0/28"
TO_WEBHOOK = ir.Flow(ir.Addresses("control-plane", ()), pods("b"), ports("443", "8443"))


@pytest.mark.parametrize(
    ("cidr", "ports_text", "is_lost"),
    [
        (MASTERS, "443", True),
        ("0.0.0.0/0", "1-1023", True),
        (MASTERS, "444", False),
        ("172.17.0.0/28", "443", False),
    ],
)
@pytest.mark.parametrize("profile", [EXPLICIT, MANAGED], ids=["explicit", "managed"])
def test_what_a_rule_denies_of_what_gke_opens_is_lost(
    profile: Profile, cidr: str, ports_text: str, *, is_lost: bool
) -> None:
    """443 and 10250 from the control plane need no rule of ours; a rule that denies them takes them away."""
    cluster = replace(profile, control_plane=ControlPlane("172.16.0.2", MASTERS))
    opened = firewall_rule("opened", "INGRESS", MASTERS, tcp='"8443"')
    denying = firewall_rule("denied", "INGRESS", cidr, tcp=f'"{ports_text}"').replace("allow {", "deny {")
    claim = ir.Assertion("allow", replace(TO_WEBHOOK, ports=ports("443")))
    for policy, text, code in (
        (ir.Policy("c", (TO_WEBHOOK,), (), ()), opened, "E902"),
        (ir.Policy("c", (), (), (), assertions=(claim,)), "", "E906"),
    ):
        for files, is_reported in (
            ({MODULE: HEADER + text}, False),
            ({MODULE: HEADER + text + denying}, is_lost),
        ):
            found = prove(artifacts(files), policy, cluster, targets=("terraform",), own_shape=False)[1]
            assert codes(found) == ({code} if is_reported else set())
