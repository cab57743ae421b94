"""Figures and findings in the words of a finance report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Certificate, Plan

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
NOT_WORTH_TELLING = 1e-4
"""Share of the gain below which what could be missing is not told in units."""

NEGLIGIBLE_GAIN = 1e-9
"""Share of the objective below which a gain is rounding."""


@dataclass(frozen=True)
class Money:
    """Shows every amount of a report in one unit of currency.

    Attributes
    ----------
    symbol : str
        Currency sign, or its code and a space.
    suffix : str
        ``m``, ``k`` or empty: what the sign's amounts are counted in.
    unit : float
        One shown unit, in the instance's money unit.
    scale : float
        Currency units in the instance's money unit.
    decimals : int
        Digits after the point in tables.
    """

    symbol: str
    suffix: str
    unit: float
    scale: float
    decimals: int

    @classmethod
    def fitting(cls, settings: Settings, amounts: Iterable[float]) -> Money:
        """Choose the unit and the decimals for a report over `amounts` (instance's unit)."""
        scale = settings.money_scale
        largest = max((abs(a) for a in amounts if math.isfinite(a)), default=0.0) * scale
        units = (("m", 1e6), ("k", 1e3), ("", 1.0))
        suffix, size = next((u for u in units if largest >= 3 * u[1]), units[-1])
        shown = largest / size
        decimals = 0 if shown >= 10_000 else 1 if shown >= 100 else 2
        symbol = SYMBOLS.get(settings.currency, f"{settings.currency} ")
        return cls(symbol, suffix, size / scale, scale, decimals)

    @property
    def name(self) -> str:
        """The unit as a heading: ``£m``."""
        return f"{self.symbol}{self.suffix}".strip()

    @property
    def one(self) -> str:
        """One shown unit in a sentence: ``£1m``."""
        return f"{self.symbol}1{self.suffix}"

    def amount(self, value: float) -> str:
        """Table figure without sign of currency: ``1,234.5``."""
        return fixed(value / self.unit, self.decimals)

    def change(self, value: float) -> str:
        """Table figure that always carries its sign: ``+12.3``; ``0.0`` when nothing moves."""
        return signed(value / self.unit, self.decimals)

    def text(self, value: float) -> str:
        """Amount in a sentence, in the unit that suits its own size: ``£12.3m``."""
        currency = value * self.scale
        sign, size = "-" if currency < 0 else "", abs(currency)
        if size < 0.005:
            return f"{self.symbol}0"
        if size >= 999_500:
            digits = f"{size / 1e6:,.1f}m"
        elif size >= 9_999.5:
            digits = f"{size / 1e3:,.0f}k"
        elif size >= 100 or size == round(size):
            digits = f"{size:,.0f}"
        else:
            digits = f"{size:,.2f}"
        return f"{sign}{self.symbol}{digits}"


@dataclass(frozen=True)
class Worth:
    """Units in which value is told: an outcome's own when only one is weighted.

    Attributes
    ----------
    unit : str
        ``QALY``, or ``points of value`` when outcomes with different units or weights
        are added up.
    per_point : float
        Units in one point of the objective.
    """

    unit: str
    per_point: float

    @classmethod
    def of(cls, outcomes: pd.DataFrame) -> Worth:
        """Read the units from the instance's table of outcomes."""
        weighted = outcomes[outcomes["weight"] != 0]
        units = {u or o for u, o in zip(weighted["unit"], weighted["outcome"], strict=True)}
        weights = set(weighted["weight"])
        if len(units) == 1 and len(weights) == 1 and min(weights) > 0:
            return cls(str(units.pop()), 1.0 / float(weights.pop()))
        return cls("points of value", 1.0)

    def figure(self, value: float) -> str:
        """Digits alone of `value`, given in points of the objective."""
        return figure(value * self.per_point)

    def text(self, value: float) -> str:
        """Figure with its unit: ``52.3 QALY``."""
        return f"{self.figure(value)} {self.unit}"


def fixed(value: float, decimals: int) -> str:
    """`value` with thousands separators; never ``-0.0``."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def signed(value: float, decimals: int) -> str:
    """`value` with its sign, plus included; a rounded zero has none."""
    text = fixed(value, decimals)
    return text if value <= 0 or float(text.replace(",", "")) == 0 else f"+{text}"


def figure(value: float) -> str:
    """`value` to three significant digits without idle zeros, or whole from 100 on."""
    size = abs(value)
    if size >= 99.95:
        return fixed(value, 0)
    if size == 0 or not math.isfinite(size):
        return f"{value:g}"
    if size < 1e-4:
        return f"{value:.1e}"
    return fixed(value, 2 - math.floor(math.log10(size))).rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Share as a percentage a reader can hold on to: ``12%``, ``1.2%``, ``0.04%``."""
    size = abs(share) * 100
    if size >= 9.95 or size == 0:
        return f"{share * 100:,.0f}%"
    if size >= 0.095:
        return f"{share * 100:.1f}%"
    return f"{share * 100:.2f}%" if size >= 0.005 else "under 0.01%"


def count(number: int, thing: str) -> str:
    """``1 programme``, ``2 breaches``, ``no capacities``."""
    return f"{number or 'no'} {thing if number == 1 else several(thing)}"


def several(thing: str) -> str:
    """Plural of a word that is not one already: ``bed-days``, ``capacities``."""
    if thing.endswith("s"):
        return thing
    if thing.endswith("y") and thing[-2:-1] not in "aeiou":
        return f"{thing[:-1]}ies"
    return f"{thing}es" if thing.endswith("ch") else f"{thing}s"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names as a sentence has them: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def years_text(years: Sequence[int], settings: Settings) -> str:
    """Years in words: ``2025/26``, ``2025/26 to 2027/28``, ``every year``."""
    chosen = sorted(set(years))
    if len(chosen) > 1 and chosen == sorted(settings.years):
        return "every year"
    runs: list[list[int]] = []
    for year in chosen:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    parts = []
    for run in runs:
        first, last = settings.year_label(run[0]), settings.year_label(run[-1])
        parts.append(first if len(run) == 1 else f"{first} to {last}")
    return ", ".join(parts)


def display_names(keys: Iterable[str], labels: Iterable[str]) -> dict[str, str]:
    """Name to show for each key: its label, or the key when it has none of its own."""
    first: dict[str, str] = {}
    for key, label in zip(keys, labels, strict=True):
        first.setdefault(key, label)
    uses = Counter(first.values())
    return {key: label if label and uses[label] == 1 else key for key, label in first.items()}


def gain_matters(plan: Plan) -> bool:
    """Whether the plan is worth more than the reference by more than rounding."""
    gain = plan.certificate.gain
    size = max(1.0, abs(plan.objective or 0.0))
    return gain is not None and gain > NEGLIGIBLE_GAIN * size


def money_of(plan: Plan, instance: Instance) -> Money:
    """How amounts of this plan are shown: fitted to its largest year."""
    totals = plan.sectors().groupby("year")[["baseline", "reference", "spend"]].sum()
    return Money.fitting(instance.settings, totals.to_numpy().ravel())


def certificate_sentences(plan: Plan, worth: Worth) -> list[str]:
    """How good the plan is proved to be, for a reader who answers for the money.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    worth : Worth
        Units in which value is told.

    Returns
    -------
    list of str
        The claim, then whether it was checked.
    """
    return [_claim(plan, worth), _check(plan)]


def possible_more(plan: Plan) -> float | None:
    """Objective by which some plan the rules allow may be better, on the true curves.

    Parameters
    ----------
    plan : Plan
        A plan that was found.

    Returns
    -------
    float or None
        Not negative; None where nothing is known.
    """
    c = plan.certificate
    value = c.objective if c.true_objective is None else c.true_objective
    best = _best_bound(c)
    if value is None or best is None:
        return None
    return max(0.0, best + c.curve_error - value)


def _best_bound(certificate: Certificate) -> float | None:
    """The certified bound where it is one, otherwise the solver's where it has one."""
    for bound in (certificate.certified_bound, certificate.bound):
        if bound is not None and math.isfinite(bound):
            return bound
    return None


def best_found(plan: Plan, worth: Worth, money: Money) -> str:
    """How much better than a plan with yes-or-no decisions another could be, for the headline.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    worth : Worth
        Units in which value is told.
    money : Money
        How amounts are told.

    Returns
    -------
    str
        Empty for linear programmes and calm plans, of which the certificate says enough.
    """
    c, missing = plan.certificate, possible_more(plan)
    if not c.integer or plan.status == "feasible":
        return ""
    found = "Best found"
    if plan.status == "limit":
        found = f"{_stopped(plan)}: the best found so far"
    if missing is None:
        return f"{found}; how much better another plan could be is not known."
    if missing <= NEGLIGIBLE_GAIN * max(1.0, abs(plan.objective or 0.0)):
        return f"{found}; nothing but rounding could be missing."
    terms = []
    if gain_matters(plan) and c.gain:
        terms.append(f"{percent(missing / c.gain)} of the gain")
    if c.price_of_money is not None and c.price_of_money > 0:
        a_year = money.text(missing / c.price_of_money / max(1, c.years))
        terms.append(f"about {a_year} a year at the plan's price of money")
    more = worth.text(missing) + (f" more ({', '.join(terms)})" if terms else " more")
    return f"{found}; no plan the rules allow can be worth more than {more}."


def _stopped(plan: Plan) -> str:
    return "Interrupted" if plan.solver.get("interrupted") else "Stopped at a limit"


def _claim(plan: Plan, worth: Worth) -> str:
    c, missing = plan.certificate, possible_more(plan)
    value = c.objective if c.true_objective is None else c.true_objective
    if value is None or missing is None:
        return "How far this plan is from the best is not proved."
    proved = c.certified_bound is not None and math.isfinite(c.certified_bound)
    matters = gain_matters(plan)
    could = f"at most {worth.text(missing)} could be missing."
    if missing <= NEGLIGIBLE_GAIN * max(1.0, abs(value)):
        could = "nothing but rounding could be missing."
    elif matters and c.gain and missing < NOT_WORTH_TELLING * c.gain:
        could = f"less than {percent(NOT_WORTH_TELLING)} of the gain could be missing."
    elif matters and c.gain:
        share = percent(missing / c.gain)
        could = f"at most {worth.text(missing)} ({share} of the gain) could be missing{_why(plan)}."
    best = "Best found for these figures" if c.integer else "Best for these figures"
    if plan.status == "limit":
        said = f"{_stopped(plan)}; this is the best plan found so far, and {could}"
    elif plan.status == "feasible":
        said = (
            f"A calm plan: it moves as few pounds as it can{_kept(c, missing)}; the best is worth "
            f"at most {worth.text(missing)} more."
        )
    elif matters and c.gain:
        said = (
            f"{best}: no plan the rules allow gains more than "
            f"{worth.text(c.gain + missing)} on rolling forward, and this one gains "
            f"{worth.figure(c.gain)}; {could}"
        )
    else:
        said = (
            f"{best}: no plan the rules allow is worth more than "
            f"{worth.text(value + missing)}, and this one is worth {worth.figure(value)}; {could}"
        )
    if proved:
        return said
    whose = "The bound is the solver's word" if c.integer else "This is the solver's word"
    return f"{said} {whose}, not proved apart from it."


def _kept(certificate: Certificate, missing: float) -> str:
    """Share of the largest gain the rules allow that a calm plan keeps."""
    gain = certificate.gain
    if gain is None or gain + missing <= 0:
        return ""
    return f" and keeps {percent(max(0.0, gain) / (gain + missing))} of the largest gain"


def _why(plan: Plan) -> str:
    """Where a gap comes from that is not the solver's."""
    c = plan.certificate
    best = c.best_bound
    if best is None or c.objective is None or c.curve_error < 9 * (best - c.objective):
        return ""
    return ", because response curves are solved as straight pieces"


def _check(plan: Plan) -> str:
    if not plan.verified:
        return "Checked independently: NO. Do not use these figures."
    miss = plan.max_violation or 0.0
    size = f" (to within {miss:.0e} of the amounts involved)" if miss > 0 else ""
    return (
        f"Checked independently: yes. Recomputed from the tables, it keeps every hard rule, "
        f"limit, budget and capacity{size}."
    )
