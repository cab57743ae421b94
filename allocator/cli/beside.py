"""What ``solve`` says beside its plan: an earlier plan, and what decisions are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import allocator
from allocator.cli.output import printer, say, working
from allocator.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from allocator import DecisionWorth, PlanDifference
    from allocator.instance.instance import Instance
    from allocator.plan import Plan

VALUING = "Stopping: the plan is shown with what has been worked out."
"""What the first Ctrl-C is answered with while decisions are valued."""


@dataclass(frozen=True)
class Against:
    """An earlier plan that a new one is held against."""

    folder: Path
    plan: Plan
    instance: Instance | None

    @classmethod
    def read(cls, folder: Path | None, instance: Path | None) -> Against | None:
        """The plan in a folder, with its instance where that is given."""
        from allocator.report.files.plans import plan_of_folder

        if folder is None:
            if instance is not None:
                raise UsageError("--against-round goes with --against PLAN.")
            return None
        plan = plan_of_folder(folder)
        if instance is None:
            return cls(folder, plan, None)
        with working("Reading"):
            before = allocator.read(instance)
        if before.sha256 != plan.instance.get("sha256"):
            raise UsageError(f"the plan in {folder} does not answer {instance} as it is now.")
        return cls(folder, plan, before)

    def difference(self, plan: Plan, instance: Instance) -> PlanDifference:
        """What a new plan has that the earlier one has not."""
        pair = None if self.instance is None else (self.instance, instance)
        return allocator.compare_plans(self.plan, plan, instance=pair)


class Beside:
    """What is said beside a plan.

    Parameters
    ----------
    against : Against or None
        An earlier plan.
    instance : Instance
        The new plan's.
    plan : Plan
        The new plan.
    """

    def __init__(self, against: Against | None, instance: Instance, plan: Plan) -> None:
        self.against, self.instance, self.plan = against, instance, plan
        self.worth: DecisionWorth | None = None
        self.difference: PlanDifference | None = None
        if against is not None and plan.found:
            self.difference = against.difference(plan, instance)

    def value_decisions(
        self, held: Mapping[str, pd.DataFrame] | None = None, **options: Any
    ) -> Plan:
        """The plan with what its decisions are worth, for which it is solved again."""
        with working("Solving without each decision", cut_short=VALUING):
            others = held if self.against is None else self.against.plan
            self.worth = allocator.decision_worth(
                self.instance, self.plan, progress=say, held=others, **options
            )
        return replace(self.plan, tables={**self.plan.tables, "decision_worth": self.worth.table})

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped that before all decisions were valued."""
        return self.worth is not None and self.worth.interrupted

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        from allocator.report.text.differences import difference_record
        from allocator.report.text.worth import worth_record

        said: dict[str, Any] = {}
        if self.against is not None:
            found = self.difference
            said["against"] = found and difference_record(found, self.against.plan)
        if self.worth is not None:
            said["worth"] = worth_record(self.worth)
        return said

    def print_difference(self) -> None:
        """The earlier plan, as people read it."""
        from allocator.report.language.layout import bullet
        from allocator.report.text.differences import print_difference

        if self.against is not None and self.difference is not None:
            name = str(self.against.folder)
            print_difference(self.difference, self.instance, printer(), name=name)
            if self.against.plan.allocation["held"].any():
                printer().print(bullet(f"Held programmes stay where {name} has them."))

    def print_waiting(self) -> None:
        """What it costs to wait with decisions, as people read it."""
        from allocator.report.text.worth import print_waiting

        if self.worth is not None:
            print_waiting(self.worth, self.instance, printer())
