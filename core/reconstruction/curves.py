"""The loss curves of a reconstruction: what each term was worth after each step."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Curve:
    """`energies`: for the start and after every step, each term's energy by its name; `solver` made them, `title` says
    on what."""

    solver: str
    energies: tuple[dict[str, float], ...]
    title: str = ""

    @property
    def totals(self) -> list[float]:
        """The objective after every step."""
        return [sum(each.values()) for each in self.energies]

    def to_json(self) -> dict[str, Any]:
        """{"solver", "title", "total": [...], "terms": {name: [...]}}."""
        names = list(self.energies[0])
        terms = {name: [each[name] for each in self.energies] for name in names}
        return {"solver": self.solver, "title": self.title, "total": self.totals, "terms": terms}
