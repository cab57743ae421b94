"""Tables of a plan recomputed, each made when somebody reads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps

import numpy as np
import pandas as pd

from allocator.evaluate import frames
from allocator.evaluate.adjustments import adjustment_frame
from allocator.evaluate.capacity import capacity_frame
from allocator.evaluate.contract_table import contract_frame
from allocator.evaluate.funding import funding_frame
from allocator.evaluate.incomes import income_frame
from allocator.evaluate.ledger import ledger_frame, transfer_frame
from allocator.evaluate.option_money import option_frame
from allocator.evaluate.outcomes import outcome_frame, programme_frame, segment_frame
from allocator.evaluate.providers import provider_frame
from allocator.evaluate.round import Round
from allocator.evaluate.system import system_frame
from allocator.evaluate.verdict import rule_frame
from allocator.evaluate.workings import BEYOND, Workings

TABLES = (
    "allocation",
    "outcomes",
    "segments",
    "by_programme",
    "rules",
    "capacity",
    "budgets",
    "transfers",
    "funding",
    "adjustments",
    "contracts",
    "providers",
    "system",
    "options",
    "incomes",
    "violations",
)
"""Tables of an evaluation, in order."""


def _table(make: Callable[[ResultTables], pd.DataFrame]) -> cached_property[pd.DataFrame]:
    """A table that is made when it is first read; in it too may be what cannot be computed."""

    @wraps(make)
    def made(self: ResultTables) -> pd.DataFrame:
        with np.errstate(**BEYOND):
            return make(self)

    return cached_property(made)


class ResultTables:
    """Tables of a plan recomputed; money is in the instance's money unit.

    Attributes
    ----------
    workings : Workings
        Everything the plan does, as arrays.
    """

    workings: Workings

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    @_table
    def allocation(self) -> pd.DataFrame:
        """Programmes by year.

        programme, year, activity, need, met, avoided, unmet, price, spend, stranded,
        surcharge, lo, hi; need, met, avoided and unmet are NaN without demand; spend includes
        stranded cost and surcharge (what does not follow the plain unit cost: dearer or
        cheaper units above a threshold, unit costs changed by options, yearly costs of the
        options that are part of the programme); limits on growth are those after the plan's
        activity the year before, and limits are those options leave.
        """
        w, known = self.workings, self.workings.decided.round
        there, spending = known.demand.there, w.accounts.spending
        needed = {name: getattr(w.need, name) for name in ("need", "met", "avoided", "unmet")}
        columns = {
            "activity": w.activity,
            **{name: np.where(there, figures, np.nan) for name, figures in needed.items()},
            "price": known.programmes.price,
            "spend": spending.total,
            "stranded": spending.stranded,
            "surcharge": spending.surcharge,
            "lo": w.limits.lo,
            "hi": w.limits.hi,
        }
        names = {"programme": known.programmes.names.array}
        return frames.by_year(names, known.tables.years, columns)

    @_table
    def outcomes(self) -> pd.DataFrame:
        """Outcomes by year.

        outcome, year, amount (unweighted, net of harm, credited when bought), beyond_horizon
        (the part that arrives after the last plan year), value (weighted).
        """
        return outcome_frame(self.workings.outcomes, self._round.tables.years)

    @_table
    def segments(self) -> pd.DataFrame:
        """outcome, segment, year, amount; empty without segments."""
        known = self._round
        return segment_frame(self.workings.outcomes, known.segments, known.tables.years)

    @_table
    def by_programme(self) -> pd.DataFrame:
        """programme, outcome, year, amount, value."""
        known = self._round
        return programme_frame(self.workings.outcomes, known.programmes, known.tables.years)

    @_table
    def rules(self) -> pd.DataFrame:
        """Rules by year.

        rule, year, label, measure, sense, value (left-hand side in the unit of the basis, NaN
        when it is a share of nothing), limit, left and right (multiplied out), slack (not
        negative when met), violation, soft, penalty (value taken off).
        """
        return rule_frame(self.workings.verdict, self._round.tables.years)

    @_table
    def capacity(self) -> pd.DataFrame:
        """resource, place, year, used, amount, extra, slack."""
        return capacity_frame(self.workings.capacity, self._round.tables.years)

    @_table
    def budgets(self) -> pd.DataFrame:
        """Pools by year.

        pool, year, amount (all money but capital), spend (what it pays for care: at_cost +
        contract_payments + funded), adjustments, extra_cost, option_cost (of options, paid by
        the pool directly, capital apart), option_income, incomes (conditional money received
        in the year), held_back, exit_fees, transfers_in, transfers_out, carry_in, carry_out,
        slack; recurrent_income (income from options included) and recurrent_spend (yearly
        costs of options included), both with transfers, and underlying, the first less the
        second; support (of deficits, which is no part of it); capital_amount, capital_spend
        (capital of options included).
        """
        w = self.workings
        return ledger_frame(w.decided.pools, w.accounts.ledger, self._round.tables.years)

    @_table
    def transfers(self) -> pd.DataFrame:
        """from_pool, to_pool, year, amount."""
        w = self.workings
        return transfer_frame(w.decided.pools, w.accounts.ledger, self._round.tables.years)

    @_table
    def funding(self) -> pd.DataFrame:
        """Parts of the programmes that several pools pay for.

        programme, pool, year, paid, share (of what it costs), share_min, share_max.
        """
        w, spend = self.workings, self.workings.accounts.spending.total
        paid = w.accounts.ledger.paid
        return funding_frame(w.decided.funding, paid, spend, self._round.tables.years)

    @_table
    def adjustments(self) -> pd.DataFrame:
        """Money that is not a programme.

        pool, year, kind, item, amount (net of what is not delivered; negative when saved).
        """
        known = self._round
        return adjustment_frame(known.adjustments, known.pools.names, known.tables.years)

    @_table
    def contracts(self) -> pd.DataFrame:
        """Contracts by year.

        contract, year, type (`cost` in years without), provider, pool, payment, pool_payment
        (with the lead's overhead), cost (of the activity, stranded cost included), value
        (activity at tariff), fixed (fixed part or budget, NaN without), stranded, state, ended
        (by the plan), suspended (by an option in place), exit_fee.
        """
        known, payments = self._round, self.workings.accounts.payments
        return contract_frame(payments, known.pools.names, known.tables.years)

    @_table
    def providers(self) -> pd.DataFrame:
        """Providers by year.

        provider, year, income (contracts, overheads, programmes paid at cost),
        contract_income, other_income, adjustments (money from pools that is not for activity),
        other_cost, cost, position, deficit_max, slack (both NaN without a limit).
        """
        return provider_frame(self.workings.accounts.books, self._round.tables.years)

    @_table
    def system(self) -> pd.DataFrame:
        """Underlying position of pools and providers together, by year.

        year, pools (underlying position of all pools, with every deficit that comes back each
        year), held (the part of these deficits that nobody is paid: pools hold it against a
        provider's loss), providers (positions of all providers without what they are paid
        once), underlying (the sum of the three), support (money that supports a deficit until
        it is withdrawn; no part of it).
        """
        accounts, known = self.workings.accounts, self._round
        pools = self.workings.decided.pools
        return system_frame(
            pools, accounts.ledger, accounts.books, known.adjustments, known.tables.years
        )

    @_table
    def options(self) -> pd.DataFrame:
        """Options by year.

        option, label, group, year, taken, in_place (share of the year for which it counts),
        cost_once, cost_yearly, double_running, cost_exit, capital (money of the year), pool
        (that pays), programme (whose spend the yearly cost is part of).
        """
        known, money = self._round, self.workings.accounts.options
        return option_frame(money, known.pools.names, known.programmes.names)

    @_table
    def incomes(self) -> pd.DataFrame:
        """Conditional money by condition and year.

        income, part, label, pool, year (measured), received (year it is received in, 0 when
        beyond the plan), measure, sense, value (what is measured), threshold, full, earned
        (share, 0 to 1), amount (money earned), held_back (money taken off the pool in the year
        measured).
        """
        return income_frame(self.workings.incomes, self._round.tables.years)

    @_table
    def violations(self) -> pd.DataFrame:
        """Hard limits and rules missed by more than the tolerance.

        kind, name, year, value, limit, violation (in its own unit), relative (to the size of
        the row), message.
        """
        return self.workings.findings.frame()

    @property
    def _round(self) -> Round:
        return self.workings.decided.round
