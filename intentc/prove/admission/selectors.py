"""A label selector becomes refusals."""

from __future__ import annotations

from intentc.prove.admission import values
from intentc.prove.admission.refusal import Refusal, below, house, keyed, server, shown
from intentc.prove.admission.spelling import is_label_key, is_label_value

_SELECTOR = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION = frozenset({"key", "operator", "values"})
_SET_OPERATORS = frozenset({"In", "NotIn"})
_KEY_OPERATORS = frozenset({"Exists", "DoesNotExist"})
_OPERATORS = _SET_OPERATORS | _KEY_OPERATORS


def selector_refusals(selector: object, *, may_be_empty: bool) -> list[Refusal]:
    """Return what is wrong with a label selector; paths start at it.

    An empty selector selects everything: `may_be_empty` where that is meant.
    https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go
    """
    found: list[Refusal] = []
    known = values.record(selector, _SELECTOR, "", found)
    if known is None or selector is None:
        return found
    if not known and not may_be_empty:
        found.append(house("NP-61", "", "an empty selector selects everything"))
    if "matchLabels" in known:
        _check_labels(known["matchLabels"], found)
    if "matchExpressions" in known:
        expressions = values.items(known["matchExpressions"], "matchExpressions", found, empty="leave it out")
        wrong: list[Refusal] = []
        for position, expression in enumerate(expressions):
            if inner := _expression_refusals(expression):
                wrong += below(f"matchExpressions[{position}]", inner)
        if not wrong and len(expressions) > 1:
            for position in values.repeated(expressions):
                wrong.append(house("NP-72", f"matchExpressions[{position}]", "stands a second time"))
        found += wrong
    return found


def _check_labels(labels: object, found: list[Refusal]) -> None:
    known = values.mapping(labels, "matchLabels", found)
    if known is None or labels is None:
        return
    if not known:
        found.append(house("NP-61", "matchLabels", "an empty map: leave it out"))
    for key, value in known.items():
        if not (
            isinstance(key, str) and isinstance(value, str) and is_label_key(key) and is_label_value(value)
        ):
            break
    else:
        return  # most of all labels that are ever checked
    for key, value in values.keys(known, "matchLabels", found):
        path = keyed("matchLabels", key)
        _check_key(key, path, found)
        _check_value(value, path, found)


def _check_key(key: str, path: str, found: list[Refusal]) -> None:
    if not is_label_key(key):
        found.append(server("NP-12", path, f"`{shown(key)}` is not a label key"))


def _check_value(value: object, path: str, found: list[Refusal]) -> None:
    taken = values.text(value, path, found)
    if taken is not None and not is_label_value(taken):
        found.append(server("NP-13", path, f"`{shown(taken)}` is not a label value"))


def _expression_refusals(expression: object) -> list[Refusal]:
    found: list[Refusal] = []
    known = values.record(expression, _EXPRESSION, "", found)
    if known is None:
        return found
    key = values.text(known.get("key", ""), "key", found)
    if key is not None:
        _check_key(key, "key", found)
    operator = values.text(known.get("operator", ""), "operator", found)
    if operator is not None and operator not in _OPERATORS:
        message = f"`{shown(operator)}` is not `In`, `NotIn`, `Exists` or `DoesNotExist`"
        found.append(server("NP-14", "operator", message))
    listed = known.get("values")
    if operator in _SET_OPERATORS and (listed is None or listed == []):
        found.append(server("NP-15", "values", f"`{operator}` needs values"))
    elif "values" in known:
        if operator in _KEY_OPERATORS and listed:
            found.append(server("NP-16", "values", f"`{operator}` takes no values"))
        _check_values(listed, found)
    return found


def _check_values(listed: object, found: list[Refusal]) -> None:
    entries = values.items(listed, "values", found, empty="leave it out")
    before = len(found)
    for position, value in enumerate(entries):
        if not isinstance(value, str) or not is_label_value(value):
            _check_value(value, f"values[{position}]", found)
    if len(found) == before:
        for position in values.repeated(entries):
            message = f"`{shown(entries[position])}` stands a second time"
            found.append(house("NP-72", f"values[{position}]", message))
