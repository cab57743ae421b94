"""A round in which every family of constraints has rows."""

from __future__ import annotations

from small import round_of

from allocator.instance.instance import Instance

PROGRAMMES = """
    programme,sector,pool,provider,contract,class,unit_cost,baseline,fixed_share,release_years,recurrent,cost_threshold,cost_above,money,held
    bed,acute,NHS,Trust,Cost,discretionary,2,100,0.5,1,yes,,,revenue,no
    ward,acute,NHS,Trust,Block,discretionary,2,50,0.1,1,no,,,revenue,no
    scan,acute,NHS,Imaging,Aligned,discretionary,1,40,0,0,yes,,,revenue,no
    clinic,acute,NHS,Clinics,Step,discretionary,1,60,0,0,yes,,,revenue,no
    nurse,community,NHS,,,discretionary,1,80,0,0,yes,60,0.5,revenue,no
    gp,primary,NHS,,,discretionary,1,100,0,0,yes,,,revenue,no
    hip,acute,NHS,,,discretionary,3,40,0.3,2,yes,,,revenue,no
    falls,community,Council,,,discretionary,1,30,0,0,yes,,,revenue,no
    care,social care,Council,,,discretionary,1,60,0,0,yes,,,revenue,no
    build,estates,NHS,,,discretionary,1,20,0,0,no,,,capital,no
    office,management,NHS,,,discretionary,1,10,0,0,yes,,,revenue,
"""

TABLES = {
    "budgets": """
        pool,kind,amount,carry_max
        NHS,recurrent,900,20
        NHS,non_recurrent,60,0
        NHS,capital,60,0
        Council,recurrent,120,5""",
    "transfers": "from_pool,to_pool,max\nNHS,Council,15",
    "funding": """
        programme,pool,share_min,share_max
        care,NHS,0.2,0.5
        care,Council,0.4,1""",
    "outcomes": "outcome,weight\nQALY,1\nharm,-1",
    "responses": """
        programme,outcome,shape,per_unit,elasticity,maximum,half,steepness
        bed,QALY,linear,1,,,,
        ward,QALY,linear,1.5,,,,
        scan,QALY,power,1,0.5,,,
        clinic,QALY,saturating,,,90,60,
        nurse,QALY,logistic,,,120,70,0.08
        gp,QALY,power,1.2,0.6,,,
        gp,harm,saturating,,,5,50,
        care,QALY,points,,,,,
        hip,harm,linear,0.01,,,,
        build,QALY,linear,0.2,,,,""",
    "response_points": """
        programme,outcome,activity,effect
        care,QALY,0,0
        care,QALY,40,20
        care,QALY,60,60
        care,QALY,90,70""",
    "limits": """
        programme,basis,min,max,growth_amount,start_min
        bed,baseline,0.6,1.2,,
        ward,activity,20,80,,
        scan,activity,10,80,,
        clinic,activity,20,100,,
        nurse,activity,0,140,,
        gp,baseline,0.5,1.5,,
        falls,growth,-0.2,0.3,2,
        falls,activity,,60,,
        care,activity,0,90,,30
        build,activity,0,40,,""",
    "resources": "resource\nstaff",
    "capacity": """
        resource,amount,extra_max,extra_cost,extra_pool
        staff,260,20,1,NHS""",
    "use": "programme,resource,per_unit\nbed,staff,1\nward,staff,1\nhip,staff,1",
    "demand": """
        programme,demand,opening_backlog,carry,min_met,harm_outcome,harm
        hip,45,5,0.5,0.5,QALY,0.5""",
    "effects": "source,target,per_unit,delay,fade\nfalls,hip,0.1,0,0.5",
    "contracts": """
        contract,type,fixed,ceiling,up_rate,down_rate,bonus_outcome,bonus,bonus_threshold,bonus_step,lead,overhead,notice_years,exit_fee
        Cost,cost,,,,,,,,,Lead,0.1,,
        Block,block,100,140,,,,,,,,,1,5
        Aligned,aligned,,,1,0.5,,,,,,,,
        Step,outcome,40,,,,QALY,0.2,45,8,,,,""",
    "providers": """
        provider,other_income,other_cost,deficit_max
        Trust,20,0,200
        Lead,0,5,20
        Clinics,10,0,""",
    "options": """
        option,group,choose,pool,programme,earliest,latest,start_month,lead_years,review_years,cost_once,cost_yearly,double_running,cost_exit,capital
        virtual,network,exactly_one,NHS,,2026,2026,0,0,none,0,1,0,0,0
        partial,network,exactly_one,NHS,gp,2026,2026,0,0,none,2,3,0,0,0
        full,network,exactly_one,NHS,gp,2026,2026,10,0,none,5,6,2,0,0
        theatre,,any,NHS,,2025,2026,0,1,1 2,4,2,1,3,20
        shut,,any,Council,,2025,2027,0,0,,1,-2,0,2,0""",
    "option_effects": """
        option,measure,target,place,outcome,operation,value,delay
        partial,unit_cost,gp,,,multiply,0.95,0
        full,unit_cost,gp,,,multiply,0.9,0
        full,outcome,gp,,QALY,multiply,1.1,0
        full,outcome,gp,,harm,add,-0.5,0
        full,contract,Block,,,suspend,,0
        full,demand,hip,,,multiply,0.9,1
        theatre,capacity,staff,,,add,30,0
        theatre,limit_max,ward,,,add,20,0
        theatre,limit_min,ward,,,add,-5,0
        theatre,income,NHS,,,add,3,0
        shut,close,falls,,,suspend,,0
        shut,close,care,,,suspend,,0""",
    "option_links": "option,link,other\ntheatre,excludes,full\nshut,requires,theatre",
    "incomes": """
        income,part,pool,measure,selection,outcome,sense,threshold,full,basis,amount,share,lag
        premium,waits,NHS,unmet,,,max,20,5,amount,12,0.5,1
        premium,health,NHS,outcome,community,QALY,min,60,,amount,12,0.5,0
        held,,NHS,activity,community,,min,70,100,held_back,0.01,,0""",
    "selections": """
        selection,sector,contract
        acute,acute,
        community,community,
        primary,primary,
        led,,Cost
        blocked,,Block""",
    "rules": """
        rule,measure,selection,outcome,sense,value,basis,relative_to,penalty
        share,spend,acute,,max,0.8,share,,
        primary,spend,primary,,min,0.05,share,,
        harm,outcome,primary,harm,max,12,amount,,1
        paid,payment,led,,min,150,amount,,
        kept,position,blocked,,equal,0,amount,,0.01
        visits,activity,community,,equal,110,amount,,2""",
    "places": "place,heads\nHere,100",
}


def every_family() -> Instance:
    """Three years, two pools, four contracts, five options and three conditions."""
    settings = {"cost_uplift": 0.02, "recurrent_balance": True}
    return round_of(PROGRAMMES, years=(2025, 2026, 2027), settings=settings, **TABLES)
