"""The door to HiGHS: nothing goes in unchecked and nothing comes out on its word.

Every call's status is looked at, every option is read back, the algorithm that ran is
told from what it counted, and threads, start and limits mean what they say. A run can be
stopped with Ctrl-C and then gives what it has (:mod:`allocator.solver.highs.watch`).
"""

from __future__ import annotations

import time
from typing import Any

import highspy

from allocator.arrays import Floats
from allocator.errors import UsageError
from allocator.solver.highs import search
from allocator.solver.highs.engine import fine
from allocator.solver.highs.loaded import Loaded
from allocator.solver.highs.solution import Solution, read
from allocator.solver.highs.watch import Watch, refuse_while


class Solver(Loaded):
    """One programme loaded into HiGHS, to be solved and re-solved.

    Made as :class:`~allocator.solver.highs.loaded.Loaded` is.
    """

    def basis(self) -> Any:
        """Basis of the last run, to start another from."""
        return self.engine.basis()

    def run(
        self,
        *,
        start: str = "fast",
        basis: Any = None,
        time_limit: float | None = None,
        algorithm: str | None = None,
        gap: float = 0.0,
        within: float = 0.0,
        node_limit: int | None = None,
        begin: Floats | None = None,
    ) -> Solution:
        """Solve.

        Parameters
        ----------
        start : {'fast', 'reproducible'}
            ``fast`` goes on from wherever the last run ended, so that which of several
            equally good solutions comes back may depend on what was solved before;
            ``reproducible`` forgets everything and starts from `basis` (cold without one).
        basis : optional
            Basis to start from.
        time_limit : float, optional
            Seconds for this run. HiGHS looks at its clock now and then: a promise needs a
            process of its own (:mod:`allocator.solver.highs.child`).
        algorithm : str, optional
            Another algorithm for this run.
        gap : float
            Where a programme with whole numbers may stop: distance of bound and objective
            over the objective, its constant included.
        within : float
            The same as a distance alone, in units of the objective.
        node_limit : int, optional
            Most nodes of the search tree.
        begin : ndarray, shape (columns,), optional
            Solution a programme with whole numbers starts from, in its own units; NaN for
            what is not known. What is missing or does not fit is worked out around the
            whole numbers that are known; a start nothing can be made of is passed over.

        Raises
        ------
        KeyboardInterrupt
            When Ctrl-C is pressed a second time. The first stops HiGHS when it next looks,
            and the run returns what it has. Branch and bound does not look while it solves
            the linear programme of its root or runs a heuristic, which can take seconds;
            the first-order algorithm never looks.
        """
        if start not in ("fast", "reproducible"):
            raise UsageError(f"start {start!r} is not fast or reproducible")
        refuse_while(self._watch)
        if start == "reproducible":
            self.engine.forget()
        if basis is not None:
            self.engine.take(basis)
        whole = bool(self.program.integer.any())
        self._watch = watch = Watch(whole=whole, maximise=self.program.maximise)
        self.engine.set("solver", algorithm or self.algorithm)
        seconds = 0.0
        if whole and begin is not None:
            half = None if time_limit is None else time_limit / 2
            seconds += search.begin_from(self, begin, watch, half)
        left = None if time_limit is None else max(0.0, time_limit - seconds)
        if whole:
            seconds += search.branch_and_bound(self, watch, left, gap, node_limit, within)
        else:
            seconds += self.work(watch, left)
        if self.ended(highspy.HighsModelStatus.kUnboundedOrInfeasible):
            seconds += self._settle(watch)
        return read(self, seconds, watch)

    def _settle(self, watch: Watch) -> float:
        """Find out whether a programme is infeasible or unbounded; seconds it took."""
        asked = self.engine.get("presolve")
        began = time.perf_counter()
        self.engine.set("presolve", "off")
        self.engine.set("solver", "simplex")
        self.engine.forget()
        fine(watch.call(self.engine.highs), "solve")
        self.engine.set("presolve", asked)
        return time.perf_counter() - began
