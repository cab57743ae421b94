"""The words that columns accept."""

CLASSES = ("emergency", "entitlement", "safety", "discretionary")
SHAPES = ("linear", "power", "saturating", "logistic", "points")
LIMIT_BASES = ("activity", "baseline", "growth")
BUDGET_KINDS = ("recurrent", "non_recurrent", "capital", "grant", "support")
ADJUSTMENT_KINDS = (
    "full_year_effect",
    "pressure",
    "efficiency",
    "double_running",
    "reserve",
    "deficit",
)
CONTRACT_TYPES = (
    "cost",
    "block",
    "activity",
    "cost_and_volume",
    "aligned",
    "capitated",
    "outcome",
)
MEASURES = (
    "spend",
    "recurrent_spend",
    "activity",
    "value",
    "outcome",
    "unmet",
    "payment",
    "position",
)
SENSES = ("min", "max", "equal")
RULE_BASES = ("amount", "share", "growth", "ratio", "per_head")
PROVENANCE = ("", "seen", "derived", "judgement", "assumed", "unverified")
AUTHORITIES = (
    "",
    "statutory",
    "national",
    "contract",
    "safety",
    "physical",
    "political",
    "assumed",
)
GRADES = ("", "A", "B", "C", "D")

CHOICES = ("any", "at_most_one", "exactly_one", "at_most")
EFFECT_MEASURES = (
    "capacity",
    "limit_min",
    "limit_max",
    "close",
    "demand",
    "outcome",
    "unit_cost",
    "income",
    "contract",
    "provider",
)
OPERATIONS = ("add", "multiply", "suspend", "move")
STEPS = ("consultation", "procurement", "consent", "recruitment", "notice", "approval")
"""Steps that a decision may need first."""
LINKS = ("requires", "excludes")
INCOME_MEASURES = ("outcome", "activity", "value", "unmet")
INCOME_BASES = ("amount", "per_head", "held_back")
