"""What a unit of activity costs and is paid at, and how money grows, year by year."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.settings import Settings


class Prices:
    """Unit costs and tariffs uplifted from the base year.

    Parameters
    ----------
    programmes : Rows
        The table.
    settings : Settings
        The round.

    Attributes
    ----------
    index : ndarray, shape (years,)
        Growth of prices since the base year where nothing else is said.
    growth : ndarray, shape (programmes, years)
        The same for each programme.
    unit_cost : ndarray, shape (programmes, years)
        Plain unit cost.
    base_tariff : ndarray, shape (programmes,)
        What contracts pay for a unit in the base year.
    tariff : ndarray, shape (programmes, years)
        What they pay in each plan year.
    """

    def __init__(self, programmes: Rows, settings: Settings) -> None:
        self._usual = settings.cost_uplift
        self._elapsed = np.array(settings.years) - settings.base_year
        self.index: Floats = (1.0 + settings.cost_uplift) ** self._elapsed
        self.growth = self.compounded(programmes["cost_uplift"][:, None])
        cost, tariff = programmes["unit_cost"], programmes["tariff"]
        self.unit_cost: Floats = cost[:, None] * self.growth
        self.base_tariff: Floats = np.where(np.isnan(tariff), cost, tariff)
        self.tariff: Floats = self.base_tariff[:, None] * self.growth

    def compounded(self, uplift: Floats) -> Floats:
        """Growth since the base year at some yearly uplifts, the usual one where blank.

        Parameters
        ----------
        uplift : ndarray, shape (anything, years or 1)
        """
        rate = np.where(np.isnan(uplift), self._usual, uplift)
        found: Floats = (1.0 + rate) ** self._elapsed
        return found
