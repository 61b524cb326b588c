"""A peer that spans namespaces or ranges is what its parts are together, whichever side writes it whole."""

from __future__ import annotations

import pytest

from intentc import ir
from intentc.profile import Profile
from intentc.prove import prove
from tests.prove_material import DNS_RULE, HEADER, Peer, addresses, artifacts, codes, document, pods, ports

WITHIN = f"{ir.NAMESPACE_LABEL}=b|c"
NAMESPACES = (pods(WITHIN), (pods("b"), pods("c")))
RANGES = (addresses("198.18.0.0/15"), (addresses("198.18.0.0/16"), addresses("198.19.0.0/16")))
SIXTH = (addresses("2001:db8::/47"), (addresses("2001:db8::/48"), addresses("2001:db8:1::/48")))


def of_policy(end: ir.Endpoint) -> Peer:
    return end if isinstance(end, ir.Pods) else end.blocks[0]


def verdict(intended: tuple[ir.Endpoint, ...], emitted: tuple[ir.Endpoint, ...]) -> set[str]:
    """Return what the prover says of egress from `a` to these peers, each in a rule of its own port."""
    flows = tuple(
        ir.Flow(
            pods("a"), target, ports("80"), ir.Path("egress" if isinstance(target, ir.Pods) else "direct")
        )
        for target in intended
    )
    text = document("a", "e", (), "Egress", [(tuple(map(of_policy, emitted)), ports("80")), DNS_RULE])
    files = artifacts({"kubernetes/a.yaml": HEADER + text})
    return codes(prove(files, ir.Policy("c", flows, (), ()), Profile(), targets=("kubernetes",))[1])


@pytest.mark.parametrize(("whole", "parts"), [NAMESPACES, RANGES, SIXTH], ids=["pods", "IPv4", "IPv6"])
def test_a_whole_is_its_parts(whole: ir.Endpoint, parts: tuple[ir.Endpoint, ...]) -> None:
    assert verdict((whole,), parts) == set()
    assert verdict(parts, (whole,)) == set()
    assert verdict((whole,), parts[:1]) == {"E902"}
    assert verdict(parts, parts[1:]) == {"E902"}
    assert verdict(parts[:1], (whole,)) == {"E901"}
    assert verdict((whole, *parts), parts) == set()


def test_a_protocol_without_a_port_is_every_port_of_it() -> None:
    text = document("b", "i", (), "Ingress", [((pods("a"),), ports("1-65535", "1-65535/sctp"))])
    spelled = "          port: 1\n          endPort: 65535\n"
    assert text.count(spelled) == 2
    short = artifacts({"kubernetes/b.yaml": HEADER + text.replace(spelled, "")})
    for numbers, expected in (
        (("1-65535", "1-65535/sctp"), set()),
        (("1-65534", "1-65535/sctp"), {"E901"}),
        (("1-65535", "2-65535/sctp"), {"E901"}),
        (("1-65535", "1-65535/udp"), {"E901", "E902"}),
    ):
        flow = ir.Flow(pods("a"), pods("b"), ports(*numbers), ir.Path("ingress"))
        policy = ir.Policy("c", (flow,), (), ())
        found = prove(short, policy, Profile(), targets=("kubernetes",), own_shape=False)[1]
        assert codes(found) == expected
