"""Spellings of names, label keys, label values and port names, as the API server accepts them.

Kubernetes counts bytes where this counts characters: no difference, as all that is accepted is ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache

_REMEMBERED = 1 << 14  # names and labels repeat over thousands of policies

_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(rf"{_DNS_LABEL.pattern}(?:\.{_DNS_LABEL.pattern})*")
_LABEL_TEXT = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PORT_NAME = re.compile(r"(?=[-0-9]*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")


@lru_cache(_REMEMBERED)
def is_dns_label(text: str) -> bool:
    """Tell whether a text is a DNS label: what a namespace is called.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/api/validate/content/dns.go
    """
    return len(text) <= 63 and _DNS_LABEL.fullmatch(text) is not None


@lru_cache(_REMEMBERED)
def is_dns_subdomain(text: str) -> bool:
    """Tell whether a text is a DNS subdomain: what a NetworkPolicy is called, and the prefix of a label key.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/api/validate/content/dns.go
    """
    return len(text) <= 253 and _DNS_SUBDOMAIN.fullmatch(text) is not None


@lru_cache(_REMEMBERED)
def is_label_key(text: str) -> bool:
    """Tell whether a text is a label key: a name, with or without a DNS subdomain and a slash before it.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/api/validate/content/kube.go
    """
    prefix, slash, name = text.rpartition("/")
    if slash and not is_dns_subdomain(prefix):
        return False
    return len(name) <= 63 and _LABEL_TEXT.fullmatch(name) is not None


@lru_cache(_REMEMBERED)
def is_annotation_key(text: str) -> bool:
    """Tell whether the lower-case form of a text is a label key: so the API server takes an annotation's.

    Go lowers `İ` to `i`, Python to `i` and a combining dot; both lower the Kelvin sign to `k`.
    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go
    """
    return is_label_key(text.replace("\u0130", "i").lower())


@lru_cache(_REMEMBERED)
def is_label_value(text: str) -> bool:
    """Tell whether a text is a label value; the empty one is.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/api/validate/content/kube.go
    """
    return not text or (len(text) <= 63 and _LABEL_TEXT.fullmatch(text) is not None)


@lru_cache(_REMEMBERED)
def is_port_name(text: str) -> bool:
    """Tell whether a text is the name of a port (IANA_SVC_NAME, lower case only).

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go
    """
    return len(text) <= 15 and _PORT_NAME.fullmatch(text) is not None
