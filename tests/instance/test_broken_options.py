"""Broken decisions: options, what they change and link, and conditional money."""

from __future__ import annotations

from pathlib import Path

import pytest
from base_round import FILES, Edit, Whole, line_of, with_columns, with_row, write_round
from broken_round import Broken, assert_refused, broken, last

from allocator.instance.reading.reader import diagnose

OPT, E, K, INC = "options.csv", "option_effects.csv", "option_links.csv", "incomes.csv"
P, L, B, D, R = "programmes.csv", "limits.csv", "budgets.csv", "demand.csv", "rules.csv"
BID, TRUST, WARD = line_of(OPT, "Bid A"), line_of(OPT, "Bid B"), line_of(OPT, "Ward")
CLINIC, DIGITAL, HUB = line_of(OPT, "Clinic"), line_of(OPT, "Digital"), line_of(OPT, "Hub")
EXTENDED = line_of(OPT, "Extended")
BEDS, CLOSURE = line_of(E, "Ward,capacity"), line_of(E, "Clinic,close")
CHEAPER, NURSES = line_of(E, "Digital,unit_cost"), line_of(E, "Digital,capacity")
AVOIDED, LONGER = line_of(E, "Hub,demand"), line_of(E, "Extended,limit_max")
RECEIVED = line_of(E, "Extended,income")
SUSPENDED = "Hub,contract,A&E block,,,suspend,,0,,"


def option(row: str) -> Whole:
    """One more option; the row begins with its name and group."""
    return with_row(OPT, row)


def effect(row: str) -> Whole:
    """One more effect of an option, on the last line."""
    return with_row(E, row)


REFERENCES = [
    broken(
        "pool",
        Edit(OPT, "Hospital ward,,,,Council", "Hospital ward,,,,Counsil"),
        "options",
        WARD,
        "pool",
        "pool 'Counsil' is not in budgets",
        "did you mean 'Council'?",
    ),
    broken(
        "programme",
        Edit(OPT, "at_most,2,,GP access", "at_most,2,,GP acces"),
        "options",
        EXTENDED,
        "programme",
        "programme 'GP acces' is not in programmes",
        "did you mean 'GP access'?",
    ),
    broken(
        "option twice",
        option("Hub,,,,,NHS,,,,0,0,1,,1,,,,"),
        "options",
        last(OPT),
        "option",
        f"repeats line {HUB}: two rows have option 'Hub'",
    ),
    broken(
        "effect of nothing",
        effect("Hubb,income,NHS,,,add,5,0,,"),
        "option_effects",
        last(E),
        "option",
        "option 'Hubb' is not in options",
        "did you mean 'Hub'?",
    ),
    broken(
        "programme acted on",
        Edit(E, "demand,Emergency admissions", "demand,Emergency admission"),
        "option_effects",
        AVOIDED,
        "target",
        "measure demand acts on a programme, and 'Emergency admission' is not in programmes",
        "did you mean 'Emergency admissions'?",
    ),
    broken(
        "resource acted on",
        Edit(E, "capacity,beds", "capacity,Planned operations"),
        "option_effects",
        BEDS,
        "target",
        "acts on a resource, and 'Planned operations' is not in resources",
    ),
    broken(
        "pool acted on",
        Edit(E, "income,NHS", "income,GP access"),
        "option_effects",
        RECEIVED,
        "target",
        "acts on a pool, and 'GP access' is not in budgets",
    ),
    broken(
        "contract acted on",
        effect("Hub,contract,A&E blok,,,suspend,,0,,"),
        "option_effects",
        last(E),
        "target",
        "acts on a contract, and 'A&E blok' is not in contracts",
        "did you mean 'A&E block'?",
    ),
    broken(
        "no contracts at all",
        (Whole("contracts.csv", None), effect(SUSPENDED)),
        "option_effects",
        last(E),
        "target",
        "is not in contracts, a table this instance does not have",
    ),
    broken(
        "outcome",
        Edit(E, "nursing,,QALY,multiply,1.1,", "nursing,,QALI,multiply,1.1,"),
        "option_effects",
        2,
        "outcome",
        "outcome 'QALI' is not in outcomes",
        "did you mean 'QALY'?",
    ),
    broken(
        "place",
        Edit(E, "nurses,South,", "nurses,Sout,"),
        "option_effects",
        NURSES,
        "place",
        "place 'Sout' is not in places",
        "did you mean 'South'?",
    ),
    broken(
        "linked to nothing",
        Edit(K, "requires,Ward", "requires,Wards"),
        "option_links",
        2,
        "other",
        "option 'Wards' is not in options",
        "did you mean 'Ward'?",
    ),
    broken(
        "income of no pool",
        Edit(INC, "Improvement,,2026,NHS", "Improvement,,2026,NHSE"),
        "incomes",
        4,
        "pool",
        "pool 'NHSE' is not in budgets",
        "did you mean 'NHS'?",
    ),
    broken(
        "income over nothing",
        Edit(INC, "acute operations", "acute operatons"),
        "incomes",
        4,
        "selection",
        "selection 'acute operatons' is not in selections",
        "did you mean 'acute operations'?",
    ),
    broken(
        "measure",
        Edit(E, "Clinic,close", "Clinic,closes"),
        "option_effects",
        CLOSURE,
        "measure",
        "'closes' is not a measure: allowed are capacity",
        "did you mean 'close'?",
    ),
    broken(
        "link",
        Edit(K, "excludes", "exclude"),
        "option_links",
        3,
        "link",
        "'exclude' is not a link: allowed are requires, excludes",
        "did you mean 'excludes'?",
    ),
    broken(
        "choose",
        Edit(OPT, "bid,nursing,exactly_one,,NHS", "bid,nursing,exactly one,,NHS"),
        "options",
        BID,
        "choose",
        "allowed are any, at_most_one, exactly_one, at_most",
        "did you mean 'exactly_one'?",
    ),
]

OPTIONS = [
    broken(
        "nobody pays",
        Edit(OPT, "the clinic,,,,NHS,", "the clinic,,,,,"),
        "options",
        CLINIC,
        "pool",
        "nobody pays for 'Clinic': name its pool, or the programme whose pool pays",
    ),
    broken(
        "no capital",
        Edit(OPT, "Hospital ward,,,,Council", "Hospital ward,,,,NHS"),
        "options",
        WARD,
        "capital",
        "'Ward' needs capital, but pool 'NHS', which pays for it, has none",
    ),
    broken(
        "no capital of the programme's pool",
        Edit(OPT, "1,1,,15000,,,", "1,1,,15000,,,5"),
        "options",
        EXTENDED,
        "capital",
        "pool 'NHS', which pays for it, has none",
    ),
    broken(
        "capital below none",
        Edit(OPT, "200000", "-200000"),
        "options",
        WARD,
        "capital",
        "money here cannot be negative",
    ),
    broken(
        "earliest before the plan",
        Edit(OPT, "2025,2026,0,0,1,1,", "2024,2026,0,0,1,1,"),
        "options",
        EXTENDED,
        "earliest",
        "2024 is not a plan year; the plan runs from 2025 to 2027",
    ),
    broken(
        "latest after the plan",
        Edit(OPT, "2025,2026,0,0,1,1,", "2025,2028,0,0,1,1,"),
        "options",
        EXTENDED,
        "latest",
        "2028 is not a plan year",
    ),
    broken(
        "window crossed",
        Edit(OPT, "2025,2026,0,0,1,1,", "2026,2025,0,0,1,1,"),
        "options",
        EXTENDED,
        "earliest",
        "earliest 2026 is after latest 2025",
    ),
    broken(
        "thirteenth month",
        Edit(OPT, "2026,2026,10,", "2026,2026,13,"),
        "options",
        TRUST,
        "start_month",
        "from 0 to 12",
    ),
    broken(
        "reviews in words",
        Edit(OPT, "0,0,1,1 2,", "0,0,1,yearly,"),
        "options",
        HUB,
        "review_years",
        "'yearly' are not review years: write whole years after the start",
    ),
    broken(
        "half a year in",
        Edit(OPT, "0,0,1,1 2,", "0,0,1,0.5 2,"),
        "options",
        HUB,
        "review_years",
        "'0.5 2' are not review years",
    ),
    broken(
        "review at once",
        Edit(OPT, "0,0,1,1 2,", "0,0,1,0 2,"),
        "options",
        HUB,
        "review_years",
        "'0 2' are not review years",
    ),
    broken(
        "reviews in no order",
        Edit(OPT, "0,0,1,1 2,", "0,0,1,2 1,"),
        "options",
        HUB,
        "review_years",
        "'2 1' do not rise",
    ),
    broken(
        "review twice",
        Edit(OPT, "0,0,1,1 2,", "0,0,1,2 2,"),
        "options",
        HUB,
        "review_years",
        "'2 2' do not rise",
    ),
    broken(
        "review too soon",
        Edit(OPT, "0,0,1,1 2,", "0,0,2,1 2,"),
        "options",
        HUB,
        "review_years",
        "cannot be left after 1 year: min_years is 2",
    ),
    broken(
        "review outside the plan",
        Edit(OPT, "0,0,1,1 2,", "0,0,1,1 3,"),
        "options",
        HUB,
        "review_years",
        "a review after 3 years is outside the plan: the option starts in 2025 at the earliest and "
        "the plan ends with 2027",
    ),
    broken(
        "review outside what is left of the plan",
        Edit(OPT, "2026,2026,10,0,1,,", "2026,2026,10,0,1,2,"),
        "options",
        TRUST,
        "review_years",
        "starts in 2026 at the earliest",
    ),
    broken(
        "in place after the plan",
        Edit(OPT, "Council,,,,0,1,1,none", "Council,,,,0,3,1,none"),
        "options",
        WARD,
        "lead_years",
        "'Ward' is in place in 2028 at the earliest, when the plan is over",
        severity="warning",
    ),
    broken(
        "two choices in a group",
        Edit(OPT, "bid,nursing,exactly_one,,,", "bid,nursing,at_most_one,,,"),
        "options",
        TRUST,
        "choose",
        "in group 'nursing' 'Bid A' says exactly_one and 'Bid B' at_most_one",
    ),
    broken(
        "two numbers in a group",
        Edit(OPT, "hub,pace,at_most,2", "hub,pace,at_most,1"),
        "options",
        HUB,
        "most",
        "in group 'pace' 'Digital' says 2 and 'Hub' 1",
    ),
    broken(
        "choice of nothing",
        Edit(OPT, "ward,,,,Council", "ward,,at_most_one,,Council"),
        "options",
        WARD,
        "choose",
        "at_most_one is said of the options of a group, and 'Ward' names none",
    ),
    broken(
        "most without at_most",
        Edit(OPT, "ward,,,,Council", "ward,,,3,Council"),
        "options",
        WARD,
        "most",
        "most belongs to choose at_most only, not any",
    ),
    broken(
        "none of a group",
        Edit(OPT, "hub,pace,at_most,2", "hub,pace,at_most,0"),
        "options",
        HUB,
        "most",
        "0 is not allowed",
    ),
    broken(
        "group that limits nothing",
        Edit(OPT, "ward,,,,Council", "ward,estates,,,Council"),
        "options",
        WARD,
        "group",
        "choose is any, so group 'estates' limits nothing",
        severity="warning",
    ),
    broken(
        "group of one",
        Edit(OPT, "ward,,,,Council", "ward,estates,exactly_one,,Council"),
        "options",
        WARD,
        "group",
        "group 'estates' has one option and exactly_one of them must be taken",
        severity="warning",
    ),
    broken(
        "at most all",
        Whole(OPT, FILES[OPT].replace("pace,at_most,2", "pace,at_most,3")),
        "options",
        DIGITAL,
        "group",
        "group 'pace' has 3 options and allows 3 of them, so it limits nothing",
        severity="warning",
    ),
    broken(
        "does nothing",
        option("Logo,,,,,NHS,,,,0,0,1,,,,,,"),
        "options",
        last(OPT),
        "option",
        "'Logo' does nothing: it has no cost and no effect",
        severity="warning",
    ),
    broken(
        "only saves",
        option("Windfall,,,,,NHS,,,,0,0,1,,,-5,,,"),
        "options",
        last(OPT),
        "option",
        "'Windfall' saves money and costs or changes nothing",
        severity="warning",
    ),
    broken(
        "award that waits for what comes later",
        (
            option("Tender,,,,,NHS,,2026,,0,0,1,,5,,,,"),
            Edit(OPT, "nursing,2026,2026,0,0,2", "nursing,2025,2026,0,0,1"),
            with_row(K, "Bid A,requires,Tender"),
        ),
        "options",
        BID,
        "group",
        "nobody can win award group 'nursing': exactly one of 'Bid A', 'Bid B' must be taken from "
        "2025 on, but none of them can be taken in 2025",
    ),
    broken(
        "awards that rule each other out",
        (
            option(
                "North lot,,lots,exactly_one,,NHS,,,,0,0,1,,5,,,,\n"
                "South lot,,lots,exactly_one,,NHS,,,,0,0,1,,5,,,,"
            ),
            with_row(
                K,
                "Bid A,excludes,North lot\nBid A,excludes,South lot\n"
                "North lot,excludes,Bid B\nSouth lot,excludes,Bid B",
            ),
        ),
        "options",
        BID,
        "group",
        "with any of them nothing could be taken of group 'lots'",
    ),
]

LINKS = [
    broken(
        "itself",
        with_row(K, "Hub,requires,Hub"),
        "option_links",
        last(K),
        "other",
        "'Hub' requires itself",
    ),
    broken(
        "circle of two",
        with_row(K, "Ward,requires,Digital"),
        "option_links",
        last(K),
        "other",
        "require each other in a circle: 'Ward' requires 'Digital' requires 'Ward'",
    ),
    broken(
        "circle of three",
        with_row(K, "Hub,requires,Digital\nWard,requires,Hub"),
        "option_links",
        last(K) + 1,
        "other",
        "in a circle: 'Ward' requires 'Hub' requires 'Digital' requires 'Ward'",
    ),
    broken(
        "requires what it excludes",
        with_row(K, "Hub,requires,Clinic"),
        "option_links",
        last(K),
        "other",
        "'Hub' can never be taken: it requires 'Clinic', and one excludes the other",
    ),
    broken(
        "requires what is excluded through another",
        with_row(K, "Ward,requires,Clinic\nDigital,excludes,Clinic"),
        "option_links",
        2,
        "other",
        "'Digital' can never be taken: it requires 'Clinic', through what it requires, and one "
        "excludes the other",
    ),
    broken(
        "requires two that exclude each other",
        with_row(K, "Extended,requires,Hub\nExtended,requires,Clinic"),
        "option_links",
        last(K),
        "other",
        "'Extended' can never be taken: it requires both 'Hub' and 'Clinic', and one excludes",
    ),
    broken(
        "requires its rival",
        with_row(K, "Bid A,requires,Bid B"),
        "option_links",
        last(K),
        "other",
        "taking 'Bid A', 'Bid B' together, and group 'nursing' allows 1 at a time",
    ),
    broken(
        "requires more than may be taken",
        with_row(K, "Hub,requires,Digital\nHub,requires,Extended"),
        "option_links",
        last(K) + 1,
        "other",
        "taking 'Hub', 'Digital', 'Extended' together, and group 'pace' allows 2 at a time",
    ),
    broken(
        "requires what comes later",
        (
            Edit(OPT, "2025,2026,0,0,1,1,", "2025,2025,0,0,1,1,"),
            with_row(K, "Extended,requires,Clinic"),
        ),
        "option_links",
        last(K),
        "other",
        "'Extended' can never be taken: it must start by 2025 and requires 'Clinic', which cannot "
        "be taken before 2026",
    ),
]

EFFECTS = [
    broken(
        "closed by adding",
        Edit(E, "Talking therapies,,,suspend,,0", "Talking therapies,,,add,5,0"),
        "option_effects",
        CLOSURE,
        "operation",
        "measure close cannot be add; it takes suspend",
    ),
    broken(
        "operation left out",
        effect("Hub,contract,A&E block,,,,,0,,"),
        "option_effects",
        last(E),
        "operation",
        "measure contract cannot be add; it takes suspend",
    ),
    broken(
        "multiplied income",
        Edit(E, "NHS,,,add,1000", "NHS,,,multiply,1.1"),
        "option_effects",
        RECEIVED,
        "operation",
        "measure income cannot be multiply; it takes add",
    ),
    broken(
        "stray place",
        Edit(E, "demand,Emergency admissions,,", "demand,Emergency admissions,North,"),
        "option_effects",
        AVOIDED,
        "place",
        "place belongs to measure capacity only; clear it",
    ),
    broken(
        "stray outcome",
        Edit(E, "demand,Emergency admissions,,,", "demand,Emergency admissions,,QALY,"),
        "option_effects",
        AVOIDED,
        "outcome",
        "outcome belongs to measure outcome only; clear it",
    ),
    broken(
        "no outcome",
        Edit(E, "nursing,,QALY,multiply,1.1,", "nursing,,,multiply,1.1,"),
        "option_effects",
        2,
        "outcome",
        "measure outcome needs the outcome it changes",
    ),
    broken(
        "no value",
        Edit(E, "add,2000", "add,"),
        "option_effects",
        BEDS,
        "value",
        "operation add needs a value",
    ),
    broken(
        "value of a closure",
        Edit(E, "therapies,,,suspend,,", "therapies,,,suspend,1,"),
        "option_effects",
        CLOSURE,
        "value",
        "measure close is suspended whole and has no value",
    ),
    broken(
        "low case of a closure",
        effect(SUSPENDED.replace(",0,,", ",0,1,")),
        "option_effects",
        last(E),
        "low",
        "measure contract is suspended whole and has no low",
    ),
    broken(
        "multiplied by less than nothing",
        Edit(E, "GP access,,,multiply,1.1", "GP access,,,multiply,-0.1"),
        "option_effects",
        LONGER,
        "value",
        "a figure cannot be multiplied by -0.1",
    ),
    broken(
        "low case below nothing",
        Edit(E, "multiply,1.1,0,1.05,1.2", "multiply,1.1,0,-1,1.2"),
        "option_effects",
        2,
        "low",
        "a figure cannot be multiplied by -1",
    ),
    broken(
        "multiplied by 1",
        Edit(E, "GP access,,,multiply,1.1", "GP access,,,multiply,1"),
        "option_effects",
        LONGER,
        "value",
        "the effect multiplies by 1 and changes nothing",
        severity="warning",
    ),
    broken(
        "adds 0",
        Edit(E, "NHS,,,add,1000", "NHS,,,add,0"),
        "option_effects",
        RECEIVED,
        "value",
        "the effect adds 0 and changes nothing",
        severity="warning",
    ),
    broken(
        "evidence to one side",
        Edit(E, "-100,1,-50,-150", "-100,1,-120,-150"),
        "option_effects",
        AVOIDED,
        "value",
        "-100 is not between low -120 and high -150",
    ),
    broken(
        "capacity of another place",
        Edit(E, "capacity,nurses,South", "capacity,nurses,"),
        "option_effects",
        NURSES,
        "place",
        "there is no capacity of 'nurses' with a blank place to change; its rows are for the "
        "place 'North', 'South'",
    ),
    broken(
        "capacity that is not there",
        Edit("capacity.csv", "nurses,North,,25,0,0,\nnurses,South,,10,0,0,\n", ""),
        "option_effects",
        NURSES,
        "place",
        "no capacity of 'nurses' in 'South' to change; give capacity a row for it",
    ),
    broken(
        "demand that is not there",
        Edit(E, "demand,Emergency admissions", "demand,Home care"),
        "option_effects",
        AVOIDED,
        "target",
        "'Home care' has no demand to change; give it rows in demand",
    ),
    broken(
        "no max",
        Edit(E, "limit_max,GP access", "limit_max,Community nursing"),
        "option_effects",
        LONGER,
        "target",
        "'Community nursing' has no max of basis activity or baseline to change",
    ),
    broken(
        "no min",
        effect("Hub,limit_min,Community nursing,,,multiply,1.1,0,,"),
        "option_effects",
        last(E),
        "target",
        "'Community nursing' has no min of basis activity or baseline to change",
    ),
    broken(
        "nothing bought",
        effect("Hub,outcome,Home care,,QALY,multiply,1.1,0,,"),
        "option_effects",
        last(E),
        "outcome",
        "'Home care' has no response for 'QALY' to multiply",
    ),
    broken(
        "free activity",
        Edit(E, "GP access,,,multiply,0.95", "GP access,,,multiply,0"),
        "option_effects",
        CHEAPER,
        "value",
        "a unit of 'GP access' would cost 0, and it must cost more than 0: its unit cost is 25",
    ),
    broken(
        "paid to be done",
        Edit(E, "GP access,,,multiply,0.95", "GP access,,,add,-30"),
        "option_effects",
        CHEAPER,
        "value",
        "a unit of 'GP access' would cost -5, and it must cost more than 0",
    ),
    broken(
        "paid to be done above a threshold",
        (
            with_columns(P, "GP access", cost_threshold="30000", cost_above="0.2"),
            Edit(E, "GP access,,,multiply,0.95", "GP access,,,add,-10"),
        ),
        "option_effects",
        CHEAPER,
        "value",
        "would cost -5, and it must cost more than 0: its unit cost is 25, 5 above the threshold",
    ),
    broken(
        "plain contract suspended",
        effect("Hub,contract,GMS,,,suspend,,0,,"),
        "option_effects",
        last(E),
        "target",
        "contract 'GMS' pays the plain cost",
        severity="warning",
    ),
    broken(
        "multiplied twice",
        effect("Hub,capacity,nurses,South,,multiply,0.9,0,,"),
        "option_effects",
        last(E),
        "target",
        "'Digital' and 'Hub' both multiply the capacity of 'nurses' in 'South', and may be taken "
        "together; put them in one group of choose at_most_one",
    ),
    broken(
        "two that change a unit cost",
        effect("Hub,unit_cost,GP access,,,add,1,0,,"),
        "option_effects",
        last(E),
        "target",
        "'Digital' and 'Hub' both change the unit cost of 'GP access', and may be taken together",
    ),
    broken(
        "simply cut",
        effect("Hub,close,Estates,,,suspend,,0,,"),
        "option_effects",
        last(E),
        "target",
        "nothing says what 'Estates' is worth, and it is not held while an option may close or "
        "limit it, so it would simply be cut",
    ),
    broken(
        "kept up in some years only",
        (
            effect("Hub,close,Estates,,,suspend,,0,,"),
            with_row(L, "Estates,2025,baseline,1,,0\nEstates,2026,baseline,1,,0"),
        ),
        "option_effects",
        last(E),
        "target",
        "give it a min in limits in every plan year",
    ),
    broken(
        "held and closed",
        (
            effect("Hub,close,Estates,,,suspend,,0,,"),
            Edit(P, "money,1,500000,0,0,,,,", "money,1,500000,0,0,yes,,,"),
        ),
        "option_effects",
        last(E),
        "target",
        "'Estates' is held (held = yes in programmes), so no option can close or limit it",
    ),
    broken(
        "need that must be met",
        effect("Hub,close,Care homes,,,suspend,,0,,"),
        "option_effects",
        last(E),
        "target",
        "'Care homes' cannot be closed: its need must be met",
    ),
    broken(
        "felt after the plan",
        Edit(E, "add,-100,1,", "add,-100,3,"),
        "option_effects",
        AVOIDED,
        "delay",
        "the effect is felt in 2028 at the earliest, when the plan is over",
        severity="warning",
    ),
    broken(
        "demand below nothing",
        Edit(E, "add,-100,1,-50,-150", "add,-2100,1,,"),
        "option_effects",
        AVOIDED,
        "value",
        "with 'Hub' the demand for 'Emergency admissions' in 2026/27 would be -100, less than",
    ),
    broken(
        "demand below nothing in the high case",
        Edit(E, "-100,1,-50,-150", "-100,1,-50,-2100"),
        "option_effects",
        AVOIDED,
        "high",
        "with 'Hub' (with the high figures) the demand for 'Emergency admissions' in 2026/27",
    ),
    broken(
        "demand below nothing by two",
        (
            effect("Extended,demand,Emergency admissions,,,add,-900,0,,"),
            Edit(E, "add,-100,1,-50,-150", "add,-1200,1,,"),
        ),
        "option_effects",
        AVOIDED,
        "value",
        "with 'Hub', 'Extended' the demand for 'Emergency admissions' in 2026/27 would be -100",
    ),
    broken(
        "demand below nothing with a multiplier",
        (
            effect("Extended,demand,Emergency admissions,,,multiply,0.5,0,,"),
            Edit(E, "add,-100,1,-50,-150", "add,-1200,1,,"),
        ),
        "option_effects",
        AVOIDED,
        "value",
        "with 'Hub', 'Extended' the demand for 'Emergency admissions' in 2026/27 would be -200",
    ),
    broken(
        "demand below nothing by what is required",
        effect(
            "Digital,demand,Planned operations,,,add,-1000,0,,\n"
            "Ward,demand,Planned operations,,,add,-100,0,,"
        ),
        "option_effects",
        last(E),
        "value",
        "with 'Digital', 'Ward' the demand for 'Planned operations' in 2026/27 would be -50",
    ),
    broken(
        "capacity below nothing",
        Edit(E, "add,2000", "add,-23000"),
        "option_effects",
        BEDS,
        "value",
        "with 'Ward' the capacity of 'beds' in 2026/27 would be -1,000, less than nothing",
    ),
    broken(
        "most below nothing",
        Edit(E, "GP access,,,multiply,1.1", "GP access,,,add,-60000"),
        "option_effects",
        LONGER,
        "value",
        "with 'Extended' the most activity of 'GP access' in 2025/26 would be -8,000",
    ),
]

INCOMES = [
    broken(
        "no outcome",
        Edit(INC, "outcome,,QALY,min", "outcome,,,min"),
        "incomes",
        2,
        "outcome",
        "measure outcome needs the outcome it measures",
    ),
    broken(
        "stray outcome",
        Edit(INC, "unmet,,,max", "unmet,,QALY,max"),
        "incomes",
        3,
        "outcome",
        "outcome belongs to measure outcome only",
    ),
    broken(
        "paid in full before it starts",
        Edit(INC, "min,500,600", "min,500,400"),
        "incomes",
        2,
        "full",
        "with sense min all of it is paid at more than the threshold 500, not at 400",
    ),
    broken(
        "slides nowhere",
        Edit(INC, "min,500,600", "min,500,500"),
        "incomes",
        2,
        "full",
        "not at 500; leave full blank for a step",
    ),
    broken(
        "slides the wrong way",
        Edit(INC, "max,100,,", "max,100,200,"),
        "incomes",
        3,
        "full",
        "with sense max all of it is paid at less than the threshold 100, not at 200",
    ),
    broken(
        "paid for waiting",
        Edit(INC, "unmet,,,max,100", "unmet,,,min,100"),
        "incomes",
        3,
        "sense",
        "nobody is paid for leaving need unmet",
    ),
    broken(
        "less activity than none",
        Edit(INC, "min,950,1000", "min,-950,1000"),
        "incomes",
        4,
        "threshold",
        "-950 is not allowed: activity is never negative",
    ),
    broken(
        "mixed units",
        Edit(INC, "acute operations", "acute"),
        "incomes",
        4,
        "selection",
        "activity in different units cannot be added: 'A&E attendances' in attendances",
    ),
    broken(
        "nobody waits",
        Edit(INC, "NHS,unmet,,", "NHS,unmet,mental,"),
        "incomes",
        3,
        "measure",
        "no programme of the selection has demand that could be unmet",
    ),
    broken(
        "nobody gains",
        Edit(INC, "outcome,,QALY", "outcome,management,QALY"),
        "incomes",
        2,
        "outcome",
        "no programme of the selection changes 'QALY': none has a response or a harm for it, and "
        "no option adds any",
    ),
    broken(
        "shares beyond the whole",
        Edit(INC, "1,0.4,1", "1,0.5,1"),
        "incomes",
        3,
        "share",
        "the shares of income 'Premium' in 2025 sum to 1.1; together its parts are at most",
    ),
    broken(
        "shares beyond the whole in one year",
        with_row(INC, "Premium,health,2026,NHS,outcome,,QALY,min,500,600,per_head,1,0.7,1"),
        "incomes",
        last(INC),
        "share",
        "the shares of income 'Premium' in 2026 sum to 1.1",
    ),
    broken(
        "shares of less than the whole",
        Edit(INC, "1,0.4,1", "1,0.3,1"),
        "incomes",
        3,
        "share",
        "sum to 0.9, so the rest of it can never be earned",
        severity="warning",
    ),
    broken(
        "two wholes",
        Edit(INC, "per_head,1,0.4", "per_head,2,0.4"),
        "incomes",
        3,
        "amount",
        "the parts of income 'Premium' in 2025 have one amount, that of the whole income, but say "
        "1.0 and 2.0",
    ),
    broken(
        "two payers",
        Edit(INC, "waiting,,NHS", "waiting,,Council"),
        "incomes",
        3,
        "pool",
        "have one pool, that of the whole income, but say NHS and Council",
    ),
    broken(
        "received after the plan",
        Edit(INC, "1,0.4,1", "1,0.4,3"),
        "incomes",
        3,
        "lag",
        "it is received in 2028 at the earliest, after the plan",
        severity="warning",
    ),
    broken(
        "held back for good",
        Edit(INC, "0.005,1,0", "0.005,1,2"),
        "incomes",
        4,
        "lag",
        "and what is held back is lost",
        severity="warning",
    ),
    broken(
        "held back in percent",
        Edit(INC, "held_back,0.005", "held_back,2"),
        "incomes",
        4,
        "amount",
        "a share from 0 to 1, not 2; write 2% as 0.02",
    ),
    broken(
        "more than all held back",
        Edit(
            INC,
            "Improvement,,2026,NHS,activity,acute operations,,min,950,1000,held_back,0.005,1,0\n",
            "Improvement,,,NHS,activity,acute operations,,min,950,1000,held_back,0.6,1,0\n"
            "Safety,,2027,NHS,unmet,,,max,5,,held_back,0.5,1,0\n",
        ),
        "incomes",
        4,
        "amount",
        "'Improvement', 'Safety' together hold back 1.1 of the money of pool 'NHS' in 2027",
    ),
    broken(
        "held back of nothing",
        Edit(B, "NHS,2026,recurrent", "NHS,2026,non_recurrent"),
        "incomes",
        4,
        "pool",
        "pool 'NHS' has no recurrent or grant money in 2026 that could be held back",
    ),
    broken(
        "threshold left out",
        Edit(INC, "max,100,,", "max,,,"),
        "incomes",
        3,
        "threshold",
        "threshold is blank but every row needs one",
    ),
    broken(
        "no people",
        (
            Whole("places.csv", None),
            Whole(P, FILES[P].replace("North", "").replace("South", "")),
            Whole("segments.csv", "segment,heads,weight\nDeprived,5,1\nOthers,5,1\n"),
            Whole("capacity.csv", "resource,amount\nbeds,22000\nnurses,25\n"),
            Edit("selections.csv", "northern,,North", "northern,primary,"),
            Edit(E, "nurses,South", "nurses,"),
        ),
        "incomes",
        2,
        "basis",
        "an income per head needs the table places",
    ),
]

SCALES = [
    broken(
        "dear above nothing",
        with_columns(P, "GP access", cost_above="0.5"),
        "programmes",
        line_of(P, "GP access"),
        "cost_above",
        "cost 0.5 times the unit cost, and there is no cost_threshold",
    ),
    broken(
        "threshold of no price",
        with_columns(P, "GP access", cost_threshold="30000"),
        "programmes",
        line_of(P, "GP access"),
        "cost_threshold",
        "cost_above is 1, so the threshold has no effect",
        severity="warning",
    ),
    broken(
        "scale of growth",
        with_columns(L, "GP access,,growth", start_min="0.1"),
        "limits",
        3,
        "start_min",
        "write it in a row of basis activity or baseline, not growth",
    ),
    broken(
        "scale beyond the max",
        with_columns(L, "Talking therapies", start_min="4500"),
        "limits",
        5,
        "start_min",
        "'Talking therapies' does nothing or at least 4,500, but can do at most 4,000 in 2026",
    ),
    broken(
        "scale beyond the max of another row",
        Whole(
            L,
            with_columns(L, "Home care", start_min="1.1").text.replace("0.9,1.2", ",1.2")
            + "Home care,2027,activity,,105000,0,\n",
        ),
        "limits",
        6,
        "start_min",
        "'Home care' does nothing or at least 110,000, but can do at most 105,000 in 2027",
    ),
    broken(
        "scale below the min",
        with_columns(L, "Home care", start_min="0.5"),
        "limits",
        6,
        "start_min",
        "'Home care' does at least 90,000 anyway, so a minimum viable scale of 50,000 has no",
        severity="warning",
    ),
]

EVERY = [*REFERENCES, *OPTIONS, *LINKS, *EFFECTS, *INCOMES, *SCALES]


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_broken_round(case: Broken, tmp_path: Path) -> None:
    assert_refused(case, tmp_path / "round")


SOUND = {
    "a contract suspended": effect(SUSPENDED),
    "what adds may be together": effect("Ward,demand,Emergency admissions,,,add,-1800,0,,"),
    "closed with its need moved": effect(
        "Hub,close,Care homes,,,suspend,,0,,\nHub,demand,Care homes,,,multiply,0,0,,"
    ),
    "viable scale that an option makes reachable": (
        with_columns(L, "GP access,,baseline", start_min="1.35"),
        Edit(L, "baseline,0.9,1.3,0", "baseline,,1.3,0"),
    ),
    "rivals take off what only one of them may": effect(
        "Bid A,demand,Planned operations,,,add,-600,0,,\n"
        "Bid B,demand,Planned operations,,,add,-600,0,,"
    ),
    "outcome that only an option adds": (
        effect("Hub,outcome,Estates,,QALY,add,5,0,,"),
        with_row(INC, "Estate,,,NHS,outcome,management,QALY,min,5,,amount,9,1,0"),
    ),
    "first option of an award that may wait": option(
        "Bid C,,nursing,exactly_one,,NHS,,2027,,0,0,1,,5,,,,"
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_decisions_are_read(name: str, tmp_path: Path) -> None:
    edits = SOUND[name] if isinstance(SOUND[name], tuple) else (SOUND[name],)
    instance, problems = diagnose(write_round(tmp_path / "round", *edits))
    assert instance is not None, problems


def test_an_option_that_closes_frees_what_was_held(tmp_path: Path) -> None:
    edits = (effect("Hub,close,Estates,,,suspend,,0,,"), with_row(L, "Estates,,baseline,1,,0"))
    instance, problems = diagnose(write_round(tmp_path / "round", *edits))
    assert instance is not None, problems
    held = next(p for p in problems if "held at baseline" in p.message)
    assert "1 programme has no response" in held.message
    assert "Estates" not in held.message


def test_decisions_that_are_wrong_are_all_said_at_once(tmp_path: Path) -> None:
    edits = (
        Edit(OPT, "the clinic,,,,NHS,", "the clinic,,,,,"),
        Edit(K, "Hub,excludes,Clinic", "Ward,requires,Digital"),
        Edit(E, "add,2000", "add,"),
        Edit(INC, "min,500,600", "min,500,400"),
    )
    _, problems = diagnose(write_round(tmp_path / "round", *edits))
    errors = [(p.table, p.column) for p in problems if p.severity == "error"]
    assert errors == [
        ("options", "pool"),
        ("option_effects", "value"),
        ("option_links", "other"),
        ("incomes", "full"),
    ]
