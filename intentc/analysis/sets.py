"""Expand the names that `let` gives to lists of endpoints or targets."""

from __future__ import annotations

from collections.abc import Iterable

from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.nearest import nearest
from intentc.nodes import Endpoint, Let, SetReference, Target

MAXIMUM_MEMBERS = 1_000_000
"""How many members a set may have after expansion."""


class Sets:
    """All definitions of a program; each set is expanded once, whatever refers to it."""

    def __init__(self, definitions: Iterable[Let], diagnostics: list[Diagnostic]) -> None:
        self._definitions: dict[str, Let] = {}
        self._diagnostics = diagnostics
        self._members: dict[str, tuple[Target, ...]] = {}
        self._used: set[str] = set()
        for definition in definitions:
            first = self._definitions.setdefault(definition.name, definition)
            if first is not definition:
                others = (Label(first.name_span, "first defined here"),)
                message = f"set `{definition.name}` is defined twice"
                help_text = "sets of all files share their names: rename one, or put the members together"
                label = "second definition"
                span = definition.name_span
                diagnostics.append(error("E202", message, span, label, others=others, help=help_text))
        for name in self._definitions:
            self._expand(name)

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
                        f"set `{endpoint.name}` has ports, so it cannot be a source",
                        "a source has no port",
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
                    self._misfit(
                        reference, member, message, "a target needs a port", f"`@{reference.name}:8443`"
                    )
                    break
                found.append(Target(member.endpoint, target.ports, target.span) if target.ports else member)
        return tuple(found)

    def _look_up(self, reference: SetReference) -> tuple[Target, ...]:
        name = reference.name
        if name in self._definitions:
            self._used.add(name)
            return self._members.get(name, ())
        close = nearest(name, self._definitions)
        help_text: tuple[str, ...] = (f"a set is defined by `let {name} = …`",)
        fixes: tuple[Fix, ...] = ()
        if close:
            help_text = (f"a set with a similar name exists: `@{close}`",)
            fixes = (Fix(f"write `@{close}`", (Edit(reference.span, f"@{close}"),), safe=False),)
        message = f"set `{name}` is not known"
        label = "no `let` defines it"
        self._diagnostics.append(error("E201", message, reference.span, label, help=help_text, fixes=fixes))
        return ()

    def _misfit(
        self, reference: SetReference, member: Target, message: str, label: str, better: str = ""
    ) -> None:
        others = (Label(member.span, "this member has ports" if member.ports else "this member has none"),)
        help_text = "say ports in one place: in the set, or where it is used"
        if better:
            help_text = f"write the port at the reference: {better}"
        self._diagnostics.append(error("E205", message, reference.span, label, others=others, help=help_text))

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
