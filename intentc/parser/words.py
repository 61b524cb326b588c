r"""Check what single words may look like: names, labels, ports, addresses, dates.

Every function returns what the word means, and appends to `problems` where it cannot mean that. Checks are
by `fullmatch` on ASCII classes: `int`, `\d` and `ipaddress` accept far more than Kubernetes does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from intentc.diagnostics import Diagnostic, Edit, Fix, error
from intentc.nearest import nearest
from intentc.nodes import NamedPort, NumberedPorts, Protocol
from intentc.source import Span

Problems = list[Diagnostic]

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_TEXT = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_NUMBER = re.compile(r"[0-9]+")
_RANGE = re.compile(r"([0-9]+)-([0-9]+)")
_PORT_NAME = re.compile(r"(?=[-0-9]*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_HALF_RANGE = re.compile(r"[0-9]+-[a-z][a-z0-9]*|[a-z]+-[0-9]+")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ADDRESS = re.compile(r"([0-9A-Fa-f:.]+)(?:/(0|[1-9][0-9]{0,2}))?")


def namespace(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, a namespace by RFC 1123 label.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
    """
    if _DNS_LABEL.fullmatch(text):
        return text
    if not text:
        label, help_text = "no namespace has an empty name", "write a name, or `*` for every namespace"
        problems.append(error("E130", "namespace without a name", span, label, help=help_text))
        return text
    if len(text) > 63:
        label = f"{len(text)} characters, at most 63 are legal"
        help_text = "write the namespace's name as `kubectl get namespaces` shows it"
        problems.append(error("E130", f"`{text}` is not a legal namespace", span, label, help=help_text))
        return text
    lower = text.lower().replace("_", "-").strip("-.")
    fits = _DNS_LABEL.fullmatch(lower) is not None
    problems.append(
        error(
            "E130",
            f"`{text}` is not a legal namespace",
            span,
            "upper case is not legal"
            if text != text.lower()
            else "only `a-z`, `0-9` and `-` inside are legal",
            help=f"a legal name that is close: `{lower}`"
            if fits
            else "write the namespace's name as `kubectl get namespaces` shows it",
        )
    )
    return text


def object_name(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, a Service's or workload's name (RFC 1123 subdomain, at most 253 characters)."""
    if len(text) > 253 or not _DNS_SUBDOMAIN.fullmatch(text):
        label = "lower-case letters, digits, `-` and `.` are legal"
        help_text = "write the name as `kubectl get` shows it"
        problems.append(error("E133", f"`{text}` is not a legal object name", span, label, help=help_text))
    return text


def set_name(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, the name of a set."""
    if not _DNS_LABEL.fullmatch(text):
        label = "lower-case letters, digits and `-` are legal"
        help_text = "a set is named like a namespace: `web-clients`"
        problems.append(error("E134", f"`{text}` is not a legal set name", span, label, help=help_text))
    return text


def label_key(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, a label key: an optional DNS prefix and `/`, then at most 63 characters.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
    """
    problem = _label_key_problem(text)
    if problem:
        help_text = "a key is `app` or `example.com/app`"
        problems.append(error("E131", f"`{text}` is not a legal label key", span, problem, help=help_text))
    return text


@lru_cache(maxsize=4096)
def _label_key_problem(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if slash and (len(prefix) > 253 or not _DNS_SUBDOMAIN.fullmatch(prefix)):
        return "before `/` stands a DNS name"
    if len(name) > 63:
        return f"{len(name)} characters, at most 63 are legal"
    if not _LABEL_TEXT.fullmatch(name):
        return "letters, digits, `-`, `_` and `.` are legal, a letter or digit at both ends"
    return ""


def label_value(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, a label value: empty, or at most 63 characters."""
    if text and not _LABEL_TEXT.fullmatch(text):
        label = "letters, digits, `-`, `_` and `.` are legal, a letter or digit at both ends"
        if len(text) > 63:
            label = f"{len(text)} characters, at most 63 are legal"
        help_text = "write the value as `kubectl get pods --show-labels` shows it"
        problems.append(error("E132", f"`{text}` is not a legal label value", span, label, help=help_text))
    return text


def protocol(text: str, span: Span, problems: Problems) -> Protocol:
    """Return the protocol `text` names."""
    if text == "tcp":
        return "TCP"
    if text == "udp":
        return "UDP"
    if text == "sctp":
        return "SCTP"
    close = nearest(text, ("tcp", "udp", "sctp"))
    fix = _fix(span, close) if close else ()
    listing = "protocols are `tcp`, `udp` and `sctp`"
    help_texts = (f"a protocol with a similar name exists: `{close}`", listing) if close else (listing,)
    label = "no such protocol"
    problems.append(error("E126", f"unknown protocol `{text}`", span, label, help=help_texts, fixes=fix))
    return "TCP"


def port(
    text: str, span: Span, spoken: Protocol, has_protocol: bool, whole: Span, problems: Problems
) -> NumberedPorts | NamedPort:
    """Return the port, range or named port `text` means; `whole` includes the protocol."""
    if _NUMBER.fullmatch(text):
        number = port_number(text, span, problems)
        return NumberedPorts(number, number, spoken, whole)
    match = _RANGE.fullmatch(text)
    if match:
        count = len(problems)
        first = port_number(match[1], Span(span.file, span.start, span.start + match.end(1)), problems)
        last = port_number(match[2], Span(span.file, span.start + match.start(2), span.end), problems)
        if first > last and len(problems) == count:
            help_text = f"a range goes upwards: `{last}-{first}`"
            message = f"range `{text}` is empty"
            label = f"{first} is above {last}"
            problems.append(
                error("E122", message, span, label, help=help_text, fixes=_fix(span, f"{last}-{first}"))
            )
        return NumberedPorts(first, max(first, last), spoken, whole)
    if _HALF_RANGE.fullmatch(text) and not has_protocol:
        message = f"`{text}` is neither a range nor clearly a name"
        help_texts = (
            "a range has numbers on both ends: `9093-9099`",
            f"a port that really has this name is written with its protocol: `{text}/tcp`",
        )
        problems.append(error("E123", message, span, "a name on one end of a range", help=help_texts))
    elif len(text) > 15 or not _PORT_NAME.fullmatch(text):
        label = (
            "at most 15 of `a-z`, `0-9` and `-`, with a letter"
            if len(text) <= 15
            else f"{len(text)} characters"
        )
        help_text = "a port is a number, a range `9093-9099`, or a name of at most 15 characters"
        problems.append(error("E124", f"`{text}` is not a legal port", span, label, help=help_text))
    return NamedPort(text, spoken, whole)


def port_number(text: str, span: Span, problems: Problems) -> int:
    """Return the port number `text` means, 1 to 65535."""
    digits = text.lstrip("0")
    if text != digits and digits:
        message = f"port `{text}` begins with zero"
        problems.append(
            error("E121", message, span, "zero in front", help=f"write `{digits}`", fixes=_fix(span, digits))
        )
        return 1
    if not _NUMBER.fullmatch(text):
        help_text = "write a number from 1 to 65535"
        problems.append(error("E124", f"`{text}` is not a port number", span, "not a number", help=help_text))
        return 1
    if not digits or len(digits) > 5 or not 1 <= int(digits) <= 65535:
        message = f"port `{text}` is out of range"
        help_text = "write the number that is listened on; every port of a target is `*`"
        problems.append(error("E120", message, span, "ports go from 1 to 65535", help=help_text))
        return 1
    return int(digits)


def address(text: str, span: Span, problems: Problems) -> str:
    """Return `text` as a canonical CIDR; a single address becomes a `/32` or `/128`."""
    match = _ADDRESS.fullmatch(text)
    network = _network(match[1]) if match else None
    if match is None or network is None:
        problems.append(
            error(
                "E140",
                f"`{text}` is not an IP address or range",
                span,
                "cannot be read as an address",
                help="IPv6 is groups of up to four of `0-9` and `a-f`, with one `::` at most"
                if ":" in text
                else "IPv4 is four numbers 0 to 255 without leading zeros; a range ends in `/0` to `/32`",
            )
        )
        return "192.0.2.0/24"
    width, value, canonical = network
    if width == 128 and ("." in match[1] or value >> 32 == 0xFFFF):
        is_mapped = value >> 32 == 0xFFFF
        label = "no packet carries it" if is_mapped else "two spellings in one address"
        help_text = "write the IPv4 address itself" + ("" if is_mapped else ", or IPv6 without dots")
        problems.append(error("E143", f"`{text}` is IPv4 inside IPv6", span, label, help=help_text))
    prefix = int(match[2]) if match[2] else width
    if prefix > width:
        message = f"prefix length `/{match[2]}` is out of range"
        where = Span(span.file, span.start + match.start(2) - 1, span.end)
        help_text = f"write `/{width}` for the one address"
        problems.append(error("E145", message, where, f"at most `/{width}`", help=help_text))
        return canonical + f"/{width}"
    host_bits = value & ((1 << (width - prefix)) - 1)
    if host_bits:
        base = _text(value - host_bits, width)
        help_texts = (
            f"for the whole range: `{base}/{prefix}`",
            f"for the one address: `{canonical}/{width}`",
        )
        message = f"`{text}` has bits set behind its prefix"
        problems.append(error("E141", message, span, "a range and an address in one", help=help_texts))
        return f"{base}/{prefix}"
    if prefix == 0:
        help_text = "write `internet` for every address outside, or name the ranges"
        label = "wider than anything outside"
        problems.append(error("E144", f"`{text}` is every address there is", span, label, help=help_text))
    return f"{canonical}/{prefix}"


@lru_cache(maxsize=4096)
def _network(text: str) -> tuple[int, int, str] | None:
    """Return width, value and canonical text of one address, or None."""
    import ipaddress

    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return parsed.max_prefixlen, int(parsed), str(parsed)


def _text(value: int, width: int) -> str:
    import ipaddress

    return str(ipaddress.IPv4Address(value) if width == 32 else ipaddress.IPv6Address(value))


def date(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, a day of the calendar as YYYY-MM-DD."""
    match = _DATE.fullmatch(text)
    help_text = "write the last day as `2027-03-31`"
    if match is None:
        problems.append(
            error("E152", f"`{text}` is not a date", span, "not of the form YYYY-MM-DD", help=help_text)
        )
        return "9999-12-31"
    from datetime import date as calendar_date

    try:
        calendar_date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        problems.append(error("E152", f"`{text}` is not a date", span, "no such day", help=help_text))
        return "9999-12-31"
    return text


def cluster(text: str, span: Span, problems: Problems) -> str:
    """Return `text`, the name of a cluster of the profile."""
    if not _DNS_LABEL.fullmatch(text):
        label = "lower-case letters, digits and `-` are legal"
        help_text = "write a name under `clusters` in `intentc.yaml`"
        problems.append(error("E135", f"`{text}` is not a legal cluster name", span, label, help=help_text))
    return text


def contains(outer: str, inner: str) -> bool | None:
    """Tell whether canonical range `inner` lies strictly inside `outer`; None when the families differ."""
    import ipaddress

    first, second = ipaddress.ip_network(outer), ipaddress.ip_network(inner)
    if isinstance(first, ipaddress.IPv4Network) and isinstance(second, ipaddress.IPv4Network):
        return first != second and second.subnet_of(first)
    if isinstance(first, ipaddress.IPv6Network) and isinstance(second, ipaddress.IPv6Network):
        return first != second and second.subnet_of(first)
    return None


def _fix(span: Span, replacement: str) -> tuple[Fix, ...]:
    """Return the fix that writes `replacement`; it gives a broken line a meaning, so it is never safe."""
    return (Fix(f"write `{replacement}`", (Edit(span, replacement),), safe=False),)
