"""Count how many of a total were right, and hold the share to a bound."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Measure:
    """How many of a total were right, and examples of those that were not."""

    name: str
    bound: float
    right: int = 0
    total: int = 0
    wrong: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, *, right: bool, wrong: str = "", kind: str = "") -> None:
        """Count one more; `wrong` says what it was, in case it was not right."""
        self.total += 1
        self.right += right
        if not right:
            self.kinds[kind] += 1
            self.wrong.append(wrong)

    @property
    def share(self) -> float:
        """Return the share of the right ones; nothing measured is nothing right."""
        return self.right / self.total if self.total else 0.0

    @property
    def is_met(self) -> bool:
        """Tell whether the bound holds."""
        return self.share >= self.bound

    def __str__(self) -> str:
        """Return one line: name, figures, bound."""
        sign = "ok " if self.is_met else "LOW"
        return f"{sign} {self.name}: {self.share:.4%} ({self.right} of {self.total}), bound {self.bound:.0%}"
