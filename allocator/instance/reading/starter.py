"""A small instance to start from, with a comment on every entry."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from allocator.instance.reading.files import SETTINGS_FILE
from allocator.instance.reading.writer import toml_value, write_files
from allocator.instance.tables.schema import REQUIRED, SETTINGS, Setting

_VALUES = {
    "name": "My first round",
    "money_unit": "million",
    "base_year": 2024,
    "years": (2025, 2026, 2027),
    "discount_rate": 0.035,
    "cost_uplift": 0.02,
    "source": "starter instance: every figure is assumed; replace them with your own",
}

_PROGRAMMES = """\
programme,sector,pool,class,unit,unit_cost,baseline,status,source
General practice,primary,NHS,discretionary,money,1,100,assumed,starter
Community nursing,community,NHS,discretionary,money,1,60,assumed,starter
Planned operations,acute,NHS,discretionary,operations,0.005,40000,assumed,starter
Emergency department,acute,NHS,emergency,money,1,50,assumed,starter
Crisis and talking therapies,mental health,NHS,discretionary,money,1,40,assumed,starter
"""

_BUDGETS = """\
pool,year,amount,status,source
NHS,2025,465,assumed,starter
NHS,2026,480,assumed,starter
NHS,2027,495,assumed,starter
"""

_OUTCOMES = """\
outcome,domain,unit,weight,discounted,status,source
QALY,clinical,QALYs,1,yes,assumed,starter
"""

_RESPONSES = """\
programme,outcome,shape,per_unit,elasticity,evidence,status,source
General practice,QALY,power,80,0.3,C,assumed,starter
Community nursing,QALY,power,90,0.3,C,assumed,starter
Planned operations,QALY,power,0.42,0.4,B,assumed,starter
Crisis and talking therapies,QALY,power,85,0.3,C,assumed,starter
"""

_LIMITS = """\
programme,year,basis,min,max,status,source
General practice,,baseline,1,,contract,starter
General practice,,growth,,0.05,physical,starter
Community nursing,,growth,-0.05,0.08,physical,starter
Planned operations,,growth,-0.03,0.05,contract,starter
Crisis and talking therapies,,growth,-0.02,0.1,physical,starter
"""

_SELECTIONS = """\
selection,sector
mental health,mental health
"""

_RULES = """\
rule,label,measure,selection,sense,value,basis,reference,status,source
MH growth,Mental health spend grows by at least 3% a year,spend,mental health,min,0.03,growth,\
previous,national,starter
"""

TABLES = {
    "programmes": _PROGRAMMES,
    "budgets": _BUDGETS,
    "outcomes": _OUTCOMES,
    "responses": _RESPONSES,
    "limits": _LIMITS,
    "selections": _SELECTIONS,
    "rules": _RULES,
}
"""Tables of the starter instance as CSV text."""

_HEADING = """\
# The planning round. Beside this file lies one CSV for each table.
#
# programmes  the service lines somebody pays for (the emergency department has no response
#             on purpose: what nothing values is held at its baseline, and said so)
# budgets     the money, by pool and year
# outcomes    what is valued
# responses   what a programme's activity buys of an outcome
# limits      how far a programme may move in a year
# selections  named sets of programmes
# rules       what the plan must respect
#
# Tables you may add when you need them, among others: demand and effects (need that arrives,
# and what avoids it), funding (programmes several pools pay for), adjustments (pressures,
# efficiency, reserves), contracts and providers (how activity becomes payment), options and
# option_effects (yes-or-no decisions), incomes (money received only if a threshold is met).
#
# Every figure here is assumed, to be replaced by yours.
"""


def write_starter(folder: str | PathLike[str]) -> None:
    """Write the starter instance into a new or empty folder.

    Raises
    ------
    UsageError
        When the folder holds something already, or cannot be written.
    """
    files = {f"{name}.csv": text for name, text in TABLES.items()}
    files[SETTINGS_FILE] = _settings()
    write_files(files, Path(folder))


def _settings() -> str:
    return _HEADING + "".join(_entry(setting) for setting in SETTINGS.values())


def _entry(setting: Setting) -> str:
    """Comment and value; an entry left at its default is commented out."""
    allowed = f" ({', '.join(setting.choices)})" if setting.choices else ""
    comment = f"\n# {setting.meaning}{allowed}\n"
    if setting.name in _VALUES:
        return f"{comment}{setting.name} = {toml_value(_VALUES[setting.name])}\n"
    assert setting.default != REQUIRED
    return f"{comment}# {setting.name} = {toml_value(setting.default)}\n"
