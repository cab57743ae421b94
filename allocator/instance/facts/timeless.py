"""Facts that rest on the tables alone, whatever the plan years."""

from __future__ import annotations

from allocator.arrays import Flags, Floats
from allocator.instance.facts.deriving import Deriving, fact
from allocator.instance.facts.groups import Group, groups_of, payers_of
from allocator.instance.facts.held import Held, limits_changed
from allocator.instance.tables.rows import among
from allocator.instance.tables.selections import Selections


class Timeless(Deriving):
    """What follows from the tables of an instance, whatever its plan years."""

    @fact
    def rank(self) -> dict[str, int]:
        """Position of each programme."""
        return {name: i for i, name in enumerate(self["programmes"]["programme"].tolist())}

    @fact
    def base_spend(self) -> Floats:
        """Money each programme's baseline costs at the unit costs of the base year."""
        cost, baseline = self.columns("programmes", "unit_cost", "baseline")
        return cost * baseline

    @fact
    def selections(self) -> Selections:
        """Members of every selection."""
        return Selections(self["programmes"], self["selections"])

    @fact
    def held(self) -> Held:
        """Programmes that nothing values, and those kept at their baseline."""
        (following,), (buying,) = (self.columns(t, "programme") for t in ("demand", "responses"))
        (avoiding,) = self.columns("effects", "source")
        measure, target = self.columns("option_effects", "measure", "target")
        freed = target[limits_changed(measure)]
        return Held(self["programmes"], following, buying, avoiding, freed)

    @fact
    def groups(self) -> dict[str, Group]:
        """Groups of options by name."""
        return groups_of(self["options"])

    @fact
    def payers(self) -> list[str]:
        """Pool that pays for each option; blank where unknown."""
        return payers_of(self["options"], self["programmes"])

    @fact
    def buyers(self) -> dict[str, Flags]:
        """Programmes that change each outcome: by a response, by harm, or by an option."""
        found: dict[str, list[str]] = {}
        for table, columns in (
            ("responses", ("programme", "outcome")),
            ("demand", ("programme", "harm_outcome")),
            ("option_effects", ("target", "outcome")),
        ):
            for programme, outcome in zip(*self.columns(table, *columns), strict=True):
                found.setdefault(outcome, []).append(programme)
        (names,) = self.columns("programmes", "programme")
        return {outcome: among(names, buyers) for outcome, buyers in found.items()}

    @fact
    def losses(self) -> frozenset[tuple[str, str]]:
        """Programmes and outcomes of which something could take off."""
        found = set(zip(*self.columns("demand", "programme", "harm_outcome"), strict=True))
        for table, columns in (
            ("responses", ("programme", "outcome", "per_unit")),
            ("response_points", ("programme", "outcome", "effect")),
            ("option_effects", ("target", "outcome", "value")),
        ):
            for programme, outcome, each in zip(*self.columns(table, *columns), strict=True):
                if each < 0:
                    found.add((programme, outcome))
        return frozenset((programme, outcome) for programme, outcome in found if outcome)
