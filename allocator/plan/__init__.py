"""What a solve returns: a plan, how good it is proved to be, or what is missing for one.

Nothing here knows Pyomo or the solver.
"""

from allocator.plan.certificate import Certificate
from allocator.plan.plan import Plan
from allocator.plan.shortfall import Missing, Shortfall

__all__ = ["Certificate", "Missing", "Plan", "Shortfall"]
