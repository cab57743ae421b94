"""What the model of an instance is made of, by name: for constraints of somebody's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from allocator.calls import told
from allocator.data import Data
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance, instance_of
from allocator.overview import as_html, as_text
from allocator.planning.formulation import Extra
from allocator.planning.formulation import build as modelled
from allocator.solver.compile.compiler import compile_model
from allocator.solver.program import Block, Program


@dataclass(frozen=True, eq=False, repr=False)
class Built:
    """The model of an instance before it is solved.

    Attributes
    ----------
    instance : Instance
        With its evidence chosen.
    data : Data
        The instance as arrays, what ``extra(model, data)`` is given.
    model : pyomo.environ.ConcreteModel
        What ``extra(model, data)`` is given, and what it added.
    """

    instance: Instance
    data: Data
    model: Any

    @cached_property
    def program(self) -> Program:
        """The programme as it is handed to the solver: sparse arrays."""
        return compile_model(self.model)

    def variables(self) -> pd.DataFrame:
        """Every variable, as ``extra(model, data)`` may name it.

        Returns
        -------
        pandas.DataFrame
            variable (its component of the model), index (a tuple of labels), write (how it is
            written in Python, such as ``model.activity["gp", 2025]``), name (what exports call
            it), lower, upper, whole (whether it is a whole number) and means (what the
            component is).
        """
        p = self.program
        return self._listed(p.columns, "variable", p.col_lower, p.col_upper).assign(
            whole=p.integer
        )[["variable", "index", "write", "name", "lower", "upper", "whole", "means"]]

    def rows(self) -> pd.DataFrame:
        """Every row: the constraints there are, those that were added among them.

        Returns
        -------
        pandas.DataFrame
            row (its component of the model), index, write, name, lower, upper (its sides; what
            does not depend on variables stands in them), terms (how many variables it has)
            and means (the inequality, as its family states it).
        """
        p = self.program
        return self._listed(p.rows, "row", p.row_lower, p.row_upper).assign(
            terms=np.diff(p.matrix.indptr)
        )[["row", "index", "write", "name", "lower", "upper", "terms", "means"]]

    def _listed(self, blocks: tuple[Block, ...], kind: str, lower: Any, upper: Any) -> pd.DataFrame:
        entries = [entry for block in blocks for entry in self._members(block)]
        columns = [kind, "index", "write", "name", "means"]
        frame = pd.DataFrame(entries, columns=columns)
        return frame.assign(lower=lower, upper=upper)

    def _members(self, block: Block) -> Iterator[tuple[str, tuple[Any, ...], str, str, str]]:
        means = self.model.find_component(block.name).doc or ""
        labels = block.labels if block.index is None else tuple(block.index.members())
        for label, name in zip(labels, block.member_names(), strict=True):
            parts = label if isinstance(label, tuple) else (label,)
            index = tuple(part for part in parts if part is not None)
            inside = f"[{', '.join(map(repr, index))}]" if index else ""
            yield block.name, index, f"model.{block.name}{inside}", name, means

    def __repr__(self) -> str:
        return as_text(*self._overview())

    def _repr_html_(self) -> str:
        return as_html(*self._overview())

    def _overview(self) -> tuple[str, dict[str, str], dict[str, int]]:
        p = self.program
        facts = {
            "variables": f"{p.shape[1]:,} (variables() lists them): {_names(p.columns)}",
            "rows": f"{p.shape[0]:,} (rows() lists them): {_names(p.rows)}",
            "whole": f"{int(p.integer.sum()):,} of the variables are whole numbers",
        }
        return f"Model of {self.instance.settings.name}", facts, {}


def _names(blocks: tuple[Block, ...]) -> str:
    return ", ".join(block.name for block in blocks if len(block))


@told
def build(
    instance: Instance | str | PathLike[str],
    *,
    evidence: str = "central",
    formulation: str = "allocation",
    extra: Extra | None = None,
) -> Built:
    """Build the model of an instance without solving it: what it is made of, by name.

    Parameters
    ----------
    instance : Instance or path
        A path is read.
    evidence : {'low', 'central', 'high'}
        Which figures of responses and effects to believe.
    formulation : str
        Name in the entry-point group ``allocator.models``.
    extra : callable, optional
        ``extra(model, data)`` adds to the Pyomo model, as in :func:`allocator.solve`.

    Returns
    -------
    Built
        Its ``variables()`` and ``rows()`` are data frames of all that ``extra`` can name.
    """
    chosen = with_evidence(instance_of(instance, "build"), evidence)
    return Built(chosen, *modelled(chosen, formulation=formulation, extra=extra))
