"""Expand the names that `let` gives to lists of endpoints or targets."""

from __future__ import annotations

from collections.abc import Iterable

from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.nearest import nearest
from intentc.nodes import Endpoint, Let, SetReference, Target

MAXIMUM_MEMBERS = 1_000_000
"""How many members a set may have after expansion."""

_SHOWN = 4
"""How many places of an unknown name are pointed at."""


class Sets:
    """All definitions of a program; each set is expanded once, whatever refers to it."""

    def __init__(self, definitions: Iterable[Let], diagnostics: list[Diagnostic]) -> None:
        self._definitions: dict[str, Let] = {}
        self._diagnostics = diagnostics
        self._members: dict[str, tuple[Target, ...]] = {}
        self._used: set[str] = set()
        self._lost_names = 0
        self._unknown: dict[str, list[SetReference]] = {}
        for definition in definitions:
            self._define(definition)
        for name in self._definitions:
            self._expand(name)

    def _define(self, definition: Let) -> None:
        """Take a definition, or what the parser made of a statement it could not read.

        Of that, a set without members is only not unknown, and one without a name says what is in use.
        """
        if not definition.name:
            self._lost_names += not definition.members
            for member in definition.members:
                if isinstance(member.endpoint, SetReference):
                    self._used.add(member.endpoint.name)
            return
        first = self._definitions.setdefault(definition.name, definition)
        if not first.members:
            self._definitions[definition.name] = definition
        elif first is not definition and definition.members:
            others = (Label(first.name_span, "first defined here"),)
            message = f"set `{definition.name}` is defined twice"
            help_text = "sets of all files share their names: rename one, or put the members together"
            span = definition.name_span
            self._diagnostics.append(
                error("E202", message, span, "second definition", others=others, help=help_text)
            )

    def endpoints(self, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        """Return `endpoints` with each set replaced by its members, which must have no ports."""
        if not any(isinstance(endpoint, SetReference) for endpoint in endpoints):
            return endpoints
        found: dict[int, Endpoint] = {}
        for endpoint in endpoints:
            if not isinstance(endpoint, SetReference):
                found[id(endpoint)] = endpoint
                continue
            for member in self._look_up(endpoint):
                if member.ports:
                    self._misfit(
                        endpoint,
                        member,
                        f"set `{endpoint.name}` has ports, and none belong here",
                        "a source or an `isolate` has no port",
                        "use a set of the endpoints alone, without ports",
                    )
                    break
                found[id(member.endpoint)] = member.endpoint
        return tuple(found.values())

    def targets(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Return `targets` with every set reference replaced by the set's members, each with its ports."""
        if not any(isinstance(target.endpoint, SetReference) for target in targets):
            return targets
        return self._replace(targets, ports_required=True)

    def unused(self) -> Iterable[Diagnostic]:
        """Return a warning for each set that nothing refers to."""
        for name, definition in self._definitions.items():
            if name not in self._used and definition.members:
                fix = Fix("remove the definition", (Edit(definition.span, ""),), safe=True)
                message = f"set `{name}` is not used"
                label = f"nothing refers to `@{name}`"
                yield warning("W201", message, definition.name_span, label, fixes=(fix,))

    def _replace(self, targets: tuple[Target, ...], ports_required: bool) -> tuple[Target, ...]:
        found: list[Target] = []
        for target in targets:
            reference = target.endpoint
            if not isinstance(reference, SetReference):
                found.append(target)
                continue
            for member in self._look_up(reference):
                if target.ports and member.ports:
                    message = f"set `{reference.name}` has its own ports"
                    self._misfit(reference, member, message, "ports are said twice")
                    break
                if ports_required and not target.ports and not member.ports:
                    message = f"set `{reference.name}` has no ports"
                    if any(each.ports for each in self._look_up(reference)):
                        self._lacking(reference, member)
                        break
                    self._misfit(
                        reference,
                        member,
                        message,
                        "a target needs a port",
                        f"write the port at the reference: `@{reference.name}:8443`",
                    )
                    break
                found.append(Target(member.endpoint, target.ports, target.span) if target.ports else member)
        return tuple(found)

    def _look_up(self, reference: SetReference) -> tuple[Target, ...]:
        name = reference.name
        if name in self._definitions:
            self._used.add(name)
            return self._members.get(name, ())
        self._unknown.setdefault(name, []).append(reference)
        return ()

    def unknown(self) -> Iterable[Diagnostic]:
        """Return an error for each name that no `let` defines, at the first place that refers to it.

        A broken `let` may have defined it; where more names are unknown than such a one could define, all are
        reported.
        """
        alike = {name: nearest(name, self._definitions) for name in self._unknown}
        may_be_lost = sum(not close for close in alike.values()) <= self._lost_names
        for name, references in self._unknown.items():
            close = alike[name]
            if may_be_lost and not close:
                continue
            references.sort(key=lambda reference: reference.span.sort_key)
            span = references[0].span
            help_text = f"a set is defined by `let {name} = …`"
            fixes: tuple[Fix, ...] = ()
            if close:
                help_text = f"a set with a similar name exists: `@{close}`"
                edits = tuple(Edit(reference.span, f"@{close}") for reference in references)
                fixes = (Fix(f"write `@{close}`", edits, safe=False),)
            others = tuple(Label(reference.span, "here as well") for reference in references[1:_SHOWN])
            message = f"set `{name}` is not known"
            yield error(
                "E201", message, span, "no `let` defines it", others=others, help=help_text, fixes=fixes
            )

    def _misfit(
        self, reference: SetReference, member: Target, message: str, label: str, better: str = ""
    ) -> None:
        others = (Label(member.span, "this member has ports" if member.ports else "this member has none"),)
        help_text = "say ports in one place: in the set, or where it is used"
        help_text = better or help_text
        self._diagnostics.append(error("E205", message, reference.span, label, others=others, help=help_text))

    def _lacking(self, reference: SetReference, member: Target) -> None:
        """Report the one member without a port of a set whose other members have theirs."""
        others = (Label(reference.span, "used as a target here"),)
        message = f"`{member.span.text}` has no port in set `{reference.name}`"
        help_text = f"write its port, as other members have it: `{member.span.text}:8443`"
        label = "no `:port` follows"
        self._diagnostics.append(error("E205", message, member.span, label, others=others, help=help_text))

    def _expand(self, root: str) -> None:
        """Expand `root` and all it refers to, depth first without recursion."""
        if root in self._members:
            return
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            name, is_done = stack.pop()
            if is_done:
                path.pop()
                on_path.discard(name)
                if name not in self._members:
                    self._members[name] = self._limited(name, self._flatten(name))
                continue
            if name in self._members:
                continue
            path.append(name)
            on_path.add(name)
            stack.append((name, True))
            for member in self._definitions[name].members:
                reference = member.endpoint
                if isinstance(reference, SetReference):
                    if reference.name in on_path:
                        self._cycle([*path[path.index(reference.name) :], reference.name], reference)
                        self._members[name] = ()
                    elif reference.name in self._definitions and reference.name not in self._members:
                        stack.append((reference.name, False))

    def _flatten(self, name: str) -> tuple[Target, ...]:
        return self._replace(self._definitions[name].members, ports_required=False)

    def _limited(self, name: str, members: tuple[Target, ...]) -> tuple[Target, ...]:
        # By what a member says: a diamond of sets names the same member along many ways.
        unique = tuple(dict.fromkeys(members))
        if len(unique) > MAXIMUM_MEMBERS:
            span = self._definitions[name].name_span
            message = f"set `{name}` has {len(unique):,} members"
            label = f"at most {MAXIMUM_MEMBERS:,} are expanded"
            help_text = "select the pods by a shared label"
            self._diagnostics.append(error("E219", message, span, label, help=help_text))
            return ()
        return unique

    def _cycle(self, names: list[str], reference: SetReference) -> None:
        chain = " -> ".join(f"@{name}" for name in names)
        self._used.update(names)
        message = f"set `{names[0]}` contains itself"
        label = f"the chain is {chain}"
        help_text = "name the members themselves in one of the sets"
        self._diagnostics.append(error("E204", message, reference.span, label, help=help_text))
