"""The independent check: a plan recomputed from the tables of its instance alone.

Nothing here knows the model or the solver: years, selections, prices, need, curves, money
and rules are worked out again from the tables, with the true response curves. A
:class:`~allocator.evaluate.round.Round` is what the tables say, read once; a plan is judged
by it as often as wanted.
"""

from allocator.evaluate.bridge import STEPS, bridge
from allocator.evaluate.bridge_check import check_bridge
from allocator.evaluate.curves import linear, logistic, points, power, saturating, true_effect
from allocator.evaluate.evaluation import Evaluation
from allocator.evaluate.recompute import evaluate
from allocator.evaluate.round import Round
from allocator.evaluate.tolerances import DEFAULT_TOLERANCE

__all__ = [
    "DEFAULT_TOLERANCE",
    "STEPS",
    "Evaluation",
    "Round",
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
