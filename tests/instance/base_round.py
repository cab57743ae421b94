"""A small round that uses every table, as text, and small edits of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILES: dict[str, str] = {
    "instance.toml": """\
name = "Two councils and a hospital"
base_year = 2024
years = [2025, 2026, 2027]
money_unit = "one"
discount_rate = 0.035
cost_uplift = 0.02
tail_years = 2
saving_value = 0.00005
accept_money_pump = []
""",
    "programmes.csv": """\
programme,sector,place,provider,pool,contract,tags,class,unit,unit_cost,baseline,fixed_share,\
release_years,held,tariff,recurrent,money
GP access,primary,North,Practices,NHS,GMS,core out,discretionary,appointments,25,40000,0,0,,,,
Community nursing,community,North,Trust C,NHS,,out,discretionary,visits,50,20000,0,0,,,,
A&E attendances,acute,,Hospital,NHS,A&E block,,emergency,attendances,200,10000,0.3,2,,190,,
Emergency admissions,acute,,Hospital,NHS,,,emergency,admissions,3000,2000,0.4,2,,,,
Planned operations,acute,,Hospital,NHS,,,discretionary,operations,4000,1000,0,0,,,,
Talking therapies,mental health,South,Trust M,NHS,,mental,discretionary,courses,600,3000,0,0,,,,
Home care,social care,,Agencies,Council,,care,discretionary,hours,25,100000,0,0,,,,
Care homes,social care,,Homes,Council,,care,entitlement,weeks,900,2000,0,0,,,,
Safeguarding,management,,Council,Council,,,safety,money,1,300000,0,0,,,,
Estates,management,,Council,NHS,,,discretionary,money,1,500000,0,0,,,,
""",
    "budgets.csv": """\
pool,year,kind,amount,opening,carry_max,overdraw_max
NHS,2025,recurrent,17500000,50000,500000,100000
NHS,2026,recurrent,18500000,0,500000,100000
NHS,2027,recurrent,19500000,0,0,0
Council,,recurrent,5200000,0,0,0
Council,2027,recurrent,5600000,0,0,0
Council,,capital,300000,0,0,0
""",
    "transfers.csv": "from_pool,to_pool,year,max,instrument\nNHS,Council,,200000,section 75\n",
    "funding.csv": """\
programme,pool,year,share_min,share_max
Community nursing,NHS,,0.9,1
Community nursing,Council,,0,0.1
""",
    "adjustments.csv": """\
item,year,pool,selection,kind,amount,delivery,recurrent
Late opening,2027,NHS,,full_year_effect,10000,1,yes
Savings,2027,,mental,efficiency,20000,0.5,yes
""",
    "contracts.csv": """\
contract,year,type,fixed,uplift,volume,up_rate,down_rate,per_head,gain_share,loss_share,\
gain_cap,loss_cap,bonus_outcome,bonus,ceiling,threshold,marginal_rate,min_income,max_income,\
start,end,rebasing_year,notice_years,exit_fee,lead,overhead
GMS,,cost,,,,,,,,,,,,,,,,,,,,,,,,
A&E block,,block,1900000,0.02,,,,,,,,,,,2500000,,,,,,,2027,,,,
""",
    "providers.csv": """\
provider,year,other_income,other_cost,deficit_max
Hospital,,100000,90000,9000000
""",
    "outcomes.csv": """\
outcome,domain,unit,weight,discounted
QALY,clinical,QALYs,1,yes
Wellbeing,experiential,points,0.5,no
""",
    "responses.csv": """\
programme,outcome,shape,per_unit,elasticity,maximum,half,steepness,delay,evidence,low,high
GP access,QALY,power,0.002,0.5,,,,0,C,0.001,0.004
Community nursing,QALY,saturating,,,200,20000,,0,C,100,300
Planned operations,QALY,linear,0.3,,,,,0,B,,
Talking therapies,QALY,points,,,,,,1,B,,
Talking therapies,Wellbeing,linear,0.02,,,,,0,D,,
Home care,Wellbeing,linear,0.001,,,,,0,D,,
""",
    "response_points.csv": """\
programme,outcome,activity,effect
Talking therapies,QALY,0,0
Talking therapies,QALY,2000,300
Talking therapies,QALY,4000,500
""",
    "demand.csv": """\
programme,year,demand,opening_backlog,carry,min_met,harm_outcome,harm
A&E attendances,,10000,0,0,,,0
A&E attendances,2027,10200,0,0,,,0
Emergency admissions,,2000,0,0,,,0
Planned operations,,1050,200,1,,Wellbeing,0.05
Care homes,,2000,0,0,,,0
""",
    "effects.csv": """\
source,target,per_unit,delay,fade,evidence,low,high
Community nursing,Emergency admissions,0.004,1,0.5,C,0,0.02
GP access,A&E attendances,0.01,0,0,D,0,0.05
""",
    "resources.csv": "resource,unit\nbeds,bed-days\nnurses,whole-time nurses\n",
    "capacity.csv": """\
resource,place,year,amount,extra_max,extra_cost,extra_pool
beds,,,22000,1000,300,NHS
nurses,North,,25,0,0,
nurses,South,,10,0,0,
""",
    "use.csv": """\
programme,resource,per_unit
Emergency admissions,beds,8
Planned operations,beds,3
Community nursing,nurses,0.001
""",
    "limits.csv": """\
programme,year,basis,min,max,growth_amount
GP access,,baseline,0.9,1.3,0
GP access,,growth,,0.1,0
Community nursing,,growth,-0.05,0.08,500
Talking therapies,2026,activity,2500,4000,0
Home care,,baseline,0.9,1.2,0
""",
    "selections.csv": """\
selection,sector,place,provider,pool,contract,programme,class,tag,share
acute,acute,,,,,,,,1
mental,,,,,,,,mental,0.9
care,,,,Council,,,,care,1
care,,,,,,Community nursing,,,0.5
management,management,,,,,,,,1
northern,,North,,,,,,,1
""",
    "rules.csv": """\
rule,year,label,measure,selection,outcome,segment,sense,value,basis,relative_to,reference,penalty
Acute ceiling,,Acute share,spend,acute,,,max,0.8,share,,,
Mental growth,,Mental health grows,spend,mental,,,min,0.02,growth,,previous,
Care floor,2027,Care grows on 2025,value,care,,,min,0,growth,,2025,
Wellbeing floor,,Wellbeing,outcome,,Wellbeing,,min,10,amount,,,
Deprived floor,,Health of the deprived,outcome,,QALY,Deprived,min,0.001,per_head,,,
Waiting,,Waiting list,unmet,all,,,max,900,amount,,,
Overheads,,Running costs a head,spend,management,,,max,20,per_head,,,1
Operations,,Enough operations,activity,acute operations,,,min,900,amount,,,0.01
""",
    "places.csv": "place,year,heads\nNorth,,100000\nSouth,,80000\nSouth,2027,82000\n",
    "segments.csv": """\
segment,place,heads,weight
Deprived,North,30000,1.5
Deprived,South,20000,1.5
Others,North,70000,1
Others,South,60000,1
""",
    "reach.csv": """\
programme,segment,share
Talking therapies,Deprived,0.6
Talking therapies,Others,0.4
""",
    "options.csv": """\
option,label,group,choose,most,pool,programme,earliest,latest,start_month,lead_years,min_years,\
review_years,cost_once,cost_yearly,double_running,cost_exit,capital
Bid A,Network bid,nursing,exactly_one,,NHS,Community nursing,2026,2026,0,0,2,,50000,20000,,,
Bid B,Trust bid,nursing,exactly_one,,,Community nursing,2026,2026,10,0,1,,,-10000,5000,,
Ward,Hospital ward,,,,Council,,,,0,1,1,none,,30000,,,200000
Clinic,Close the clinic,,,,NHS,,2026,,0,0,1,none,,,,40000,
Digital,Digital front door,pace,at_most,2,NHS,,,,0,1,1,,60000,,,,
Hub,Integrated hub,pace,at_most,2,NHS,,,,0,0,1,1 2,20000,,,,
Extended,Extended hours,pace,at_most,2,,GP access,2025,2026,0,0,1,1,,15000,,,
""",
    "option_effects.csv": """\
option,measure,target,place,outcome,operation,value,delay,low,high
Bid A,outcome,Community nursing,,QALY,multiply,1.1,0,1.05,1.2
Bid B,outcome,Community nursing,,QALY,multiply,1.05,0,,
Ward,capacity,beds,,,add,2000,0,,
Clinic,close,Talking therapies,,,suspend,,0,,
Digital,unit_cost,GP access,,,multiply,0.95,0,,
Digital,capacity,nurses,South,,multiply,1.2,0,,
Hub,demand,Emergency admissions,,,add,-100,1,-50,-150
Extended,limit_max,GP access,,,multiply,1.1,0,,
Extended,income,NHS,,,add,1000,0,,
""",
    "option_links.csv": "option,link,other\nDigital,requires,Ward\nHub,excludes,Clinic\n",
    "incomes.csv": """\
income,part,year,pool,measure,selection,outcome,sense,threshold,full,basis,amount,share,lag
Premium,health,,NHS,outcome,,QALY,min,500,600,per_head,1,0.6,1
Premium,waiting,,NHS,unmet,,,max,100,,per_head,1,0.4,1
Improvement,,2026,NHS,activity,acute operations,,min,950,1000,held_back,0.005,1,0
""",
}
FILES["selections.csv"] += "acute operations,,,,,,Planned operations,,,1\n"


@dataclass(frozen=True)
class Edit:
    """One small change of a file: `old` stands in it once and becomes `new`."""

    file: str
    old: str
    new: str

    def apply(self, files: dict[str, str]) -> None:
        assert files[self.file].count(self.old) == 1, (self.file, self.old)
        files[self.file] = files[self.file].replace(self.old, self.new)


@dataclass(frozen=True)
class Whole:
    """A file replaced, added, or (with None) taken away."""

    file: str
    text: str | None

    def apply(self, files: dict[str, str]) -> None:
        if self.text is None:
            del files[self.file]
        else:
            files[self.file] = self.text


def with_row(file: str, row: str) -> Whole:
    """The file with one more row."""
    return Whole(file, FILES[file] + row + "\n")


def with_columns(file: str, start: str, **values: str) -> Whole:
    """The file with more columns, filled in the row that starts with these words."""
    header, *rows = FILES[file].strip("\n").split("\n")
    at = line_of(file, start) - 2
    rows = [
        f"{row},{','.join(values.values())}" if i == at else f"{row}{',' * len(values)}"
        for i, row in enumerate(rows)
    ]
    return Whole(file, "\n".join([f"{header},{','.join(values)}", *rows]) + "\n")


def round_files(*edits: Edit | Whole) -> dict[str, str]:
    files = dict(FILES)
    for edit in edits:
        edit.apply(files)
    return files


def write_round(folder: Path, *edits: Edit | Whole) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in round_files(*edits).items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def line_of(file: str, start: str) -> int:
    """Line of the base file that starts with these words."""
    lines = FILES[file].split("\n")
    found = [i for i, text in enumerate(lines, 1) if text.startswith(start)]
    assert len(found) == 1, (file, start)
    return found[0]
