"""Broken funding, adjustments, contracts, providers and kinds of money, one edit each."""

from __future__ import annotations

from pathlib import Path

import pytest
from base_round import FILES, Edit, Whole, line_of, with_row
from broken_round import Broken, assert_refused, broken, last

P, L, B, R = "programmes.csv", "limits.csv", "budgets.csv", "rules.csv"
F, A, C, V = "funding.csv", "adjustments.csv", "contracts.csv", "providers.csv"
T, D, S = "instance.toml", "demand.csv", "selections.csv"
GP, AE = line_of(P, "GP access"), line_of(P, "A&E attendances")
NURSING, OPERATIONS = line_of(P, "Community nursing"), line_of(P, "Planned operations")
HOME, ESTATES = line_of(P, "Home care"), line_of(P, "Estates")

ELECTIVES = Edit(
    P, "Planned operations,acute,,Hospital,NHS,", "Planned operations,acute,,Hospital,NHS,Electives"
)
THERAPY = Edit(P, "Trust M,NHS,,mental", "Trust M,NHS,Therapy,mental")


def contracts(columns: str, *rows: str) -> Whole:
    """Contracts table with the base round's names, narrow columns and more rows."""
    header = f"contract,{columns}"
    blank = "," * columns.count(",")
    first = [f"GMS,cost{blank}", f"A&E block,block{blank}"]
    return Whole(C, "\n".join([header, *first, *rows]) + "\n")


def electives(columns: str, row: str) -> tuple[Edit | Whole, ...]:
    """Planned operations under a contract of its own, on line 4."""
    return ELECTIVES, contracts(columns, f"Electives,{row}")


FUNDING = [
    broken(
        "programme",
        Edit(F, "Community nursing,NHS", "Community nursin,NHS"),
        "funding",
        2,
        "programme",
        "is not in programmes",
        "did you mean 'Community nursing'?",
    ),
    broken(
        "pool",
        Edit(F, "nursing,Council", "nursing,Counsil"),
        "funding",
        3,
        "pool",
        "pool 'Counsil' is not in budgets",
        "did you mean 'Council'?",
    ),
    broken(
        "shares crossed",
        Edit(F, "NHS,,0.9,1", "NHS,,0.9,0.8"),
        "funding",
        2,
        "share_min",
        "share_min 0.9 is more than share_max 0.8",
    ),
    broken(
        "least shares too much",
        Edit(F, "Council,,0,0.1", "Council,,0.2,0.3"),
        "funding",
        2,
        "share_min",
        "the share_min of programme 'Community nursing' in 2025 sum to 1.1, more "
        "than the whole ('NHS', 'Council')",
    ),
    broken(
        "most shares too little",
        Edit(F, "NHS,,0.9,1", "NHS,2026,0.5,0.6"),
        "funding",
        3,
        "share_max",
        "in 2025 sum to 0.1, less than the whole ('Council')",
    ),
    broken(
        "share above 1",
        Edit(F, "NHS,,0.9,1", "NHS,,0.9,1.2"),
        "funding",
        2,
        "share_max",
        "from 0 to 1",
    ),
    broken(
        "under contract",
        with_row(F, "A&E attendances,NHS,,0,1"),
        "funding",
        last(F),
        "programme",
        "'A&E attendances' is under contract 'A&E block' in 2025",
    ),
    broken(
        "capital in shares",
        (
            with_row(F, "Estates,NHS,,0,1"),
            Edit(P, "money,1,500000,0,0,,,,", "money,1,500000,0,0,,,,capital"),
            with_row(B, "NHS,,capital,600000,0,0,0"),
        ),
        "funding",
        last(F),
        "programme",
        "capital of its own pool",
    ),
    broken(
        "own pool left out",
        with_row(F, "Home care,NHS,,0,1"),
        "programmes",
        HOME,
        "pool",
        "'Home care' names pool 'Council', which is not among the pools",
        severity="warning",
    ),
]

ADJUSTMENTS = [
    broken(
        "falls nowhere",
        Edit(A, "2027,,mental", "2027,,"),
        "adjustments",
        3,
        "pool",
        "'Savings' falls on no pool",
    ),
    broken(
        "kind",
        Edit(A, "efficiency", "efficency"),
        "adjustments",
        3,
        "kind",
        "'efficency' is not a kind: allowed are full_year_effect",
        "did you mean 'efficiency'?",
    ),
    broken(
        "negative saving",
        Edit(A, "efficiency,20000", "efficiency,-20000"),
        "adjustments",
        3,
        "amount",
        "written as a positive amount, not -20,000",
    ),
    broken(
        "negative reserve",
        with_row(A, "Reserve,,NHS,,reserve,-5,1,yes"),
        "adjustments",
        last(A),
        "amount",
        "cannot be negative",
    ),
    broken(
        "over-delivered",
        Edit(A, "20000,0.5", "20000,1.5"),
        "adjustments",
        3,
        "delivery",
        "from 0 to 1",
    ),
    broken(
        "selection",
        Edit(A, ",mental,", ",mentl,"),
        "adjustments",
        3,
        "selection",
        "selection 'mentl' is not in selections",
        "did you mean 'mental'?",
    ),
    broken(
        "nothing to share out by",
        Edit(P, "courses,600,3000", "courses,600,0"),
        "adjustments",
        3,
        "selection",
        "has no baseline spend to share 'Savings' out by",
    ),
    broken(
        "item twice",
        with_row(A, "Savings,2027,NHS,,pressure,5,1,yes"),
        "adjustments",
        last(A),
        "item",
        "repeats line 3",
    ),
    broken(
        "of a shared programme",
        with_row(A, "Delay,2026,,northern,pressure,5,1,yes"),
        "adjustments",
        last(A),
        "selection",
        "'Community nursing' is paid by several pools, but its part of 'Delay' falls on 'NHS'",
        severity="warning",
    ),
    broken(
        "saving the provider keeps",
        with_row(A, "Theatre,2026,,acute,efficiency,5,1,yes"),
        "adjustments",
        last(A),
        "selection",
        "'A&E attendances' is under contract",
        severity="warning",
    ),
]

KINDS = [
    broken(
        "kind of budget",
        Edit(B, "2025,recurrent", "2025,recurring"),
        "budgets",
        2,
        "kind",
        "'recurring' is not a kind: allowed are recurrent",
        "did you mean 'recurrent'?",
    ),
    broken(
        "capital carried",
        with_row(B, "NHS,,capital,5,0,1,0"),
        "budgets",
        last(B),
        "carry_max",
        "capital is not carried",
        severity="warning",
    ),
    broken(
        "capital for nothing",
        with_row(B, "NHS,,capital,5,0,0,0"),
        "budgets",
        last(B),
        "kind",
        "no programme is paid from the capital of pool 'NHS'",
        severity="warning",
    ),
    broken(
        "no capital",
        Edit(P, "money,1,500000,0,0,,,,", "money,1,500000,0,0,,,,capital"),
        "programmes",
        ESTATES,
        "money",
        "pool 'NHS' has none",
    ),
    broken(
        "gap over all kinds",
        (
            Edit(B, "NHS,2026,recurrent", "NHS,2026,grant"),
            Edit(B, "NHS,2027,recurrent", "Other,,recurrent"),
        ),
        "budgets",
        2,
        "year",
        "pool 'NHS' has no row for 2027",
    ),
    broken("flag", Edit(A, "1,yes", "1,maybe"), "adjustments", 2, "recurrent", "neither yes nor"),
]

CONTRACTS = [
    broken(
        "no programmes",
        with_row(C, "A&E blok,,block" + "," * 24),
        "contracts",
        last(C),
        "contract",
        "no programme is under contract 'A&E blok';",
        "did you mean 'A&E block'?",
    ),
    broken(
        "name without a row",
        Edit(P, "Trust M,NHS,,mental", "Trust M,NHS,GNS,mental"),
        "programmes",
        line_of(P, "Talking"),
        "contract",
        "contract 'GNS' has no row",
        "did you mean 'GMS'?",
        severity="warning",
    ),
    broken(
        "type",
        Edit(C, "block,,block", "block,,blok"),
        "contracts",
        3,
        "type",
        "'blok' is not a type: allowed are cost",
        "did you mean 'block'?",
    ),
    broken(
        "two providers",
        Edit(P, "Agencies,Council,,care", "Agencies,NHS,A&E block,care"),
        "programmes",
        HOME,
        "provider",
        "contract 'A&E block' has one provider, but 'A&E "
        "attendances' names 'Hospital' and 'Home care' 'Agencies'",
    ),
    broken(
        "two pools",
        Edit(P, "Agencies,Council,,care", "Hospital,Council,A&E block,care"),
        "programmes",
        HOME,
        "pool",
        "'A&E attendances' names 'NHS' and 'Home care' 'Council'",
    ),
    broken(
        "capital under contract",
        (with_row(B, "NHS,,capital,9000000,0,0,0"), Edit(P, "0.3,2,,190,,", "0.3,2,,190,,capital")),
        "programmes",
        AE,
        "money",
        "cannot be under contract 'A&E block'",
    ),
    broken(
        "stray parameter",
        electives("type,threshold", "block,5"),
        "contracts",
        4,
        "threshold",
        "a contract of type block has no threshold; it takes fixed, ceiling, rebasing_year",
    ),
    broken(
        "stray year",
        electives("type,rebasing_year", "activity,2026"),
        "contracts",
        4,
        "rebasing_year",
        "a contract of type activity has no rebasing_year",
    ),
    broken(
        "stray rate",
        electives("type,down_rate", "cost_and_volume,0.5"),
        "contracts",
        4,
        "down_rate",
        "it takes fixed, volume, up_rate",
    ),
    broken(
        "no figure per head",
        electives("type,gain_share", "capitated,0.5"),
        "contracts",
        4,
        "per_head",
        "needs per_head",
    ),
    broken(
        "no bonus outcome",
        electives("type,bonus", "outcome,5"),
        "contracts",
        4,
        "bonus_outcome",
        "needs bonus_outcome",
    ),
    broken(
        "unknown bonus outcome",
        electives("type,bonus_outcome,bonus", "outcome,QALI,5"),
        "contracts",
        4,
        "bonus_outcome",
        "outcome 'QALI' is not in",
        "did you mean 'QALY'?",
    ),
    broken(
        "bonus nothing earns",
        (
            THERAPY,
            contracts("type,bonus_outcome,bonus", "Therapy,outcome,QALY,5"),
            Edit("responses.csv", "Talking therapies,QALY,points,,,,,,1,B,,\n", ""),
            Whole("response_points.csv", None),
        ),
        "contracts",
        4,
        "bonus_outcome",
        "no programme of contract 'Therapy' has a response for 'QALY'",
    ),
    broken(
        "bonus on harm",
        electives("type,bonus_outcome,bonus", "outcome,Wellbeing,5"),
        "contracts",
        4,
        "bonus_outcome",
        "unmet need of 'Planned operations' harms",
    ),
    broken(
        "bonus of 0",
        electives("type,bonus_outcome", "outcome,QALY"),
        "contracts",
        4,
        "bonus",
        "its bonus is 0",
        severity="warning",
    ),
    broken(
        "incomes crossed",
        electives("type,min_income,max_income", "activity,9,8"),
        "contracts",
        4,
        "min_income",
        "min_income 9 is more than max_income 8",
    ),
    broken(
        "fixed never paid",
        electives("type,fixed,max_income", "block,9,8"),
        "contracts",
        4,
        "max_income",
        "less than the fixed payment 9",
    ),
    broken(
        "marginal rate of nothing",
        electives("type,marginal_rate", "activity,0.5"),
        "contracts",
        4,
        "marginal_rate",
        "there is none",
    ),
    broken(
        "threshold without effect",
        electives("type,threshold", "activity,5000000"),
        "contracts",
        4,
        "threshold",
        "no effect",
        severity="warning",
    ),
    broken(
        "cap of nothing",
        electives("type,per_head,loss_cap", "capitated,20,5"),
        "contracts",
        4,
        "loss_cap",
        "the loss_share is 0",
    ),
    broken(
        "starts after its end",
        electives("type,start,end", "activity,2027,2026"),
        "contracts",
        4,
        "start",
        "start 2027 is after end 2026",
    ),
    broken(
        "over before the plan",
        electives("type,end", "activity,2023"),
        "contracts",
        4,
        "end",
        "holds in no plan year; the plan runs from 2025 to 2027",
    ),
    broken(
        "begins after the plan",
        electives("type,start", "activity,2031"),
        "contracts",
        4,
        "start",
        "holds in no plan year",
    ),
    broken(
        "row of another time",
        electives("type,year,end", "activity,2027,2026"),
        "contracts",
        4,
        "year",
        "the row is about 2027, when the contract does not hold (2025 to 2026)",
    ),
    broken(
        "rebased outside",
        electives("type,end,rebasing_year", "block,2026,2027"),
        "contracts",
        4,
        "rebasing_year",
        "2027 is not a plan year in which the contract holds",
    ),
    broken(
        "year of the row",
        electives("type,year", "activity,2030"),
        "contracts",
        4,
        "year",
        "2030 is not a plan year",
    ),
    broken(
        "notice below none",
        electives("type,notice_years", "block,-1"),
        "contracts",
        4,
        "notice_years",
        "from 0 to 20",
    ),
    broken(
        "rate above 2",
        electives("type,up_rate", "aligned,2.5"),
        "contracts",
        4,
        "up_rate",
        "from 0 to 2",
    ),
    broken(
        "lead without overhead",
        electives("type,lead,overhead", "block,Trust M,"),
        "contracts",
        4,
        "lead",
        "the overhead is 0",
        severity="warning",
    ),
    broken(
        "overhead without lead",
        electives("type,lead,overhead", "block,,0.1"),
        "contracts",
        4,
        "overhead",
        "none is named",
    ),
    broken(
        "leads itself",
        electives("type,lead,overhead", "block,Hospital,0.1"),
        "contracts",
        4,
        "lead",
        "provides the contract's programmes itself",
    ),
    broken(
        "unknown lead",
        electives("type,lead,overhead", "block,Trust N,0.1"),
        "contracts",
        4,
        "lead",
        "provider 'Trust N' is neither in programmes",
        "did you mean 'Trust",
    ),
    broken(
        "blank payment of nothing",
        (*electives("type", "block"), Edit(P, "operations,4000,1000", "operations,4000,0")),
        "contracts",
        4,
        "fixed",
        "have no baseline",
    ),
    broken(
        "nobody to pay for",
        (
            *electives("type,per_head", "capitated,20"),
            Whole("places.csv", None),
            Whole(
                P,
                FILES[P]
                .replace("North", "")
                .replace("South", "")
                .replace("Hospital,NHS,,,discretionary", "Hospital,NHS,Electives,,discretionary"),
            ),
            Whole(R, None),
            Whole(S, None),
            Whole("segments.csv", None),
            Whole("reach.csv", None),
            Whole(A, None),
            Whole("capacity.csv", "resource,amount\nbeds,22000\nnurses,25\n"),
        )[1:],
        "contracts",
        4,
        "type",
        "needs the table places",
    ),
    broken(
        "nothing limits",
        (THERAPY, contracts("type", "Therapy,block")),
        "programmes",
        line_of(P, "Talking"),
        "contract",
        "nothing limits 'Talking therapies' in 2025/26: under contract 'Therapy' of type block",
    ),
    broken(
        "ceiling below what must be done",
        Edit(C, "2500000", "1500000"),
        "contracts",
        3,
        "ceiling",
        "contract 'A&E block' covers activity of at most £1.53m at tariff in "
        "2025/26, but its programmes must do at least",
    ),
]

PROVIDERS = [
    broken(
        "unknown",
        Edit(V, "Hospital", "Hospitals"),
        "providers",
        2,
        "provider",
        "provider 'Hospitals' provides no programme",
        "did you mean 'Hospital'?",
    ),
    broken(
        "years missing",
        Edit(V, "Hospital,,", "Hospital,2026,"),
        "providers",
        2,
        "year",
        "there is no row for 2025, 2027",
    ),
    broken("negative deficit", Edit(V, "9000000", "-9"), "providers", 2, "deficit_max", "negative"),
]

RULES = [
    broken(
        "position per head",
        with_row(R, "Break even,,,position,,,,min,0,per_head,,,"),
        "rules",
        last(R),
        "basis",
        "measure position cannot have basis per_head; it takes amount",
    ),
    broken(
        "position of nobody",
        (
            Edit(P, "Council,Council,,,safety", ",Council,,,safety"),
            Edit(P, "management,,Council,NHS", "management,,,NHS"),
            with_row(R, "Break even,,,position,management,,,min,0,amount,,,"),
        ),
        "rules",
        last(R),
        "selection",
        "none of them names a provider",
    ),
    broken(
        "part of a provider",
        with_row(R, "Break even,,,position,mental,,,min,0,amount,,,"),
        "rules",
        last(R),
        "selection",
        "a provider's position counts wholly, but 'Talking",
    ),
    broken(
        "part of a contract",
        (
            Edit(
                P,
                "Emergency admissions,acute,,Hospital,NHS,,,",
                "Emergency admissions,acute,,Hospital,NHS,A&E block,early,",
            ),
            with_row(S, "early,,,,,,,,early,1"),
            with_row(R, "Paid,,,payment,early,,,max,9000000,amount,,,"),
        ),
        "rules",
        last(R),
        "selection",
        "contract 'A&E block' has one payment and counts wholly or not at all, "
        "but 'Emergency admissions' counts 1 and 'A&E attendances' not at all",
    ),
    broken(
        "part of a contract in relative_to",
        (
            Edit(
                P,
                "Emergency admissions,acute,,Hospital,NHS,,,",
                "Emergency admissions,acute,,Hospital,NHS,A&E block,early,",
            ),
            with_row(S, "early,,,,,,,,early,1"),
            with_row(R, "Paid,,,payment,management,,,max,2,ratio,early,,"),
        ),
        "rules",
        last(R),
        "relative_to",
        "counts wholly or not at all",
    ),
    broken(
        "negative payment",
        with_row(R, "Paid,,,payment,acute,,,max,-1,amount,,,"),
        "rules",
        last(R),
        "value",
        "payment is never negative",
    ),
    broken(
        "nothing recurrent",
        (
            Edit(P, "money,1,500000,0,0,,,,", "money,1,500000,0,0,,,no,"),
            with_row(S, "estates,,,,,,Estates,,,1"),
            with_row(R, "Lasting,,,recurrent_spend,estates,,,max,9,amount,,,"),
        ),
        "rules",
        last(R),
        "measure",
        "no programme of the selection is recurrent",
    ),
]

SETTINGS = [
    broken(
        "evidence",
        with_row(T, 'evidence = "best"'),
        T,
        10,
        "evidence",
        "'best' is not allowed: write",
    ),
    broken(
        "shrinks nothing known",
        with_row(T, 'shrink_outcome = "QALI"\nshrink_cost = 10'),
        T,
        10,
        "shrink_outcome",
        "outcome 'QALI' is not in outcomes;",
        "did you mean 'QALY'?",
    ),
    broken(
        "shrinks to no cost",
        with_row(T, 'shrink_outcome = "QALY"'),
        T,
        10,
        "shrink_outcome",
        "shrink_cost is 0",
    ),
    broken(
        "cost without outcome",
        with_row(T, "shrink_cost = 13500"),
        T,
        10,
        "shrink_cost",
        "no effect",
        severity="warning",
    ),
    broken(
        "weights",
        with_row(T, "shrink_weights = [1, 0.5]"),
        T,
        10,
        "shrink_weights",
        "list of 5 numbers from 0 to 1",
    ),
    broken("balance", with_row(T, 'recurrent_balance = "yes"'), T, 10, "recurrent_balance", "true"),
]

SHORTAGES = [
    broken(
        "capital floor",
        (
            Edit(P, "money,1,500000,0,0,,,,", "money,1,500000,0,0,,,,capital"),
            with_row(B, "NHS,,capital,400000,0,0,0"),
            with_row(L, "Estates,,baseline,1,1,0"),
        ),
        "budgets",
        last(B),
        "amount",
        "capital of pool 'NHS' cannot pay in 2025/26 what its programmes must have: at least "
        "£510,000 ('Estates' £510,000) against at most £400,000; £110,000 is missing",
    ),
    broken(
        "once is not every year",
        (
            with_row(T, "recurrent_balance = true"),
            with_row(B, "NHS,2026,recurrent,1000000,0,0,0"),
            Edit(B, "NHS,2026,recurrent,185", "NHS,2026,non_recurrent,185"),
        ),
        "budgets",
        last(B),
        "amount",
        "recurrent money of pool 'NHS' cannot pay in 2026/27 what must be paid",
    ),
    broken(
        "adjustments beyond the pool",
        with_row(A, "Deficit,,Council,,deficit,2000000,1,yes"),
        "budgets",
        5,
        "amount",
        "adjustments £2.00m",
    ),
    broken(
        "a block beyond the pool",
        Edit(C, "1900000", "19000000"),
        "budgets",
        2,
        "amount",
        "pool 'NHS' cannot pay in 2025/26 what must be paid: at least £27.29m "
        "(contract 'A&E block' £19.38m",
    ),
]

DECISIONS = [
    broken(
        "part of a year of notice",
        electives("type,ceiling,notice_years", "block,4500000,1.5"),
        "contracts",
        4,
        "notice_years",
        "1.5 is not a whole number of years of notice",
    ),
    broken(
        "fee that nothing earns",
        electives("type,ceiling,exit_fee", "block,4500000,1000"),
        "contracts",
        4,
        "exit_fee",
        "which only notice_years allows",
    ),
    broken(
        "nothing to end",
        electives("type,notice_years", "cost,1"),
        "contracts",
        4,
        "notice_years",
        "pays the plain cost, as its programmes are paid without it",
    ),
    broken(
        "notice beyond the plan",
        electives("type,ceiling,notice_years", "block,4500000,3"),
        "contracts",
        4,
        "notice_years",
        "notice of 3 years ends after 2027, the last plan year in which the contract holds",
        severity="warning",
    ),
    broken(
        "notice beyond the contract",
        electives("type,ceiling,end,notice_years", "block,4500000,2026,2"),
        "contracts",
        4,
        "notice_years",
        "notice of 2 years ends after 2026",
        severity="warning",
    ),
    broken(
        "two notices",
        (
            ELECTIVES,
            contracts(
                "type,year,ceiling,notice_years",
                "Electives,block,,4500000,1",
                "Electives,block,2026,4600000,2",
            ),
        ),
        "contracts",
        5,
        "notice_years",
        "contract 'Electives' is ended as a whole, but its notice_years is 2 here and 1 on line 4",
    ),
    broken(
        "two rows of a year",
        (ELECTIVES, contracts("type,year", "Electives,activity,2026", "Electives,activity,2026")),
        "contracts",
        5,
        "contract",
        "repeats line 4: two rows have contract 'Electives', year '2026'",
    ),
    broken(
        "step without threshold",
        electives("type,bonus_outcome,bonus_step", "outcome,QALY,5"),
        "contracts",
        4,
        "bonus_step",
        "once the outcome reaches bonus_threshold, and there is none",
    ),
    broken(
        "threshold without step",
        electives("type,bonus_outcome,bonus,bonus_threshold", "outcome,QALY,5,100"),
        "contracts",
        4,
        "bonus_threshold",
        "nothing is paid at the threshold; give bonus_step",
    ),
    broken(
        "step of another type",
        electives("type,bonus_step", "block,5"),
        "contracts",
        4,
        "bonus_step",
        "a contract of type block has no bonus_step",
    ),
]

EVERY = [
    *FUNDING,
    *ADJUSTMENTS,
    *KINDS,
    *CONTRACTS,
    *PROVIDERS,
    *RULES,
    *SETTINGS,
    *SHORTAGES,
    *DECISIONS,
]


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_broken_round(case: Broken, tmp_path: Path) -> None:
    assert_refused(case, tmp_path / "round")
