"""Deliberately broken rounds: each is one small edit and gives one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest
from base_round import FILES, Edit, Whole, line_of, with_row, write_round
from broken_round import Broken, assert_refused, broken, last

from allocator.instance.reading.reader import diagnose

P, L, B, R = "programmes.csv", "limits.csv", "budgets.csv", "rules.csv"
T, RESP, D, E = "instance.toml", "responses.csv", "demand.csv", "effects.csv"
GP = line_of(P, "GP access")

FILE_PROBLEMS = [
    broken("no settings", Whole(T, None), T, None, "", "the file is missing"),
    broken("no programmes", Whole(P, None), "programmes", None, "", "the table is missing"),
    broken(
        "header only", Whole(P, FILES[P].split("\n")[0] + "\n"), "programmes", None, "", "no rows"
    ),
    broken("zero bytes", Whole(L, ""), "limits", None, "", "the file is empty"),
    broken(
        "unknown table",
        Whole("programs.csv", "a,b\n"),
        "programs.csv",
        None,
        "",
        "there is no table 'programs'",
        "did you mean 'programmes'?",
    ),
    broken(
        "table of options misspelt",
        Whole("option.csv", "a\n"),
        "option.csv",
        None,
        "",
        "there is no table 'option'",
        "did you mean 'options'?",
    ),
    broken(
        "unknown column",
        Edit(L, "programme,year,basis,min", "programme,year,basis,minimum"),
        "limits",
        1,
        "minimum",
        "limits has no column 'minimum'",
        "did you mean 'min'?",
    ),
    broken(
        "missing column",
        Edit("outcomes.csv", "outcome,domain,unit,weight,", "outcome,domain,unit,note,"),
        "outcomes",
        1,
        "weight",
        "the column 'weight' is missing",
    ),
    broken(
        "column twice",
        Edit("places.csv", "place,year,heads", "place,heads,heads"),
        "places",
        1,
        "",
        "'heads' appears twice",
    ),
    broken(
        "column without name", Edit(E, "source,", ","), "effects", 1, "", "column 1 has no name"
    ),
    broken("ragged row", with_row(L, "GP access,,growth"), "limits", last(L), "", "has 3 cells"),
    broken("open quote", with_row(L, '"GP access'), "limits", last(L), "", "cannot be read"),
    broken(
        "semicolons",
        Whole("resources.csv", FILES["resources.csv"].replace(",", ";")),
        "resources",
        1,
        "",
        "semicolons",
    ),
    broken("not text", Whole(L, "a\0b"), "limits", None, "", "not text"),
    broken("toml syntax", Edit(T, "years = [", "years = "), T, 3, "", "this is not TOML"),
]

SETTING_PROBLEMS = [
    broken(
        "unknown entry",
        Edit(T, "discount_rate", "discountrate"),
        T,
        5,
        "discountrate",
        "there is no entry 'discountrate'",
        "did you mean 'discount_rate'?",
    ),
    broken(
        "no name", Edit(T, 'name = "Two councils and a hospital"\n', ""), T, None, "name", "missing"
    ),
    broken("blank name", Edit(T, "Two councils and a hospital", " "), T, 1, "name", "is blank"),
    broken(
        "years jump", Edit(T, "2026, 2027", "2027, 2028"), T, 3, "years", "without gaps", "2026"
    ),
    broken("years no list", Edit(T, "[2025, 2026, 2027]", "3"), T, 3, "years", "are a list"),
    broken("year as words", Edit(T, "[2025,", '["next",'), T, 3, "years", "'next' is not a year"),
    broken("base year", Edit(T, "base_year = 2024", "base_year = 2025"), T, 2, "base_year", "2024"),
    broken(
        "money unit", Edit(T, '"one"', '"pounds"'), T, 4, "money_unit", "'pounds' is not allowed"
    ),
    broken("rate in percent", Edit(T, "0.035", '"3.5%"'), T, 5, "discount_rate", "", "0.05"),
    broken("rate too high", Edit(T, "0.035", "3.5"), T, 5, "discount_rate", "from 0 to 0.5"),
    broken("rate not a number", Edit(T, "0.035", "nan"), T, 5, "discount_rate", "not a finite"),
    broken(
        "flag as text", with_row(T, 'financial_years = "yes"'), T, 10, "financial_years", "true"
    ),
    broken(
        "half a year", Edit(T, "tail_years = 2", "tail_years = 1.5"), T, 7, "tail_years", "whole"
    ),
    broken(
        "accepted pump that is no programme",
        Edit(T, "accept_money_pump = []", 'accept_money_pump = ["GP acess"]'),
        T,
        9,
        "accept_money_pump",
        "programme 'GP acess' is not in programmes",
        "did you mean 'GP access'?",
    ),
    broken(
        "tail without value",
        Edit(T, "saving_value = 0.00005\n", ""),
        T,
        7,
        "tail_years",
        "no effect",
        severity="warning",
    ),
]

CELL_PROBLEMS = [
    broken(
        "word for number",
        Edit(P, "25,40000", "cheap,40000"),
        "programmes",
        GP,
        "unit_cost",
        "cheap",
    ),
    broken("blank number", Edit(P, "25,40000", "25,"), "programmes", GP, "baseline", "is blank"),
    broken("nan", Edit(P, "25,40000", "nan,40000"), "programmes", GP, "unit_cost", "not a finite"),
    broken("inf", Edit(P, "25,40000", "25,inf"), "programmes", GP, "baseline", "not a finite"),
    broken(
        "sheet error", Edit(P, "25,40000", "25,#REF!"), "programmes", GP, "baseline", "spreadsheet"
    ),
    broken("percent", Edit(P, "0.3,2", "30%,2"), "programmes", 4, "fixed_share", "", "write 0.3."),
    broken(
        "brackets", Edit(P, "25,40000", '25,"(4,000)"'), "programmes", GP, "baseline", "", "-4000"
    ),
    broken(
        "decimal comma", Edit(P, "25,40000", '"2,5",40000'), "programmes", GP, "unit_cost", "2,5"
    ),
    broken("underscores", Edit(P, "25,40000", "25,40_000"), "programmes", GP, "baseline", "40_000"),
    broken("negative money", Edit(B, "17500000", "-17500000"), "budgets", 2, "amount", "negative"),
    broken(
        "free programme",
        Edit(P, "25,40000", "0,40000"),
        "programmes",
        GP,
        "unit_cost",
        "more than 0",
    ),
    broken(
        "share above 1", Edit(P, "0.3,2", "1.3,2"), "programmes", 4, "fixed_share", "from 0 to 1"
    ),
    broken(
        "part of a year", Edit(P, "0.3,2", "0.3,2.5"), "programmes", 4, "release_years", "whole"
    ),
    broken(
        "as good as 0", Edit(RESP, "0.3,,", "1e-12,,"), "responses", 4, "per_unit", "closer to 0"
    ),
    broken("too large", Edit(B, "17500000", "2e15"), "budgets", 2, "amount", "more than 1e15"),
    broken("infinite", Edit(B, "17500000", "1e20"), "budgets", 2, "amount", "infinite"),
    broken(
        "unknown class",
        Edit(P, "care,entitlement", "care,entitled"),
        "programmes",
        line_of(P, "Care homes"),
        "class",
        "'entitled' is not a class: allowed are emergency",
        "did you mean 'entitlement'?",
    ),
    broken(
        "flag", Edit("outcomes.csv", "1,yes", "1,perhaps"), "outcomes", 2, "discounted", "neither"
    ),
    broken("year", Edit(B, "NHS,2025", "NHS,25"), "budgets", 2, "year", "'25' is not a year"),
    broken("year pair", Edit(B, "NHS,2025", "NHS,2025/27"), "budgets", 2, "year", "2025/27"),
    broken("blank name", Edit(P, "GP access,", ","), "programmes", GP, "programme", "is blank"),
    broken(
        "invisible character",
        Edit("use.csv", "Planned operations", "Planned\u00a0operations"),
        "use",
        3,
        "programme",
        "U+00A0",
    ),
]

REFERENCE_PROBLEMS = [
    broken(
        "misspelt programme",
        Edit(D, "A&E attendances,,", "A&E attendences,,"),
        "demand",
        2,
        "programme",
        "programme 'A&E attendences' is not in programmes;",
        "did you mean 'A&E attendances'?",
    ),
    broken(
        "pool", Edit(P, "Council,,,safety", "County,,,safety"), "programmes", 10, "pool", "County"
    ),
    broken(
        "place", Edit(P, "primary,North", "primary,Nroth"), "programmes", GP, "place", "'Nroth'"
    ),
    broken("no places", Whole("places.csv", None), "programmes", GP, "place", "does not have"),
    broken(
        "outcome",
        Edit(RESP, "Home care,Wellbeing", "Home care,Fun"),
        "responses",
        7,
        "outcome",
        "Fun",
    ),
    broken(
        "segment", Edit(R, "QALY,Deprived", "QALY,Poor"), "rules", 6, "segment", "'Poor' is not in"
    ),
    broken("selection", Edit(R, "spend,acute,", "spend,acut,"), "rules", 2, "selection", "'acut'"),
    broken(
        "duplicate",
        with_row(L, "Home care,,baseline,1,1,0"),
        "limits",
        last(L),
        "programme",
        "line 6",
    ),
    broken(
        "duplicate setting of a rule",
        with_row(R, "Care floor,2027,,spend,,,,max,1,amount,,,"),
        "rules",
        last(R),
        "rule",
        "repeats line 4",
    ),
    broken(
        "all redeclared",
        with_row("selections.csv", "all,acute,,,,,,,,1"),
        "selections",
        last("selections.csv"),
        "selection",
        "cannot be declared",
    ),
    broken(
        "selection word",
        Edit("selections.csv", "acute,acute", "acute,accute"),
        "selections",
        2,
        "sector",
        "no programme has sector 'accute'",
        "did you mean 'acute'?",
    ),
    broken(
        "selection of nothing",
        Edit("selections.csv", "acute,acute,,", "acute,acute,North,"),
        "selections",
        2,
        "selection",
        "matches nothing",
    ),
    broken(
        "selection with two shares",
        Edit("selections.csv", "Community nursing,,,0.5", "Home care,,,0.5"),
        "selections",
        5,
        "share",
        "two different shares, 1 and 0.5",
    ),
    broken(
        "look-alikes",
        Edit(P, "Planned operations,acute", "Planned operations,Acute"),
        "programmes",
        4,
        "sector",
        "differ in capitals",
        severity="warning",
    ),
]

YEAR_PROBLEMS = [
    broken(
        "outside",
        with_row(L, "GP access,2030,growth,,1,0"),
        "limits",
        last(L),
        "year",
        "2025 to 2027",
    ),
    broken(
        "base year",
        with_row(L, "GP access,2024,growth,,1,0"),
        "limits",
        last(L),
        "year",
        "base year",
    ),
    broken("pool gap", Edit(B, "NHS,2026,", "Other,,"), "budgets", 2, "year", "no row for 2026"),
    broken(
        "demand gap", Edit(D, "Care homes,,", "Care homes,2025,"), "demand", 6, "year", "2026, 2027"
    ),
    broken(
        "capacity gap",
        Edit("capacity.csv", "beds,,,", "beds,,2026,"),
        "capacity",
        2,
        "year",
        "resource 'beds' has no row for 2025, 2027",
    ),
    broken(
        "place gap", Edit("places.csv", "North,,", "North,2025/26,"), "places", 2, "year", "2026"
    ),
    broken(
        "opening again",
        Edit(B, "18500000,0", "18500000,70000"),
        "budgets",
        3,
        "opening",
        "only the first plan year's counts",
        severity="warning",
    ),
    broken(
        "overdrawn at the end",
        Edit(B, "19500000,0,0,0", "19500000,0,0,10"),
        "budgets",
        4,
        "overdraw_max",
        "nothing may be owed",
        severity="warning",
    ),
]

PROGRAMME_PROBLEMS = [
    broken(
        "to itself",
        Edit("transfers.csv", "NHS,Council", "NHS,NHS"),
        "transfers",
        2,
        "to_pool",
        "itself",
    ),
    broken(
        "crossed", Edit(L, "0.9,1.3", "1.4,1.3"), "limits", 2, "min", "1.4 is more than max 1.3"
    ),
    broken("negative", Edit(L, "0.9,1.3", "-0.9,1.3"), "limits", 2, "min", "0 or more"),
    broken(
        "shrinks to less than none", Edit(L, "-0.05,0.08", "-1.5,0.08"), "limits", 4, "min", "-1"
    ),
    broken(
        "growth_amount",
        Edit(L, "0.9,1.3,0", "0.9,1.3,5"),
        "limits",
        2,
        "growth_amount",
        "basis growth",
    ),
    broken(
        "limits nothing",
        Edit(L, "growth,,0.1", "growth,,"),
        "limits",
        3,
        "max",
        "limits nothing",
        severity="warning",
    ),
    broken(
        "idle pool",
        with_row(B, "Charity,,recurrent,1000,0,0,0"),
        "budgets",
        last(B),
        "pool",
        "'Charity'",
        severity="warning",
    ),
    broken(
        "spread of money",
        Edit("transfers.csv", "200000", "0.001"),
        "budgets",
        None,
        "amount",
        "more than 1e9 apart",
        severity="warning",
    ),
    broken(
        "moves blindly",
        Edit(P, "money,1,500000,0,0,", "money,1,500000,0,0,no"),
        "programmes",
        11,
        "held",
        "nothing says what it is worth",
        severity="warning",
    ),
    broken(
        "held though valued",
        Edit(P, "hours,25,100000,0,0,", "hours,25,100000,0,0,yes"),
        "programmes",
        8,
        "held",
        "does not change the plan",
        severity="warning",
    ),
    broken(
        "entitlement without demand",
        Edit(P, "care,discretionary", "care,entitlement"),
        "programmes",
        8,
        "class",
        "without demand and so is held",
        severity="warning",
    ),
    broken(
        "segment twice",
        with_row("segments.csv", "Others,,130000,1"),
        "segments",
        last("segments.csv"),
        "place",
        "count twice",
    ),
    broken(
        "weightless",
        Whole(
            "segments.csv", FILES["segments.csv"].replace("1.5", "0").replace("000,1\n", "000,0\n")
        ),
        "segments",
        2,
        "weight",
        "weight 0",
    ),
    broken(
        "reach", Edit("reach.csv", "Others,0.4", "Others,0.5"), "reach", 2, "share", "sum to 1.1"
    ),
    broken(
        "reach where nobody is",
        Edit("segments.csv", "Deprived,South,20000,1.5\n", ""),
        "reach",
        2,
        "segment",
        "serves 'South', where segment 'Deprived' has no people",
    ),
]

WORTH_PROBLEMS = [
    broken(
        "parameter",
        Edit(RESP, "power,0.002,0.5", "power,0.002,"),
        "responses",
        2,
        "elasticity",
        "needs",
    ),
    broken(
        "stray parameter",
        Edit(RESP, "linear,0.3,,", "linear,0.3,0.5,"),
        "responses",
        4,
        "elasticity",
        "has no",
    ),
    broken(
        "low above", Edit(RESP, "C,0.001,0.004", "C,0.003,0.004"), "responses", 2, "low", "0.002"
    ),
    broken("high below", Edit(RESP, "C,100,300", "C,100,150"), "responses", 3, "high", "less than"),
    broken(
        "points band",
        Edit(RESP, "points,,,,,,1,B,,", "points,,,,,,1,B,1,2"),
        "responses",
        5,
        "low",
        "meaning",
    ),
    broken("effect band", Edit(E, "D,0,0.05", "D,0,0.005"), "effects", 3, "high", "less than"),
    broken(
        "emergency with a benefit",
        with_row(RESP, "A&E attendances,QALY,linear,1,,,,,0,,,"),
        "responses",
        last(RESP),
        "programme",
        "is an emergency",
    ),
    broken(
        "power from nothing",
        Edit(P, "25,40000", "25,0"),
        "responses",
        2,
        "shape",
        "that of 'GP access' is 0",
    ),
    broken(
        "power that falls",
        Edit(RESP, "power,0.002", "power,-0.002"),
        "responses",
        2,
        "per_unit",
        "fall",
    ),
    broken(
        "no points", Whole("response_points.csv", None), "responses", 5, "shape", "at least two"
    ),
    broken(
        "points for nothing",
        with_row("response_points.csv", "Home care,QALY,0,0"),
        "response_points",
        5,
        "programme",
        "no response of shape points",
    ),
    broken(
        "falling points",
        Edit("response_points.csv", "4000,500", "4000,200"),
        "response_points",
        4,
        "effect",
        "falls from 300 to 200",
    ),
    broken(
        "points from the middle",
        Edit("response_points.csv", "QALY,0,0", "QALY,100,0"),
        "response_points",
        2,
        "activity",
        "activity 0",
    ),
    broken(
        "harm to what",
        Edit(D, "Wellbeing,0.05", ",0.05"),
        "demand",
        5,
        "harm_outcome",
        "needs the outcome",
    ),
    broken(
        "harm twice",
        Edit(D, "Wellbeing,0.05", "QALY,0.05"),
        "demand",
        5,
        "harm_outcome",
        "already has",
    ),
    broken(
        "harmless",
        Edit(D, "Wellbeing,0.05", "Wellbeing,0"),
        "demand",
        5,
        "harm",
        "no harm",
        severity="warning",
    ),
    broken(
        "entitled to some",
        Edit(D, "Care homes,,2000,0,0,,", "Care homes,,2000,0,0,0.9,"),
        "demand",
        6,
        "min_met",
        "all need must be met",
    ),
    broken(
        "no demand",
        Edit(E, "GP access,A&E attendances", "GP access,Home care"),
        "effects",
        3,
        "target",
        "no demand",
    ),
    broken(
        "own demand",
        with_row(E, "Care homes,Care homes,0.1,0,0,,,"),
        "effects",
        last(E),
        "target",
        "its own demand",
    ),
    broken(
        "too late",
        Edit(E, "0.01,0,0", "0.01,5,0"),
        "effects",
        3,
        "delay",
        "when the plan is over",
        severity="warning",
    ),
    broken(
        "unpaid extra",
        Edit("capacity.csv", "300,NHS", "300,"),
        "capacity",
        2,
        "extra_pool",
        "no pool pays",
    ),
    broken(
        "resource without capacity",
        Edit("capacity.csv", "beds,,,22000,1000,300,NHS\n", ""),
        "use",
        2,
        "resource",
        "blank",
    ),
    broken(
        "capacity elsewhere",
        Edit("capacity.csv", "nurses,North,,25,0,0,\n", ""),
        "use",
        4,
        "resource",
        "serves 'North'",
    ),
    broken(
        "money pump",
        Edit(E, "0.004,1,0.5,C,0,0.02", "0.04,1,0.5,C,0,0.1"),
        "effects",
        2,
        "per_unit",
        "money pump: £1 more for 'Community nursing'",
        "accept_money_pump",
    ),
    broken(
        "accepted money pump",
        (
            Edit(E, "0.004,1,0.5,C,0,0.02", "0.04,1,0.5,C,0,0.1"),
            Edit(T, "accept_money_pump = []", 'accept_money_pump = ["Community nursing"]'),
        ),
        "effects",
        2,
        "per_unit",
        "; accepted.",
        severity="warning",
    ),
    broken(
        "circle",
        (
            with_row(
                E,
                "Emergency admissions,A&E attendances,2,0,0,,,\n"
                "A&E attendances,Emergency admissions,0.6,0,0,,,",
            ),
        ),
        "effects",
        4,
        "source",
        "in a circle that does not die out",
    ),
]

RULE_PROBLEMS = [
    broken(
        "illegal basis",
        Edit(R, "min,10,amount", "min,0.1,share"),
        "rules",
        5,
        "basis",
        "cannot have",
    ),
    broken(
        "illegal sense",
        Edit(R, "all,,,max,900", "all,,,min,900"),
        "rules",
        7,
        "sense",
        "it takes max",
    ),
    broken(
        "no outcome", Edit(R, "outcome,,Wellbeing,", "outcome,,,"), "rules", 5, "outcome", "needs"
    ),
    broken(
        "stray outcome",
        Edit(R, "spend,acute,,", "spend,acute,QALY,"),
        "rules",
        2,
        "outcome",
        "clear it",
    ),
    broken(
        "stray segment",
        Edit(R, "spend,acute,,,", "spend,acute,,Others,"),
        "rules",
        2,
        "segment",
        "clear it",
    ),
    broken(
        "stray relative_to",
        Edit(R, "max,900,amount,,", "max,900,amount,care,"),
        "rules",
        7,
        "relative_to",
        "share",
    ),
    broken(
        "stray reference",
        Edit(R, "0.8,share,,", "0.8,share,,baseline"),
        "rules",
        2,
        "reference",
        "growth",
    ),
    broken(
        "share in percent",
        Edit(R, "max,0.8,share", "max,80,share"),
        "rules",
        2,
        "value",
        "0 to 1",
        "",
    ),
    broken(
        "growth below none", Edit(R, "min,0.02,growth", "min,-2,growth"), "rules", 3, "value", "-1"
    ),
    broken(
        "negative spend",
        Edit(R, "max,20,per_head", "max,-20,per_head"),
        "rules",
        8,
        "value",
        "negative",
    ),
    broken(
        "free penalty",
        Edit(R, "20,per_head,,,1", "20,per_head,,,0"),
        "rules",
        8,
        "penalty",
        "more than 0",
    ),
    broken(
        "reference word",
        Edit(R, "growth,,previous", "growth,,last"),
        "rules",
        3,
        "reference",
        "'last'",
    ),
    broken(
        "reference base",
        Edit(R, "growth,,2025", "growth,,2024"),
        "rules",
        4,
        "reference",
        "",
        "write baseline",
    ),
    broken(
        "reference later",
        Edit(R, "growth,,2025", "growth,,2027"),
        "rules",
        4,
        "reference",
        "before",
    ),
    broken(
        "reference in every year",
        Edit(R, "growth,,previous", "growth,,2026"),
        "rules",
        3,
        "reference",
        "every year",
    ),
    broken(
        "mixed units",
        Edit(R, "activity,acute operations", "activity,acute"),
        "rules",
        9,
        "selection",
        "'A&E attendances' in attendances and 'Emergency admissions' in admissions",
    ),
    broken(
        "nobody waits", Edit(R, "unmet,all", "unmet,mental"), "rules", 7, "measure", "has demand"
    ),
    broken(
        "nobody gains",
        Edit(R, "outcome,,QALY", "outcome,management,QALY"),
        "rules",
        6,
        "outcome",
        "no programme",
    ),
    broken(
        "share outside",
        Edit(R, "0.8,share,,", "0.8,share,care,"),
        "rules",
        2,
        "relative_to",
        "'A&E attendances'",
    ),
    broken(
        "no heads",
        (
            Whole("places.csv", None),
            Whole(P, FILES[P].replace("North", "").replace("South", "")),
            Whole("segments.csv", "segment,heads,weight\nDeprived,5,1\nOthers,5,1\n"),
            Whole("capacity.csv", "resource,amount\nbeds,22000\nnurses,25\n"),
            Edit("selections.csv", "northern,,North", "northern,primary,"),
        ),
        "rules",
        6,
        "basis",
        "places",
    ),
]

COLLISIONS = [
    broken(
        "floor beyond growth",
        (Edit(L, "0.9,1.3", "0.9,1.5"), with_row(L, "GP access,2026,activity,50000,,0")),
        "limits",
        3,
        "programme",
        "'GP access' has no allowed activity in 2026/27: it must be at least 50,000 "
        "(limits line 7) but can be at most 48,400 (limits line 3), 1,600 appointments apart "
        "(£40,000 at base-year prices)",
    ),
    broken(
        "growth that cannot be undone",
        with_row(L, "Community nursing,2027,activity,,10000,0"),
        "limits",
        last(L),
        "programme",
        "'Community nursing' has no allowed activity in 2027/28",
    ),
    broken(
        "entitlement above its limit",
        with_row(L, "Care homes,,baseline,,0.9,0"),
        "limits",
        last(L),
        "programme",
        "at least 2,000 (demand line 6) but can be at most 1,800 (limits line 7)",
    ),
    broken(
        "beds for less than must come",
        Edit("capacity.csv", "22000,1000", "14000,1000"),
        "capacity",
        2,
        "amount",
        "'beds' cannot hold in 2025/26 what programmes must do: at least 16,000",
    ),
    broken(
        "floors beyond the pool",
        Edit(B, "Council,,recurrent,5200000", "Council,,recurrent,4000000"),
        "budgets",
        5,
        "amount",
        "pool 'Council' cannot pay in 2025/26 what its programmes must have: at least £4.44m",
    ),
    broken(
        "pools that cannot help each other",
        (
            Edit(B, "NHS,2025,recurrent,17500000", "NHS,2025,recurrent,10200000"),
            Edit("transfers.csv", "200000", "20000000"),
            Edit(B, "Council,,recurrent,5200000", "Council,,recurrent,3500000"),
        ),
        "budgets",
        2,
        "amount",
        "pools 'NHS', 'Council' together cannot pay in 2025/26",
    ),
]

CURVES = [
    broken(
        "logistic without steepness",
        Edit(RESP, "saturating,,,200,20000,,", "logistic,,,200,20000,,"),
        "responses",
        3,
        "steepness",
        "a response of shape logistic needs steepness",
    ),
    broken(
        "logistic per unit",
        Edit(RESP, "saturating,,,200,20000,,", "logistic,0.1,,200,20000,0.001,"),
        "responses",
        3,
        "per_unit",
        "has no per_unit; it takes maximum, half, steepness",
    ),
    broken(
        "logistic that never turns",
        Edit(RESP, "saturating,,,200,20000,,", "logistic,,,200,20000,0,"),
        "responses",
        3,
        "steepness",
        "more than 0",
    ),
]

EVERY = [
    *FILE_PROBLEMS,
    *SETTING_PROBLEMS,
    *CELL_PROBLEMS,
    *REFERENCE_PROBLEMS,
    *YEAR_PROBLEMS,
    *PROGRAMME_PROBLEMS,
    *WORTH_PROBLEMS,
    *RULE_PROBLEMS,
    *COLLISIONS,
    *CURVES,
]


def test_the_unbroken_round_is_clean(tmp_path: Path) -> None:
    instance, problems = diagnose(write_round(tmp_path / "round"))
    assert instance is not None
    assert [p.severity for p in problems] == ["warning"]
    assert "2 programmes have no response" in problems[0].message


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_broken_round(case: Broken, tmp_path: Path) -> None:
    assert_refused(case, tmp_path / "round")


SUPPORTED = [
    Edit(RESP, "saturating,,,200,20000,,", "logistic,,,200,20000,0.001,"),
    Edit(RESP, "0.002,0.5", "0.002,1.5"),
    Edit("response_points.csv", "2000,300", "2000,100"),
    Edit("outcomes.csv", "QALYs,1", "QALYs,-1"),
    Edit(R, "outcome,,QALY,Deprived,min", "outcome,,QALY,Deprived,max"),
]


@pytest.mark.parametrize("edit", SUPPORTED, ids=lambda edit: edit.new)
def test_curves_of_any_shape_and_direction_are_read(edit: Edit, tmp_path: Path) -> None:
    instance, problems = diagnose(write_round(tmp_path / "round", edit))
    assert instance is not None, problems


def test_one_mistake_is_not_followed_by_a_flood(tmp_path: Path) -> None:
    """A programme with a bad cell still exists for the tables that name it."""
    folder = write_round(tmp_path / "round", Edit(P, "25,40000", "cheap,40000"))
    _, problems = diagnose(folder)
    assert [p.table for p in problems] == ["programmes"]


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    edits = [
        Edit(T, "discount_rate", "discountrate"),
        Edit(P, "25,40000", "cheap,40000"),
        Edit(D, "A&E attendances,,", "A&E attendences,,"),
        Edit(R, "min,10,amount", "min,0.1,share"),
        Edit("reach.csv", "Others,0.4", "Others,0.5"),
        Edit(B, "2025,recurrent", "2025,capitol"),
        Edit(RESP, "power,0.002,0.5", "power,0.002,"),
    ]
    _, problems = diagnose(write_round(tmp_path / "round", *edits))
    tables = {p.table for p in problems if p.severity == "error"}
    expected = {T, "programmes", "demand", "rules", "reach", "budgets", "responses"}
    assert tables == expected


def test_the_example_of_the_front_page(tmp_path: Path) -> None:
    folder = write_round(
        tmp_path / "round", Edit("effects.csv", "A&E attendances", "A&E attendences")
    )
    _, problems = diagnose(folder)
    assert (
        "effects, line 3, target: programme 'A&E attendences' is not in programmes; "
        "did you mean 'A&E attendances'?" in [str(p) for p in problems]
    )
