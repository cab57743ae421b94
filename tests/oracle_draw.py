"""Random small rounds with every kind of decision, as tables.

Half of the rounds have round figures, so that thresholds, caps and limits are met exactly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from oracle_round import Round, Row, Tables
from small import as_instance

from allocator.instance.instance import Instance

MOST_CHOICES = 400
SECTORS = ("acute", "community", "primary", "social")
FOCUS = (
    "contracts",
    "options",
    "incomes",
    "thresholds",
    "points",
    "negative",
    "providers",
    "demand",
    "rules",
    "everything",
)
"""What a round is mostly about, in turn by its seed."""

FORMS = (
    "marginal",
    "capped",
    "aligned",
    "capitated",
    "bonus",
    "step",
    "block",
    "volume",
    "cost",
)
"""Forms of contract, in turn by the seed."""


class Draw:
    """Draws a round.

    Attributes
    ----------
    settings : dict
        Entries of ``instance.toml``.
    tables : dict of str to list of dict
        Its tables.
    smooth : bool
        Whether some response is a smooth curve, which is not made of straight pieces.
    scale, spread : float
        Activity of a service against the usual one, of some tens, and how many times as much
        the next service does.
    large : bool
        Whether there may be more services, years and options than in most.
    """

    def __init__(
        self,
        seed: int,
        *,
        smooth: bool = False,
        scale: float = 1.0,
        spread: float = 1.0,
        large: bool = False,
    ) -> None:
        self.rng = np.random.default_rng([20240401, seed])
        self.seed, self.smooth, self.large = seed, smooth, large
        self.scale, self.spread = scale, spread
        self.focus = FOCUS[seed % len(FOCUS)]
        self.exact = self.often(0.5)
        count = int(self.rng.choice([1, 2, 3], p=(0.3, 0.45, 0.25))) + (1 if large else 0)
        self.years = [2025 + n for n in range(count)]
        plain = self.exact and self.often(0.7)
        self.settings: dict[str, Any] = {
            "name": f"Random {seed}",
            "base_year": 2024,
            "years": self.years,
            "discount_rate": 0.0 if plain else self.pick(0.0, 0.035, 0.1),
            "cost_uplift": 0.0 if plain else self.pick(0.0, 0.02, 0.05),
            "financial_years": self.often(0.7),
            "recurrent_balance": self.often(0.2),
        }
        self.tables: Tables = {}
        self._programmes()
        self._people()
        self._limits()
        self._demand()
        self._responses()
        self._capacity()
        self._contracts()
        self._options()
        self._incomes()
        self._rules()
        self._budgets()
        self._rarer()
        self._fewer()

    # Chances and figures

    def often(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def on(self, focus: str, share: float) -> bool:
        """Whether the round has something: surely when it is about it."""
        return self.often(share) or self.focus in (focus, "everything")

    def pick(self, *values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def number(self, low: float, high: float, step: float = 0.25) -> float:
        """A figure within a range; a multiple of a step in a round of round figures."""
        value = float(self.rng.uniform(low, high))
        if not self.exact:
            return round(value, 3)
        return min(max(round(value / step) * step, low), high)

    def of(self, size: float, low: float, high: float) -> float:
        """A part of a size."""
        value = size * float(self.rng.uniform(low, high))
        return float(round(value)) if self.exact else round(value, 3)

    def year(self) -> int | None:
        """One plan year, or all of them."""
        return int(self.rng.choice(self.years)) if self.often(0.15) else None

    # Programmes

    def _programmes(self) -> None:
        self.two_pools = self.often(0.3)
        self.placed = self.often(0.3)
        rows = []
        for n in range(int(self.rng.integers(2, 5)) + (2 if self.large else 0)):
            cost = self.pick(1.0, 2.0, 2.5, 4.0) if self.exact else self.number(1, 5)
            row: Row = {
                "programme": f"P{n}",
                "sector": SECTORS[n % 4],
                "place": self.pick("North", "South", "") if self.placed else "",
                "provider": "T0" if n < 2 else "T1",
                "pool": "Council" if self.two_pools and n == 2 else "NHS",
                "unit": "unit",
                "unit_cost": cost,
                "baseline": self.scale
                * self.spread**n
                * (self.pick(8, 10, 16, 20, 40) if self.exact else self.number(8, 40)),
                "recurrent": "no" if self.often(0.1) else "yes",
                "class": "safety" if self.often(0.08) else "discretionary",
                "held": "no",
            }
            if self.often(0.2):
                row |= {"fixed_share": self.pick(0.25, 0.5), "release_years": self.pick(1, 2, 3)}
            if not self.exact and self.often(0.2):
                row["cost_uplift"] = 0.03
            if self.on("thresholds", 0.12) and self.often(0.7):
                row["cost_threshold"] = self.of(row["baseline"], 0.4, 1.3)
                row["cost_above"] = self.pick(0.0, 0.5, 0.75, 1.25, 2.0)
            rows.append(row)
        self.programmes = {r["programme"]: r for r in rows}
        self.tables["programmes"] = rows

    def worth(self, *names: str) -> float:
        return float(
            sum(self.programmes[n]["baseline"] * self.programmes[n]["unit_cost"] for n in names)
        )

    def _people(self) -> None:
        self.tables["places"] = [
            {"place": "North", "heads": 60},
            {"place": "South", "heads": 40},
        ]
        if self.often(0.15):
            self.tables["segments"] = [
                {"segment": "poor", "heads": 30, "weight": 2.0},
                {"segment": "others", "heads": 70, "weight": 1.0},
            ]
            name = self.pick(*self.programmes)
            if self.often(0.5):
                self.tables["reach"] = [
                    {"programme": name, "segment": "poor", "share": 0.75},
                    {"programme": name, "segment": "others", "share": 0.25},
                ]

    def _limits(self) -> None:
        rows: list[Row] = []
        self.most: dict[str, float] = {}
        for name, programme in self.programmes.items():
            base = float(programme["baseline"])
            how = self.pick("free", "free", "fixed", "lump", "viable", "growth")
            if self.focus == "thresholds" and self.often(0.5):
                how = self.pick("lump", "viable")
            row: Row = {"programme": name, "basis": self.pick("activity", "baseline")}
            scale = base if row["basis"] == "activity" else 1.0
            most = self.pick(1.0, 1.25, 1.5, 2.0) if self.exact else self.number(1, 2)
            if how == "free":
                row["min"] = scale * self.pick(0.0, 0.25, 0.5) if self.often(0.7) else None
                row["max"] = scale * most
            elif how == "fixed":
                row["min"] = row["max"] = scale * most
            elif how == "lump":
                row["start_min"] = row["max"] = scale * most
            elif how == "viable":
                row["start_min"] = scale * self.pick(0.25, 0.5, 0.75)
                row["max"] = scale * most
            else:
                row["max"] = scale * most
                growth = {"min": -self.pick(0.1, 0.25, 0.5) if self.often(0.6) else None}
                growth["max"] = self.pick(0.0, 0.1, 0.25) if self.often(0.7) else None
                if growth["max"] is not None:
                    growth["growth_amount"] = self.pick(0.0, 2.0) * self.scale
                if set(growth.values()) != {None}:
                    rows.append({"programme": name, "basis": "growth", **growth})
            self.most[name] = base * most
            rows.append(row)
            if self.often(0.1) and len(self.years) > 1 and how in ("free", "viable"):
                rows.append(row | {"year": self.years[-1], "max": scale * (most + 0.25)})
                self.most[name] = base * (most + 0.25)
        self.tables["limits"] = rows

    def _demand(self) -> None:
        rows: list[Row] = []
        if self.on("demand", 0.2):
            for name in list(self.programmes)[:-1][: self.pick(1, 1, 2)]:
                programme = self.programmes[name]
                base = float(programme["baseline"])
                harmful = self.often(0.5)
                rows.append(
                    {
                        "programme": name,
                        "demand": self.of(base, 0.8, 1.3),
                        "opening_backlog": self.pick(0, 0, 4) * self.scale,
                        "carry": self.pick(0.0, 0.5, 1.0),
                        "min_met": self.pick(None, None, 0.25, 0.5),
                        "harm_outcome": "QALY" if harmful else "",
                        "harm": self.number(0.25, 2) if harmful else 0.0,
                    }
                )
                if len(self.years) > 1 and self.often(0.2):
                    demand = self.of(base, 0.8, 1.3)
                    rows.append(rows[-1] | {"year": self.years[-1], "demand": demand})
                # What need asks for decides: limits only from above, and no growth.
                for row in self.tables["limits"]:
                    if row["programme"] == name:
                        row |= {"min": None, "start_min": None}
                        if row["basis"] == "growth":
                            row |= {"max": 0.5, "growth_amount": 4.0 * self.scale}
        self.tables["demand"] = rows
        self.harmed = {r["programme"] for r in rows if r["harm_outcome"]}
        self.needs = {r["programme"]: r["demand"] for r in rows}
        sources = [n for n in self.programmes if n not in self.needs]
        if rows and sources and self.often(0.7):
            target = rows[0]["programme"]
            source = self.pick(*sources)
            price = [self.programmes[n]["unit_cost"] for n in (source, target)]
            self.tables["effects"] = [
                {
                    "source": source,
                    "target": target,
                    # Less is saved than is spent.
                    "per_unit": round(0.3 * self.pick(0.5, 1.0) * price[0] / price[1], 3),
                    "delay": self.pick(0, 0, 1),
                    "fade": self.pick(0.0, 0.0, 0.5),
                }
            ]
            if self.often(0.4):
                self.settings |= {"tail_years": 2, "saving_value": 0.1}

    # Outcomes

    def _responses(self) -> None:
        negative = self.on("negative", 0.1)
        weight = -self.number(0.25, 1) if negative else self.number(0.25, 2)
        self.tables["outcomes"] = [
            {"outcome": "QALY", "weight": self.number(0.5, 3), "discounted": "yes"},
            {"outcome": "days", "weight": weight, "discounted": "no"},
        ]
        self.buys: dict[tuple[str, str], float] = {}
        rows: list[Row] = []
        self.tables["response_points"] = []
        for name in self.programmes:
            if name not in self.harmed:
                rows.append(self._response(name, "QALY"))
            if self.often(0.6 if negative else 0.35):
                rows.append(self._response(name, "days"))
        self.tables["responses"] = rows or [self._response("P0", "days")]

    def _response(self, name: str, outcome: str) -> Row:
        base, row = float(self.programmes[name]["baseline"]), {"programme": name}
        row["outcome"] = outcome
        if self.often(0.1):
            row["delay"] = self.pick(1, 2)
        curved = self.often(0.8 if self.focus in ("points", "negative") else 0.4)
        per = self.number(0.25, 3)
        self.buys[name, outcome] = per * base
        if not curved:
            return row | {"shape": "linear", "per_unit": per}
        if self.smooth:
            return row | self._smooth(base, per)
        at = [0.0, *sorted(self.rng.choice([0.25, 0.5, 0.75, 1.0, 1.25, 1.5], 3, replace=False))]
        effect = self.pick(0.0, 0.0, 0.0, 2.0)
        for n, x in enumerate(at):
            if n:
                effect += (x - at[n - 1]) * base * self.pick(0.0, 0.5, 1.0, 2.0) * per
            point = {"programme": name, "outcome": outcome, "activity": float(x * base)}
            self.tables["response_points"].append(point | {"effect": round(float(effect), 6)})
        return row | {"shape": "points"}

    def _smooth(self, base: float, per: float) -> Row:
        shape = self.pick("power", "power", "saturating", "logistic")
        if shape == "power":
            return {"shape": shape, "per_unit": per, "elasticity": self.pick(0.5, 0.8, 1.5, 2.0)}
        half = {"shape": shape, "maximum": 2.0 * per * base, "half": base * self.number(0.5, 1.25)}
        return half | ({"steepness": self.pick(4, 8) / base} if shape == "logistic" else {})

    def _capacity(self) -> None:
        if not self.often(0.4):
            self.capacity = 0.0
            return
        users = [n for n in self.programmes if self.often(0.6)] or ["P0"]
        used = sum(float(self.programmes[n]["baseline"]) for n in users)
        self.capacity = self.of(used, 0.8, 1.5)
        self.tables["resources"] = [{"resource": "staff"}]
        row: Row = {"resource": "staff", "amount": self.capacity}
        if self.often(0.4):
            row |= {"extra_max": self.of(used, 0.1, 0.4), "extra_cost": self.number(0.25, 2)}
            row["extra_pool"] = "NHS"
        self.tables["capacity"] = [row]
        homes = {self.programmes[n]["place"] for n in users} - {""}
        if homes and self.often(0.5):
            amount = self.of(used, 0.2, 0.8)
            self.tables["capacity"].append(
                {"resource": "staff", "place": min(homes), "amount": amount}
            )
        self.tables["use"] = [{"programme": n, "resource": "staff", "per_unit": 1.0} for n in users]

    # Contracts

    def _contracts(self) -> None:
        rows: list[Row] = []
        self.under: dict[str, tuple[str, ...]] = {}
        if self.on("contracts", 0.4) or self.focus == "providers":
            both = ("P0", "P1") if self.often(0.5) else ("P0",)
            self.under["K0"] = both
            if len(self.programmes) > 3 and self.often(0.3) and not self.two_pools:
                self.under["K1"] = ("P3",)
        for n, (name, mine) in enumerate(self.under.items()):
            for i in mine:
                self.programmes[i]["contract"] = name
                if self.often(0.4):
                    cost = self.programmes[i]["unit_cost"]
                    self.programmes[i]["tariff"] = round(cost * self.pick(0.75, 0.9, 1.25), 3)
            row = self._contract(name, mine, FORMS[(self.seed // len(FOCUS) + n) % 9])
            rows.append(row)
            if self.often(0.12) and len(self.years) > 1 and not {"start", "end"} & set(row):
                # Other terms in the last year, ended early or not by the same notice.
                kept = {c: row.get(c) for c in ("notice_years", "lead", "overhead", "uplift")}
                other = self._contract(name, mine, self.pick(*FORMS[:8]))
                gone = ("start", "end", "rebasing_year", "exit_fee", *kept)
                other = {c: v for c, v in other.items() if c not in gone}
                if row["type"] != "cost" and row.get("rebasing_year") is None:
                    rows.append(other | kept | {"year": self.years[-1]})
        self.tables["contracts"] = rows
        providers: list[Row] = []
        for provider in ("T0", "T1"):
            used = any(r["provider"] == provider for r in self.programmes.values())
            if used and rows and (self.focus == "providers" or self.often(0.25)):
                size = self.worth(*[n for k in self.under.values() for n in k])
                providers.append(
                    {
                        "provider": provider,
                        "other_income": self.of(size, 0.0, 0.1),
                        "other_cost": self.of(size, 0.0, 0.1),
                        "deficit_max": self.of(size, 0.05, 0.4) if self.often(0.8) else None,
                    }
                )
        self.tables["providers"] = providers

    def _contract(self, name: str, mine: tuple[str, ...], form: str) -> Row:
        size = sum(
            float(self.programmes[i]["baseline"])
            * float(self.programmes[i].get("tariff", self.programmes[i]["unit_cost"]))
            for i in mine
        )
        row: Row = {"contract": name} | self._terms(mine, form, size)
        low, high = None, None
        if self.often(0.25) or (form == "capped" and self.often(0.5)):
            low = self.of(size, 0.5, 0.95)
        if self.often(0.2) or form == "capped":
            high = self.of(size, 1.0, 1.3)
        row |= {"min_income": low, "max_income": high}
        if row["type"] in ("block", "cost_and_volume") and high is not None:
            row["max_income"] = max(high, row.get("fixed") or size)
        if self.often(0.15) and not self.exact:
            row["uplift"] = 0.04
        if self.often(0.25):
            row |= {"lead": "T2" if self.often(0.5) else "T1", "overhead": self.pick(0.1, 0.25)}
            if row["lead"] == self.programmes[mine[0]]["provider"] or (
                row["lead"] == "T1" and len(self.programmes) < 3
            ):
                row["lead"] = "T2"
            if row["lead"] == "T2":
                self.extra_provider = {
                    "provider": "T2",
                    "other_cost": self.of(size, 0.0, 0.1),
                    "deficit_max": self.of(size, 0.0, 0.1) if self.often(0.5) else None,
                }
        pays = row["type"] != "cost" or low or high or "lead" in row
        if pays and self.often(0.35):
            row["notice_years"] = self.pick(0, 1, 1, 2)
            row["exit_fee"] = self.of(size, 0.0, 0.2) if self.often(0.6) else 0.0
        if self.often(0.15) and len(self.years) > 1 and row.get("rebasing_year") is None:
            row["end" if self.often(0.5) else "start"] = self.years[-1] - 1
        return row

    def _terms(self, mine: tuple[str, ...], form: str, size: float) -> Row:
        fixed = self.of(size, 0.8, 1.2) if self.often(0.5) else None
        if form == "marginal":
            return {
                "type": "activity",
                "threshold": self.of(size, 0.6, 1.2),
                "marginal_rate": self.pick(0.3, 0.5, 0.7, 0.0, 1.5),
            }
        if form == "capped":
            return {"type": self.pick("activity", "cost")}
        if form == "aligned":
            up, down = self.pick((0.5, 1.0), (0.25, 0.75), (1.0, 0.5), (0.75, 0.75))
            return {"type": "aligned", "fixed": fixed, "up_rate": up, "down_rate": down}
        if form == "capitated":
            gain, loss = self.pick((0.5, 0.25), (0.25, 0.75), (0.5, 0.5), (0.0, 0.5))
            people = {"": 100, "North": 60, "South": 40}
            homes = {self.programmes[i]["place"] for i in mine}
            heads = 100 if "" in homes else sum(people[h] for h in homes)
            return {
                "type": "capitated",
                "per_head": round(size / heads * self.pick(0.75, 1.0, 1.25), 4),
                "gain_share": gain,
                "loss_share": loss,
                "gain_cap": self.of(size, 0.05, 0.2) if gain and self.often(0.5) else None,
                "loss_cap": self.of(size, 0.05, 0.2) if loss and self.often(0.5) else None,
            }
        if form in ("bonus", "step"):
            harmed = "QALY" if self.harmed & set(mine) else ""
            bought = [(i, k) for i, k in self.buys if i in mine and k != harmed]
            if not bought:
                return {"type": "block", "fixed": fixed}
            k = bought[0][1]
            earned = sum(v for (i, o), v in self.buys.items() if i in mine and o == k)
            row: Row = {"type": "outcome", "fixed": fixed, "bonus_outcome": k}
            row["bonus"] = self.number(0.25, 1)
            if form == "step":
                row |= {"bonus": self.pick(0.0, 0.25), "bonus_threshold": self.of(earned, 0.6, 1.3)}
                row["bonus_step"] = self.of(size, 0.05, 0.3) or 1.0
            return row
        if form == "block":
            row = {"type": "block", "fixed": fixed}
            if self.often(0.4):
                row["ceiling"] = self.of(size, 0.9, 1.4)
            elif self.often(0.5):
                row["rebasing_year"] = int(self.rng.choice(self.years))
            return row
        if form == "volume":
            volume = self.of(size, 0.7, 1.2) if self.often(0.6) else None
            up = self.pick(0.5, 1.0, 0.3)
            return {"type": "cost_and_volume", "fixed": fixed, "volume": volume, "up_rate": up}
        return {"type": "cost"}

    # Options

    def _options(self) -> None:
        self.tables |= {"options": [], "option_effects": [], "option_links": []}
        count = self.pick(1, 2, 2, 3, 3, 4) if self.on("options", 0.45) else 0
        count += 2 if self.large else 0
        choose = self.pick("at_most_one", "exactly_one", "at_most", "any")
        most = 1 if count < 3 or self.often(0.3) else 2
        self.multiplied: dict[tuple[str, ...], str] = {}
        for n in range(count):
            row = self._option(n)
            if choose != "any" and count > 1:
                row |= {"group": "G", "choose": choose}
                if choose == "at_most":
                    row["most"] = most
            self.exclusive = "group" in row and choose in ("at_most_one", "exactly_one")
            if choose == "exactly_one" and "group" in row:
                # Somebody can always win: all may start at once and stay to the end.
                row |= {"earliest": None, "latest": None}
            self.tables["options"].append(row)
            for _ in range(self.pick(1, 1, 2, 3)):
                self._effect(row)
        self._link(count, choose)

    def _link(self, count: int, choose: str) -> None:
        """Decisions that depend on one another."""
        if count > 2 and choose == "at_most_one" and self.often(0.5):
            # Overlapping choices: the first option is in both.
            for n, row in enumerate(self.tables["options"]):
                row["group"] = "G; H" if n == 0 else "GH"[n % 2]
            self._apart()
        if count > 2 and choose == "any" and self.often(0.2):
            for row in self.tables["options"][:3]:
                row |= {"earliest": None, "latest": None}
            for one in (0, 1):
                self.tables["option_links"].append(
                    {"option": f"O{one}", "link": "requires", "other": f"O{one + 1}"}
                )
        elif count > 1 and choose in ("any", "at_most") and self.often(0.5):
            one, other = self.rng.choice(count, 2, replace=False)
            link = self.pick("requires", "excludes")
            if link == "excludes" or (choose == "any" and self._may_meet(one, other)):
                self.tables["option_links"].append(
                    {"option": f"O{one}", "link": link, "other": f"O{other}"}
                )

    def _apart(self) -> None:
        """Leave out multiplying effects on a figure that options of no common group share."""
        groups = {r["option"]: set(r["group"].split("; ")) for r in self.tables["options"]}
        kept: list[Row] = []
        for row in self.tables["option_effects"]:
            changes = row["operation"] == "multiply" or row["measure"] == "unit_cost"
            others = [
                o
                for o in kept
                if changes
                and all(str(o.get(c, "")) == str(row.get(c, "")) for c in COLUMNS)
                and o["operation"] == row["operation"]
                and not groups[o["option"]] & groups[row["option"]]
            ]
            kept += [] if others else [row]
        self.tables["option_effects"] = kept

    def _may_meet(self, one: int, other: int) -> bool:
        """Whether the windows of two options leave a run in which both are taken throughout."""
        rows = self.tables["options"]
        probe = Round(self.settings, self.tables)
        mine, its = probe.runs(rows[one]), probe.runs(rows[other])
        return any(a[0] >= b[0] and a[1] <= b[1] for a in mine for b in its)

    def _option(self, n: int) -> Row:
        size, last = self.worth(*self.programmes), len(self.years) - 1
        row: Row = {"option": f"O{n}", "group": "", "choose": "any"}
        if self.often(0.3):
            row["programme"] = self.pick(*self.programmes)
            row["pool"] = "" if self.often(0.5) else "NHS"
        else:
            row["pool"] = "Council" if self.two_pools and self.often(0.3) else "NHS"
        if self.often(0.3):
            row["earliest"] = self.years[int(self.rng.integers(last + 1))]
        if self.often(0.3):
            row["latest"] = max(
                self.years[int(self.rng.integers(last + 1))], row.get("earliest", 0)
            )
        row["start_month"] = self.pick(0, 0, 0, 10, 7, 1, 4)
        if last and self.often(0.3):
            first = row.get("earliest") or self.years[0]
            row["lead_years"] = min(1, self.years[-1] - first)
        row["min_years"] = self.pick(1, 1, 1, 2)
        reach = self.years[-1] - (row.get("earliest") or self.years[0])
        if self.often(0.3):
            at = [y for y in (1, 2) if row["min_years"] <= y <= reach and self.often(0.7)]
            row["review_years"] = "; ".join(map(str, at)) if at else "none"
        cheap = self.pick(0.0, 0.02, 0.05, 0.1)
        for column, share in (
            ("cost_once", 0.5),
            ("cost_yearly", 0.6),
            ("double_running", 0.25),
            ("cost_exit", 0.25),
        ):
            if self.often(share):
                row[column] = self.of(size, 0.2 * cheap, cheap)
        if row.get("cost_yearly") and self.often(0.15):
            row["cost_yearly"] = -row["cost_yearly"]
        if self.often(0.25):
            row["capital"] = self.pick(5, 10, 20) * self.scale
        return row

    def _effect(self, option: Row) -> None:
        measures = ["limit_max", "limit_min", "close", "outcome", "outcome", "unit_cost", "income"]
        measures += ["capacity"] * 2 if self.capacity else []
        measures += ["demand"] * 2 if self.needs else []
        measures += ["contract"] * 2 if self.under else []
        measure = self.pick(*measures)
        row: Row = {"option": option["option"], "measure": measure}
        row |= getattr(self, f"_effect_{measure}")()
        key = tuple(str(row.get(c, "")) for c in ("measure", "target", "place", "outcome"))
        for other in self.tables["option_effects"]:
            same = all(str(other.get(c, "")) == k for c, k in zip(COLUMNS, key, strict=True))
            if same and other["option"] == row["option"]:
                return
        if measure == "unit_cost" and any(r[:2] == key[:2] for r in self.multiplied):
            return
        if row["operation"] == "multiply" or measure == "unit_cost":
            if (
                not self.exclusive
                and self.multiplied.get(key, option["option"]) != option["option"]
            ):
                return
            self.multiplied[key] = option["option"]
        lead = int(option.get("lead_years") or 0)
        first = (option.get("earliest") or self.years[0]) + lead
        if self.often(0.15) and first < self.years[-1]:
            row["delay"] = 1
        self.tables["option_effects"].append(row)

    def _either(self, size: float, low: float, high: float, factors: tuple[float, ...]) -> Row:
        if self.often(0.5):
            return {"operation": "multiply", "value": self.pick(*factors)}
        return {"operation": "add", "value": self.of(size, low, high) or 1.0}

    def _effect_limit_max(self) -> Row:
        name = self.pick(*self.programmes)
        base = float(self.programmes[name]["baseline"])
        return {"target": name} | self._either(base, -0.25, 0.75, (0.75, 1.25, 1.5))

    def _effect_limit_min(self) -> Row:
        name = self.pick(*self.programmes)
        base = float(self.programmes[name]["baseline"])
        value = self.of(base, 0.1, 0.5) or 1.0
        low = any(r["programme"] == name and r.get("min") for r in self.tables["limits"])
        if low and self.often(0.4):
            value = -value
        return {"target": name, "operation": "add", "value": value}

    def _effect_close(self) -> Row:
        # A service whose need must be met cannot be closed.
        strict = {r["programme"] for r in self.tables["demand"] if r["min_met"]}
        names = [n for n in self.programmes if n not in strict]
        return {"target": self.pick(*names), "operation": "suspend"}

    def _effect_contract(self) -> Row:
        return {"target": self.pick(*self.under), "operation": "suspend"}

    def _effect_outcome(self) -> Row:
        name, outcome = self.pick(*self.buys)
        size = self.buys[name, outcome]
        return {"target": name, "outcome": outcome} | self._either(
            size, 0.05, 0.6, (0.5, 1.25, 1.5, 2.0)
        )

    def _effect_unit_cost(self) -> Row:
        # Where units above a threshold are cheap already, a cut could make them cost nothing.
        names = [n for n, r in self.programmes.items() if r.get("cost_above", 1.0) > 0.5]
        name = self.pick(*(names or self.programmes))
        cost = float(self.programmes[name]["unit_cost"])
        low = 0.75 if name in names else 1.0
        if self.often(0.5):
            return {"target": name, "operation": "multiply", "value": self.pick(low, 1.25)}
        return {
            "target": name,
            "operation": "add",
            "value": (self.pick(low - 1.0, 0.25) or 0.5) * cost,
        }

    def _effect_income(self) -> Row:
        return {
            "target": "NHS",
            "operation": "add",
            "value": self.of(self.worth(*self.programmes), 0.01, 0.1) or 1.0,
        }

    def _effect_capacity(self) -> Row:
        row = self.pick(*self.tables["capacity"])
        place = {"place": row["place"]} if "place" in row else {}
        return {"target": "staff", **place} | self._either(
            row["amount"], 0.05, 0.5, (0.75, 1.25, 1.5)
        )

    def _effect_demand(self) -> Row:
        name = self.pick(*self.needs)
        return {"target": name} | self._either(self.needs[name], -0.2, 0.3, (0.75, 1.25))

    # Conditional money

    def _incomes(self) -> None:
        rows: list[Row] = []
        for n in range(self.pick(1, 1, 2) if self.on("incomes", 0.25) else 0):
            rows.append(self._income(n) | {"year": self.year()})
            if self.often(0.3):
                rows[-1] |= {"part": "a", "share": 0.5}
                rows.append(self._income(n) | {"part": "b", "share": 0.5})
                for column in ("pool", "basis", "amount", "lag", "label", "year"):
                    rows[-1][column] = rows[-2].get(column)
        self.tables["incomes"] = rows

    def _income(self, n: int) -> Row:
        names = list(self.programmes)
        measure = self.pick("outcome", "outcome", "activity", "value")
        if self.needs and self.often(0.3):
            measure, names = "unmet", list(self.needs)
        name = self.pick(*names)
        row: Row = {"income": f"I{n}", "part": "", "pool": "NHS", "measure": measure}
        base = float(self.programmes[name]["baseline"])
        selected = self.often(0.6) or measure == "unmet"
        row["selection"] = self._select(name) if selected else ""
        if measure == "outcome":
            outcome = self.pick(*[k for i, k in self.buys if i == name] or ["QALY"])
            row["outcome"] = outcome
            size = sum(v for (i, k), v in self.buys.items() if k == outcome)
            size = self.buys.get((name, outcome), base) if selected else size or base
        elif measure == "value":
            size = self.worth(name) if selected else self.worth(*self.programmes)
        elif measure == "activity":
            size = base if selected else sum(float(r["baseline"]) for r in self._all())
        else:
            size = 0.4 * self.needs[name]
        bad = row.get("outcome") == "days" and self.tables["outcomes"][1]["weight"] < 0
        row["sense"] = "max" if measure == "unmet" or bad or self.often(0.15) else "min"
        row["threshold"] = self.of(size, 0.5, 1.3)
        if self.often(0.5):
            step = self.of(size, 0.1, 0.4) or 0.25 * size
            least = min(step, 0.75 * row["threshold"])
            if row["threshold"] > 0.0:
                row["full"] = row["threshold"] + (step if row["sense"] == "min" else -least)
        row["basis"] = self.pick("amount", "amount", "per_head", "held_back")
        total = self.worth(*self.programmes)
        row["amount"] = {
            "amount": self.of(total, 0.02, 0.2),
            "per_head": self.pick(0.05, 0.1, 0.2) * self.scale,
            "held_back": self.pick(0.02, 0.05, 0.1),
        }[row["basis"]]
        row["lag"] = self.pick(0, 0, 1) if len(self.years) > 1 else 0
        return row

    def _all(self) -> list[Row]:
        return list(self.programmes.values())

    def _select(self, name: str) -> str:
        rows = self.tables.setdefault("selections", [])
        selection = f"S {name}"
        if not any(r["selection"] == selection for r in rows):
            rows.append({"selection": selection, "programme": name})
        return selection

    # Rules and money

    def _rules(self) -> None:
        rows: list[Row] = []
        if self.two_pools and self.often(0.5) and "P2" not in self.needs:
            self.tables["transfers"] = [
                {"from_pool": "NHS", "to_pool": "Council", "max": 10 * self.scale}
            ]
        for n in range(self.pick(1, 2) if self.on("rules", 0.25) else 0):
            row = {"rule": f"R{n}", "year": self.year()} | self._rule()
            if self.often(0.4):
                row["penalty"] = self.number(0.25, 2)
            rows.append(row)
        if self.on("negative", 0.1):
            rows.append(self._rule_outcome() | {"rule": "R of outcome"})
        self.tables["rules"] = rows

    def _rule_outcome(self) -> Row:
        name, outcome = self.pick(*self.buys)
        sense = self.pick("max", "max", "min")
        low, high = (0.8, 1.6) if sense == "max" else (0.2, 0.9)
        return {
            "measure": "outcome",
            "selection": self._select(name),
            "outcome": outcome,
            "sense": "equal" if self.often(0.1) else sense,
            "value": self.of(self.buys[name, outcome], low, high),
            "segment": "poor" if "segments" in self.tables and self.often(0.5) else "",
        }

    def _rule(self) -> Row:
        name = self.pick(*self.programmes)
        base = float(self.programmes[name]["baseline"])
        kinds = ["spend", "activity", "outcome", "value", "growth", "share", "ratio", "head"]
        kinds += ["payment", "payment", "position", "position"] if self.under else []
        kinds += ["unmet"] if self.needs else []
        kind = self.pick(*kinds)
        sense = self.pick("min", "max")
        low, high = (0.3, 0.9) if sense == "min" else (0.9, 1.5)
        if kind == "outcome":
            return self._rule_outcome()
        if kind == "unmet":
            name = self.pick(*self.needs)
            value = self.of(self.needs[name], 0.1, 0.6)
            return {
                "measure": "unmet",
                "selection": self._select(name),
                "sense": "max",
                "value": value,
            }
        if kind in ("payment", "position"):
            contract = self.pick(*self.under)
            rows = self.tables.setdefault("selections", [])
            if not any(r["selection"] == contract for r in rows):
                rows.append({"selection": contract, "contract": contract})
            size = self.worth(*self.under[contract])
            low, high = (low, high) if kind == "payment" else (-0.5, 0.0)
            if kind == "position" and sense == "max":
                low, high = 0.0, 0.5
            row = {"measure": kind, "selection": contract, "sense": sense}
            return row | {"value": self.of(size, low, high)}
        row = {"selection": self._select(name), "sense": sense}
        late = any(r.get("fixed_share") for r in self._all())
        if kind == "growth":
            measure = "activity" if late else self.pick("spend", "activity", "value")
            row |= {"measure": measure, "basis": "growth"}
            row["reference"] = self.pick("previous", "baseline")
            return row | {"value": -self.pick(0.25, 0.5) if sense == "min" else 0.5}
        if kind == "head":
            return row | {
                "measure": "spend",
                "basis": "per_head",
                "value": round(self.worth(name) / 100 * (0.5 if sense == "min" else 1.2), 4),
            }
        if kind == "ratio":
            other = self.pick(*self.programmes)
            part = self.worth(name) / (self.worth(other) or 1.0)
            row |= {"measure": "value" if late else "spend", "basis": "ratio"}
            row["relative_to"] = self._select(other)
            return row | {"value": round(part * (0.5 if sense == "min" else 1.5), 3)}
        if kind == "share":
            row |= {"measure": "value" if late else "spend", "basis": "share"}
            part = self.worth(name) / self.worth(*self.programmes)
            return row | {"value": min(round(part * (0.5 if sense == "min" else 1.5), 3), 1.0)}
        size = base if kind == "activity" else self.worth(name)
        if self.often(0.15) and kind != "spend":
            row["sense"], low, high = "equal", 0.75, 1.25
        return row | {"measure": kind, "value": self.of(size, low, high)}

    def _budgets(self) -> None:
        rows: list[Row] = []
        for pool in ("NHS", "Council") if self.two_pools else ("NHS",):
            cost = self.worth(*[n for n, r in self.programmes.items() if r["pool"] == pool])
            cost = cost or 20.0
            row = {"pool": pool, "kind": "recurrent", "amount": self.of(cost, 0.9, 1.4)}
            if self.often(0.3):
                row["carry_max"] = self.of(cost, 0.05, 0.2)
            if self.often(0.2):
                row["overdraw_max"] = self.of(cost, 0.05, 0.1)
            if self.often(0.15):
                row["opening"] = self.pick(5.0, -2.0) * self.scale
            rows.append(row)
            if self.often(0.3):
                rows.append(
                    {
                        "pool": pool,
                        "kind": self.pick("non_recurrent", "grant", "support"),
                        "amount": self.of(cost, 0.02, 0.2),
                    }
                )
            if any(self._capital_of(o, pool) for o in self.tables["options"]):
                rows.append(
                    {
                        "pool": pool,
                        "kind": "capital",
                        "amount": self.pick(10, 15, 20, 30) * self.scale,
                    }
                )
        if len(self.years) > 1 and self.often(0.25):
            amount = self.of(rows[0]["amount"], 0.8, 1.2)
            rows.append(rows[0] | {"year": self.years[-1], "amount": amount})
        self.tables["budgets"] = rows
        if self.two_pools and self.often(0.3) and "contract" not in self.programmes["P1"]:
            self.tables["funding"] = [
                {"programme": "P1", "pool": "NHS", "share_min": 0.25, "share_max": 1.0},
                {"programme": "P1", "pool": "Council", "share_max": 0.5},
            ]
        if self.often(0.15):
            kind = self.pick("pressure", "efficiency", "reserve")
            self.tables["adjustments"] = [
                {
                    "item": "A",
                    "pool": "NHS",
                    "kind": kind,
                    "amount": self.pick(2.0, 5.0) * self.scale,
                    "recurrent": self.pick("yes", "no"),
                }
            ]

    def _capital_of(self, option: Row, pool: str) -> bool:
        own = option.get("pool") or self.programmes[option["programme"]]["pool"]
        return bool(option.get("capital")) and own == pool

    def _rarer(self) -> None:
        """A service that starts from nothing, one bought from capital, one that all may have."""
        name, row = list(self.programmes.items())[-1]
        busy = name in self.needs or "contract" in row
        if not busy and not self.smooth and self.often(0.12):
            for limit in self.tables["limits"]:
                if limit["programme"] == name and limit["basis"] == "baseline":
                    limit["basis"] = "activity"
                    for column in ("min", "max", "start_min"):
                        if limit.get(column) is not None:
                            limit[column] = limit[column] * row["baseline"]
                if limit["programme"] == name and limit["basis"] == "growth":
                    limit |= {"min": None, "max": 0.5, "growth_amount": 0.5 * row["baseline"]}
            row |= {"baseline": 0.0, "fixed_share": 0.0, "release_years": 0}
        elif not busy and not self.tables.get("funding") and self.often(0.12):
            row["money"] = "capital"
            amount = self.of(self.worth(name), 0.8, 1.4)
            budgets = self.tables["budgets"]
            mine = [b for b in budgets if (b["pool"], b["kind"]) == (row["pool"], "capital")]
            if mine:
                mine[0]["amount"] += amount
            else:
                budgets.append({"pool": row["pool"], "kind": "capital", "amount": amount})
        if self.needs and self.often(0.1):
            strict = next(iter(self.needs))
            self.programmes[strict]["class"] = "entitlement"
            for need in self.tables["demand"]:
                if need["programme"] == strict:
                    need |= {"min_met": None, "opening_backlog": 0}

    def _fewer(self) -> None:
        """Leave out options until every combination of decisions can be tried."""
        if any(r.get("lead") == "T2" for r in self.tables["contracts"]):
            self.tables["providers"].append(self.extra_provider)
        while self._many():
            gone = self.tables["options"].pop()["option"]
            for name in ("option_effects", "option_links"):
                self.tables[name] = [
                    r for r in self.tables[name] if gone not in (r["option"], r.get("other"))
                ]
        for o in self.tables["options"]:
            o.setdefault("cost_once", 0.0)

    def _many(self) -> bool:
        """Whether there are more combinations of decisions than can be tried."""
        round_ = Round(self.settings, self.tables)
        apart = [len(round_.patterns(o)) for o in self.tables["options"]]
        most = MOST_CHOICES * (4 if self.large else 1)
        return math.prod(apart) > 100 * most or len(round_.choices()) > most

    def instance(self) -> Instance:
        """The round as an instance, checked."""
        return as_instance(self.settings, self.tables)


COLUMNS = ("measure", "target", "place", "outcome")
