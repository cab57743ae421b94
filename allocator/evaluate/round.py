"""The round as the check reads it, and the round under what a plan decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from allocator.arrays import Flags
from allocator.evaluate.adjustments import Adjustments, read_adjustments
from allocator.evaluate.capacity import Capacity, read_capacity
from allocator.evaluate.changes import ON_PROGRAMMES, Changes, felt, read_changes
from allocator.evaluate.contracts import Contracts, leave, read_contracts
from allocator.evaluate.funding import Funding, read_funding
from allocator.evaluate.incomes import Conditions, read_conditions
from allocator.evaluate.limits import Limits, read_limits
from allocator.evaluate.need import Demand, Effects, read_demand, read_effects
from allocator.evaluate.options import Course, Options, follow, read_options
from allocator.evaluate.outcomes import Responses, read_responses
from allocator.evaluate.people import People, read_people
from allocator.evaluate.pools import Pools, read_pools
from allocator.evaluate.programmes import Programmes, read_programmes
from allocator.evaluate.providers import Providers, read_providers
from allocator.evaluate.rules import Rules, read_rules
from allocator.evaluate.segments import Segments, read_segments
from allocator.evaluate.selections import Selections, read_selections
from allocator.evaluate.tables import Names, Tables
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance


class Round:
    """A round: each part read from the tables once, at first need, and remembered.

    What a plan decides is not in it, so that any number of plans may be judged by it.

    Parameters
    ----------
    instance : Instance
        As written (its central figures are then used) or with an evidence case chosen.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = with_evidence(instance)
        self.tables = Tables(self.instance)

    @cached_property
    def outcomes(self) -> Names:
        """Outcomes."""
        return Names(self.tables["outcomes"]["outcome"])

    @cached_property
    def pools(self) -> Pools:
        """Pools of money, and the transfers allowed."""
        return read_pools(self.tables)

    @cached_property
    def programmes(self) -> Programmes:
        """Programmes and their prices."""
        return read_programmes(self.tables, self.pools.names)

    @cached_property
    def people(self) -> People:
        """People by place."""
        return read_people(self.tables)

    @cached_property
    def selections(self) -> Selections:
        """Programmes of every selection."""
        return read_selections(self.tables, self.programmes, self.people)

    @cached_property
    def segments(self) -> Segments:
        """Whom outcomes reach."""
        return read_segments(self.tables, self.programmes)

    @cached_property
    def options(self) -> Options:
        """Options with their terms."""
        return read_options(self.tables, self.programmes, self.pools.names)

    @cached_property
    def changes(self) -> Changes:
        """What options may change."""
        targets = dict.fromkeys(ON_PROGRAMMES, self.programmes.names) | {
            "capacity": self.capacity.names,
            "contract": self.contracts.names,
            "income": self.pools.names,
        }
        return read_changes(self.tables, self.options, self.outcomes, targets)

    @cached_property
    def capacity(self) -> Capacity:
        """Resources by place."""
        return read_capacity(self.tables, self.programmes, self.pools.names, self.options.names)

    @cached_property
    def limits(self) -> Limits:
        """Limits on activity."""
        return read_limits(self.tables, self.programmes)

    @cached_property
    def demand(self) -> Demand:
        """Need that arrives."""
        return read_demand(self.tables, self.programmes, self.outcomes)

    @cached_property
    def effects(self) -> Effects:
        """Need avoided by programmes."""
        return read_effects(self.tables, self.programmes)

    @cached_property
    def responses(self) -> Responses:
        """What activity buys and unmet need harms."""
        return read_responses(
            self.tables,
            self.programmes,
            self.outcomes,
            self.demand,
            self.segments,
            self.changes["outcome"],
        )

    @cached_property
    def contracts(self) -> Contracts:
        """Contracts in force, none of them left."""
        return read_contracts(self.tables, self.programmes, self.people, self.outcomes)

    @cached_property
    def providers(self) -> Providers:
        """Providers with their terms."""
        return read_providers(self.tables, self.programmes, self.adjustments)

    @cached_property
    def funding(self) -> Funding:
        """Programmes that several pools pay for, whatever contracts pay for."""
        return read_funding(self.tables, self.programmes, self.pools.names)

    @cached_property
    def adjustments(self) -> Adjustments:
        """Money that is not a programme."""
        return read_adjustments(self.tables, self.programmes, self.selections, self.pools.names)

    @cached_property
    def conditions(self) -> Conditions:
        """Conditional money."""
        return read_conditions(self.tables, self.programmes, self.selections, self.pools)

    @cached_property
    def rules(self) -> Rules:
        """Rules in force."""
        return read_rules(self.tables, self.selections, self.outcomes, self.segments.names)


@dataclass(frozen=True)
class Decided:
    """A round under what a plan decides.

    Attributes
    ----------
    round : Round
        The round.
    pools : Pools
        Its pools, with the pairs of the plan's transfers.
    course : Course
        Options as the plan takes them.
    changes : Changes
        What they change.
    contracts : Contracts
        Contracts without the years in which the plan has none.
    funding : Funding
        Parts of the programmes that these do not pay for.
    """

    round: Round
    pools: Pools
    course: Course
    changes: Changes
    contracts: Contracts
    funding: Funding


def decide(known: Round, pools: Pools, taken: Flags, ended: Flags) -> Decided:
    """The round under the decisions of a plan.

    Parameters
    ----------
    known : Round
        The round.
    pools : Pools
        Its pools, with the pairs of the plan's transfers.
    taken : numpy.ndarray
        Shape (option, year): whether the plan takes it.
    ended : numpy.ndarray
        Shape (contract, year): whether the plan has ended it.
    """
    course = follow(known.options, taken)
    changes = felt(known.changes, course)
    suspended = changes["contract"].where(len(ended))
    contracts = leave(known.contracts, ended, suspended)
    funding = known.funding.beside(contracts.contracted)
    return Decided(known, pools, course, changes, contracts, funding)
