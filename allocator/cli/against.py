"""An earlier plan that ``solve --against`` holds a new one against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import allocator
from allocator.cli.output import printer, working
from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator import PlanDifference
    from allocator.instance.instance import Instance
    from allocator.plan import Plan


@dataclass(frozen=True)
class Against:
    """An earlier plan that a new one is held against."""

    folder: Path
    plan: Plan
    instance: Instance | None

    @classmethod
    def read(cls, folder: Path | None, instance: Path | None) -> Against | None:
        """The plan in a folder, with its instance where that is given."""
        from allocator.report.files.written import written_plan

        if folder is None:
            if instance is not None:
                raise UsageError("--against-round goes with --against PLAN.")
            return None
        plan = written_plan(folder)
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

    def record(self, difference: PlanDifference | None) -> dict[str, Any] | None:
        """As JSON has it."""
        from allocator.report.text.differences import difference_record

        return None if difference is None else difference_record(difference, self.plan)

    def show(self, difference: PlanDifference | None, instance: Instance) -> None:
        """As people read it."""
        from allocator.report.text.differences import print_difference

        if difference is not None:
            print_difference(difference, instance, printer(), name=str(self.folder))
