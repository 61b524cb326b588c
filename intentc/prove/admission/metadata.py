"""The metadata of a policy becomes refusals."""

from __future__ import annotations

import re

from intentc.prove.admission import values
from intentc.prove.admission.refusal import Refusal, house, keyed, server, shown
from intentc.prove.admission.spelling import (
    is_annotation_key,
    is_dns_label,
    is_dns_subdomain,
    is_label_key,
    is_label_value,
)

_WRITTEN = frozenset({"name", "namespace", "labels", "annotations"})
# https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go
_OTHERS = frozenset(
    {
        "generateName",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "ownerReferences",
        "finalizers",
        "managedFields",
    }
)
_MANAGED_BY = "app.kubernetes.io/managed-by"
_SYNC_WAVE = "argocd.argoproj.io/sync-wave"
_INSTANCE = "app.kubernetes.io/instance"
_ARGO = "argocd.argoproj.io/"
LARGEST_ANNOTATIONS = 256 * 1024
"""How many bytes the API server takes for all annotations of an object."""
_WAVE = re.compile("0|-?[1-9][0-9]{0,8}")


def metadata_refusals(metadata: object) -> list[Refusal]:
    """Return what is wrong with the metadata of a policy; paths start at it.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go
    """
    found: list[Refusal] = []
    known = values.record(metadata, _WRITTEN | _OTHERS, "", found)
    if known is None:
        return found
    found += [
        house("NP-55", str(field), "set by the API server or by a controller, never by us")
        for field in known
        if field in _OTHERS
    ]
    _check_name(known, found)
    if "namespace" in known:
        namespace = values.text(known["namespace"], "namespace", found)
        if namespace and not is_dns_label(namespace):
            found.append(server("NP-07", "namespace", f"`{shown(namespace)}` is not the name of a namespace"))
    if known.get("namespace", "") == "":
        found.append(house("NP-54", "namespace", "without it, the client's current namespace is taken"))
    if "labels" in known:
        _check_labels(known["labels"], found)
    if not isinstance(labels := known.get("labels"), dict) or labels.get(_MANAGED_BY) != "intentc":
        found.append(house("NP-56", keyed("labels", _MANAGED_BY), "not `intentc`"))
    if "annotations" in known:
        _check_annotations(known["annotations"], found)
    return found


def _check_name(known: values.Mapping, found: list[Refusal]) -> None:
    name = values.text(known.get("name", ""), "name", found)
    if name and not is_dns_subdomain(name):
        found.append(server("NP-06", "name", f"`{shown(name)}` is not the name of a NetworkPolicy"))
    elif name == "" and not known.get("generateName"):
        found.append(server("NP-05", "name", "no name"))


def _check_labels(labels: object, found: list[Refusal]) -> None:
    known = values.mapping(labels, "labels", found)
    if known == {} and labels is not None:
        found.append(house("NP-61", "labels", "an empty map: leave it out"))
    for key, value in values.keys(known or {}, "labels", found):
        path = keyed("labels", key)
        if not is_label_key(key):
            found.append(server("NP-08", path, f"`{shown(key)}` is not a label key"))
        taken = values.text(value, path, found)
        if taken is not None and not is_label_value(taken):
            found.append(server("NP-09", path, f"`{shown(taken)}` is not a label value"))
        if _is_tracking(key):
            found.append(house("NP-57", path, "by this label, another tool takes the policy for its own"))


def _check_annotations(annotations: object, found: list[Refusal]) -> None:
    known = values.mapping(annotations, "annotations", found)
    if known == {} and annotations is not None:
        found.append(house("NP-61", "annotations", "an empty map: leave it out"))
    for key, value in values.keys(known or {}, "annotations", found):
        path = keyed("annotations", key)
        if not is_annotation_key(key):
            found.append(server("NP-10", path, f"`{shown(key)}` is not an annotation key"))
        elif not is_label_key(key):
            found.append(house("NP-58", path, f"`{shown(key)}` is an annotation key, but not a label key"))
        taken = values.text(value, path, found)
        if key == _SYNC_WAVE:
            if taken is not None and not _WAVE.fullmatch(taken):
                found.append(house("NP-59", path, f"`{shown(taken)}` is not a whole number"))
        elif _is_tracking(key):
            found.append(
                house("NP-57", path, "by this annotation, another tool takes the policy for its own")
            )
    if (size := annotations_size(known or {})) > LARGEST_ANNOTATIONS:
        message = f"{size} bytes of keys and values, over {LARGEST_ANNOTATIONS}"
        found.append(server("NP-11", "annotations", message))


def _is_tracking(key: str) -> bool:
    return key == _INSTANCE or key.startswith(_ARGO)


def annotations_size(annotations: values.Mapping) -> int:
    """Return the bytes of annotations as the API server counts them: keys and values."""
    return sum(_bytes(part) for entry in annotations.items() for part in entry if isinstance(part, str))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
