"""The independent check: a plan recomputed from the tables of its instance alone.

Nothing here knows the model or the solver: years, selections, prices, need, curves, money
and rules are worked out again from the tables, with the true response curves.
"""

from allocator.evaluate.bridge import STEPS, bridge, check_bridge
from allocator.evaluate.curves import linear, logistic, points, power, saturating, true_effect
from allocator.evaluate.evaluation import DEFAULT_TOLERANCE, Evaluation, evaluate

__all__ = [
    "DEFAULT_TOLERANCE",
    "STEPS",
    "Evaluation",
    "bridge",
    "check_bridge",
    "evaluate",
    "linear",
    "logistic",
    "points",
    "power",
    "saturating",
    "true_effect",
]
