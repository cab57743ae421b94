"""Which words of the vocabulary have a meaning together."""

from __future__ import annotations

from allocator.instance.tables.vocabulary import RULE_BASES, SENSES

LEGAL_RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "spend": dict.fromkeys(RULE_BASES, SENSES),
    "recurrent_spend": dict.fromkeys(RULE_BASES, SENSES),
    "value": dict.fromkeys(RULE_BASES, SENSES),
    "activity": dict.fromkeys(RULE_BASES, SENSES),
    "outcome": {"amount": SENSES, "per_head": SENSES},
    "unmet": {"amount": ("max",), "per_head": ("max",)},
    "payment": dict.fromkeys(RULE_BASES, SENSES),
    "position": {"amount": SENSES},
}
"""Measure -> basis -> senses that have a meaning together."""

SHAPE_PARAMETERS: dict[str, tuple[str, ...]] = {
    "linear": ("per_unit",),
    "power": ("per_unit", "elasticity"),
    "saturating": ("maximum", "half"),
    "logistic": ("maximum", "half", "steepness"),
    "points": (),
}
"""Parameters each response shape needs; any other must be blank."""

CONTRACT_PARAMETERS: dict[str, tuple[str, ...]] = {
    "cost": (),
    "block": ("fixed", "ceiling", "rebasing_year"),
    "activity": ("threshold", "marginal_rate"),
    "cost_and_volume": ("fixed", "volume", "up_rate"),
    "aligned": ("fixed", "up_rate", "down_rate"),
    "capitated": ("per_head", "gain_share", "loss_share", "gain_cap", "loss_cap"),
    "outcome": ("fixed", "bonus_outcome", "bonus", "bonus_threshold", "bonus_step"),
}
"""Parameters each type of contract takes; those of other types must be left out."""

EFFECT_OPERATIONS: dict[str, tuple[str, ...]] = {
    "capacity": ("add", "multiply"),
    "limit_min": ("add", "multiply"),
    "limit_max": ("add", "multiply"),
    "close": ("suspend",),
    "demand": ("add", "multiply"),
    "outcome": ("add", "multiply"),
    "unit_cost": ("add", "multiply"),
    "income": ("add",),
    "contract": ("suspend",),
    "provider": ("move",),
}
"""Measure of an option's effect -> operations that have a meaning for it."""

EFFECT_TARGETS: dict[str, str] = {
    "capacity": "resources",
    "limit_min": "programmes",
    "limit_max": "programmes",
    "close": "programmes",
    "demand": "programmes",
    "outcome": "programmes",
    "unit_cost": "programmes",
    "income": "budgets",
    "contract": "contracts",
    "provider": "programmes",
}
"""Measure of an option's effect -> table its target is named in."""

REFUSED: dict[str, tuple[str, ...]] = {
    "programmes": (
        "a programme paid from capital whose pool has none",
        "a programme that no limit, capacity, demand or money holds down: with unit_cost 0, in a "
        "pool whose amount is blank, or under a contract that pays nothing more for more of it",
    ),
    "limits": (
        "a min above the max of the row",
        "bounds of a programme that leave it no activity in a year, from whatever tables they come",
        "start_min on basis growth, or above what the programme can do",
    ),
    "budgets": ("floors and payments that together are more than the money that can reach a pool",),
    "funding": (
        "funding of a programme under a contract that replaces its cost, or paid from capital",
        "shares that cannot come to the whole",
    ),
    "responses": (
        "a response of an emergency programme",
        "a power curve of a programme with baseline 0",
    ),
    "demand": (
        "a harm and a response of one programme for one outcome: need that is met would count "
        "twice",
        "min_met below 1 for an entitlement",
    ),
    "effects": (
        "a programme that avoids its own demand, or that of one without any",
        "circles of effects that do not die out, and programmes that save more than they cost "
        "(unless accept_money_pump names them)",
    ),
    "use": ("use of a resource without capacity",),
    "option_effects": (
        "options that may be taken together and leave less than nothing of a demand or of a most "
        "activity; of a capacity they may not be taken together then, which is no error",
        "two options that multiply one figure, or change one unit cost, or move one programme, and "
        "that neither a group nor links keep from being taken together",
        "a unit cost below 0",
    ),
    "option_links": ("options that require each other in a circle, or what excludes it",),
    "incomes": ("held_back of a pool whose recurrent or grant money is not limited",),
    "selections": (
        "a row that matches no programme",
        "one programme in a selection with two different shares",
    ),
    "rules": (
        "a share of a whole that does not hold all of it",
        "a contract that stands in the selection of a payment rule in part",
        "activity in different units",
    ),
    "segments": ("a segment with rows of places and a row for the whole system",),
    "reach": ("shares of a programme that do not sum to 1",),
}
"""Table -> what is refused though each cell is as its column allows, besides the tables above."""

CONTRACT_NEEDS: dict[str, tuple[str, ...]] = {
    "capitated": ("per_head",),
    "outcome": ("bonus_outcome",),
}
"""Parameters a type of contract cannot do without."""
