"""The prover stops every fault that is planted in node rules and in the network's firewall."""

from __future__ import annotations

import pytest

from tests.prove_material import CROSSING_FILES, HEADER, Fault, codes, planted, prove_crossing

RULE_FROM_NODES = CROSSING_FILES["terraform/firewall.tf"].split("\nresource ")[2]

FAULTS = [
    Fault(name, path, old, new, expected)
    for path, faults in {
        "kubernetes/namespace-a.yaml": [
            ("the nodePort is the pod's port", "port: 30443", "port: 8443", "E901 E902"),
            ("the pod port is the nodePort", "port: 8443", "port: 30443", "E901 E902"),
            (
                "the node rule is lost",
                (
                    '    - to:\n        - ipBlock:\n            cidr: "192.168.64.0/19"\n      ports:\n'
                    '        - protocol: "TCP"\n          port: 30443\n'
                ),
                "",
                "E902",
            ),
            ("the node range is the pod range", "192.168.64.0/19", "100.64.0.0/14", "E901 E902"),
        ],
        "kubernetes/namespace-b.yaml": [
            (
                "the node rule is lost",
                '        - ipBlock:\n            cidr: "192.168.64.0/19"\n',
                "",
                "E902",
            ),
            (
                "the identity is lost to the node rule",
                (
                    "        - namespaceSelector:\n            matchLabels:\n"
                    '              "kubernetes.io/metadata.name": "namespace-a"\n'
                ),
                "",
                "E902",
            ),
            ("the ingress port is the nodePort", "port: 8443", "port: 30443", "E901 E902"),
            (
                "the outside range is lost",
                '        - ipBlock:\n            cidr: "203.0.113.0/24"\n',
                "",
                "E902",
            ),
        ],
        "terraform/firewall.tf": [
            ("a rule is lost", "\nresource " + RULE_FROM_NODES, "", "E902"),
            ("a rule is disabled", '"from_nodes" {\n', '"from_nodes" {\n  disabled = true\n', "E902"),
            (
                "a rule has another direction",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("INGRESS", "EGRESS"),
                "E904",
            ),
            ("a rule denies", RULE_FROM_NODES, RULE_FROM_NODES.replace("allow", "deny"), "E902 E904"),
            (
                "a rule allows and denies",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("  allow", '  deny {\n    protocol = "udp"\n  }\n\n  allow'),
                "E904",
            ),
            ("the balancer's port is the pod's", '["443"]', '["8443"]', "E901 E902"),
            (
                "the second hop's port is the nodePort",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("8443", "30443"),
                "E901 E902",
            ),
            (
                "DNS loses UDP on the way in",
                (
                    '100.64.0.0/14",\n  ]\n\n  target_tags = [\n    "gke-prod-node",\n  ]\n\n  allow {\n'
                    '    protocol = "tcp"\n    ports    = ["53", "30443"]\n  }\n\n  allow {\n'
                    '    protocol = "udp"'
                ),
                (
                    '100.64.0.0/14",\n  ]\n\n  target_tags = [\n    "gke-prod-node",\n  ]\n\n  allow {\n'
                    '    protocol = "tcp"\n    ports    = ["53", "30443"]\n  }\n\n  allow {\n'
                    '    protocol = "sctp"'
                ),
                "E901 E902",
            ),
            (
                "a rule has no ports",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('    ports    = ["8443"]\n', ""),
                "E901",
            ),
            (
                "a range of ports runs downwards",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('"8443"', '"8443-8442"'),
                "E904",
            ),
            (
                "a port is above all ports",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('"8443"', '"65536"'),
                "E904",
            ),
            ("a port is a name", RULE_FROM_NODES, RULE_FROM_NODES.replace('"8443"', '"http"'), "E904"),
            (
                "a range of ports has no end",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('"8443"', '"8443-"'),
                "E904",
            ),
            (
                "a port has a zero before it",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('"8443"', '"08443"'),
                "E904",
            ),
            (
                "a rule is for every protocol",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('"tcp"\n    ports    = ["8443"]', '"all"'),
                "E901",
            ),
            (
                "a rule has no source",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('  source_ranges = [\n    "192.168.64.0/19",\n  ]\n', ""),
                "E901",
            ),
            (
                "a rule has an empty source",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('[\n    "192.168.64.0/19",\n  ]', "[]"),
                "E901",
            ),
            (
                "a range is wider",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("192.168.64.0/19", "192.168.64.0/18"),
                "E901",
            ),
            (
                "the pods are taken for nodes",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("192.168.64.0/19", "100.64.0.0/14"),
                "E901 E902",
            ),
            ("a range is open to the world", '"203.0.113.0/24"', '"0.0.0.0/0"', "E901"),
            (
                "a rule is for other machines",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("gke-prod-node", "gke-test-node"),
                "E904",
            ),
            (
                "a rule is for all machines",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('  target_tags = [\n    "gke-prod-node",\n  ]\n', ""),
                "E904",
            ),
            (
                "a rule is in another network",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("vpc-prod", "vpc-test"),
                "E904",
            ),
            (
                "a rule is in another project",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("net-prod", "net-test"),
                "E904",
            ),
            (
                "a rule has another priority",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("1000", "2000"),
                "E904",
            ),
            (
                "a rule has a narrower destination",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace(
                    "  target_tags", '  destination_ranges = ["10.0.0.0/8"]\n\n  target_tags'
                ),
                "E902",
            ),
            (
                "a rule has source tags",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace("  target_tags", '  source_tags = ["a"]\n\n  target_tags'),
                "E904",
            ),
            (
                "a range is computed",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('[\n    "192.168.64.0/19",\n  ]', 'concat(["192.168.64.0/19"], [])'),
                "E904",
            ),
            (
                "a range is a variable nobody declares",
                RULE_FROM_NODES,
                RULE_FROM_NODES.replace('[\n    "192.168.64.0/19",\n  ]', "var.node_cidrs"),
                "E904",
            ),
            ("a text is interpolated", '$${nodes}: \\"from_nodes', '${nodes}: \\"from_nodes', "E904"),
            (
                "a rule has the name of another",
                '"intentc-prod-from-nodes"',
                '"intentc-prod-from-pods"',
                "E904",
            ),
            ("a resource has the label of another", '"from_nodes" {', '"from_pods" {', "E904"),
            (
                "a resource is of another type",
                '"google_compute_firewall" "from_nodes"',
                '"google_compute_firewall_policy" "from_nodes"',
                "E904",
            ),
            (
                "a module is called",
                "\nresource " + RULE_FROM_NODES,
                '\nmodule "more" {\n  source = "./more"\n}\n\nresource ' + RULE_FROM_NODES,
                "E904",
            ),
            (
                "a program is run",
                "\nresource " + RULE_FROM_NODES,
                '\ndata "external" "x" {\n  program = ["sh"]\n}\n\nresource ' + RULE_FROM_NODES,
                "E904",
            ),
            ("a brace is lost", RULE_FROM_NODES, RULE_FROM_NODES.removesuffix("}\n"), "E904"),
        ],
        "terraform/versions.tf": [
            ("the provider is another's", "hashicorp/google", "hashicorq/google", "E904"),
            (
                "state goes elsewhere",
                '  required_version = ">= 1.3"\n',
                '  backend "http" {\n    address = "http://x"\n  }\n',
                "E904",
            ),
        ],
        "terraform/variables.tf": [
            (
                "a variable has a default",
                HEADER,
                HEADER + '\nvariable "x" {\n  default = ["0.0.0.0/0"]\n}\n',
                "E904",
            ),
        ],
    }.items()
    for name, old, new, expected in faults
]


def test_there_are_enough_faults_each_with_its_own_name() -> None:
    names = [(fault.path, fault.name) for fault in FAULTS]
    assert len(set(names)) == len(names) >= 40


def test_files_without_a_fault_are_proved() -> None:
    for own_shape in (True, False):
        proof, diagnostics = prove_crossing(CROSSING_FILES, own_shape=own_shape)
        assert diagnostics == ()
        assert (proof.flows, proof.documents, proof.firewall_rules) == (2, 2, 5)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.path}: {fault.name}")
def test_a_fault_on_the_way_between_nodes_is_stopped(fault: Fault) -> None:
    files = planted(CROSSING_FILES, fault)
    _, diagnostics = prove_crossing(files)
    assert codes(diagnostics) & set(fault.expected.split()), diagnostics
    _, diagnostics = prove_crossing(files, own_shape=False)
    assert codes(diagnostics) & set(fault.expected.split()), diagnostics


@pytest.mark.parametrize(
    "path",
    [
        "kubernetes/more.json",
        "kubernetes/more.yml",
        "terraform/more.tf.json",
        "terraform/x.tfvars",
        "more.md",
    ],
)
def test_a_file_that_nobody_expects_is_stopped(path: str) -> None:
    _, diagnostics = prove_crossing({**CROSSING_FILES, path: ""})
    assert codes(diagnostics) == {"E904"}
