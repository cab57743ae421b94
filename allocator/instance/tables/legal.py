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

CONTRACT_NEEDS: dict[str, tuple[str, ...]] = {
    "capitated": ("per_head",),
    "outcome": ("bonus_outcome",),
}
"""Parameters a type of contract cannot do without."""
