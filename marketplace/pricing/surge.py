"""How busy a place is, as one number from 0 to 100: what raises the drivers' bonus and the shippers' surcharge alike.

Pure and whole-numbered. What is wanted is held against what is there, both smoothed; the ratio is mapped to a target,
and the level follows the target in steps: up when two ticks in a row ask for it, down when three do, never by more than
the market allows at once, and not at all for a change smaller than a step. So a ratio that trembles moves nothing.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum

from marketplace.core.money import BadMoney, check_whole
from marketplace.pricing.lines import PriceLine, price_line, without_nothing

STEP_PERCENT = 10
"""Levels are whole steps; a target less than a step away moves nothing."""
UP_TICKS = 2
DOWN_TICKS = 3
FULL_PERCENT = 100
MOST_RATIO_PERCENT = 2_000
"""Twenty stops for each that can be carried: no ratio is told beyond it, also where nobody is there at all."""
MILLI = 1_000
BASIS_POINTS = 10_000


class BadSurge(BadMoney):
    """A rule of surge that nobody could follow."""

    code = "BAD_SURGE"


class SurgeLimit(StrEnum):
    """Which limit kept a level from being what the ratio asked for."""

    POPULATION = "POPULATION"
    PATIENCE = "PATIENCE"
    STEP = "STEP"
    CAP = "CAP"
    BUDGET = "BUDGET"
    OVERRIDE = "OVERRIDE"
    FROZEN = "FROZEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeRule:
    """What a market has set: where surge begins, how much further it is full, how fast it moves, and what it is then.

    `bonus_cap_minor` is for each drop-off of a route, `surcharge_cap_percent` is of a delivery's plain price.
    """

    starts_at_percent: int
    full_after_percent: int
    max_step_percent: int
    every_s: int
    half_life_s: int
    minimum_population: int
    stops_per_driver: int
    bonus_cap_minor: int
    surcharge_cap_percent: int

    def __post_init__(self) -> None:
        check_whole(asdict(self), refusal=BadSurge, thing="a rule of surge")
        if self.full_after_percent == 0:
            raise BadSurge("surge is full at a higher ratio than where it begins", field="surgeFullAfterPercent")

    @property
    def is_on(self) -> bool:
        """Whether surge can come to anything at all in this market."""
        return self.bonus_cap_minor > 0 or self.surcharge_cap_percent > 0

    def target_percent(self, ratio_percent: int) -> int:
        """The level that a ratio asks for: nothing, then a straight line, then all there is."""
        risen = (ratio_percent - self.starts_at_percent) * FULL_PERCENT
        return min(FULL_PERCENT, max(0, risen // self.full_after_percent))

    def bonus_minor(self, percent: int) -> int:
        """What a drop-off pays a driver more at this level."""
        return self.bonus_cap_minor * percent // FULL_PERCENT

    def surcharge_basis_points(self, percent: int) -> int:
        """What a delivery costs a shipper more at this level, in hundredths of a percent of its plain price."""
        return self.surcharge_cap_percent * percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is wanted and what is there around a cell at one moment, thousandths of a stop.

    `population` is how many stops and drivers that rests on; `is_wide` tells that it is of the parent's surroundings.
    """

    demand_milli: int
    supply_milli: int
    population: int
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeState:
    """What a cell carries from one tick to the next."""

    demand_milli: int
    supply_milli: int
    level_percent: int = 0
    rising: int = 0
    falling: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeStep:
    """What a tick made of a cell: the ratio as seen and as smoothed, what it asked for, and what came of it."""

    state: SurgeState
    raw_ratio_percent: int
    ratio_percent: int
    target_percent: int
    bound_by: SurgeLimit | None


def next_step(rule: SurgeRule, before: SurgeState | None, around: Around) -> SurgeStep:
    """The cell a tick later; one that was not seen before begins with what is seen, at level 0."""
    demand, supply = around.demand_milli, around.supply_milli
    if before is None:
        before = SurgeState(demand_milli=demand, supply_milli=supply)
    demand, supply = _smooth(rule, before.demand_milli, demand), _smooth(rule, before.supply_milli, supply)
    ratio = ratio_percent(demand, supply)
    is_populated = around.population >= rule.minimum_population
    target = rule.target_percent(ratio) if is_populated else 0
    state, bound_by = _follow(rule, before, target, demand, supply)
    if not is_populated:
        bound_by = SurgeLimit.POPULATION
    elif bound_by is None and ratio > rule.starts_at_percent + rule.full_after_percent:
        bound_by = SurgeLimit.CAP
    return SurgeStep(
        state=state,
        raw_ratio_percent=ratio_percent(around.demand_milli, around.supply_milli),
        ratio_percent=ratio,
        target_percent=target,
        bound_by=bound_by,
    )


def ratio_percent(demand_milli: int, supply_milli: int) -> int:
    """Stops that wait for each hundred that the idle drivers around can carry."""
    if demand_milli <= 0:
        return 0
    return min(MOST_RATIO_PERCENT, demand_milli * 100 // max(supply_milli, 1))


def surcharge_line(plain_minor: int, basis_points: int, rule: str) -> list[PriceLine]:
    """The line that a busy hour adds to a delivery's price; none where it comes to nothing."""
    line = price_line(
        code="surge", quantity=plain_minor, unit="minor", rate_minor=basis_points, per=BASIS_POINTS, rule=rule
    )
    return without_nothing([line])


def _smooth(rule: SurgeRule, before: int, now: int) -> int:
    """An exponentially weighted mean: a change has half its effect after `half_life_s`."""
    if rule.half_life_s == 0:
        return now
    kept_milli = round(MILLI * 2 ** (-rule.every_s / rule.half_life_s))
    return (before * kept_milli + now * (MILLI - kept_milli) + MILLI // 2) // MILLI


def _follow(
    rule: SurgeRule, before: SurgeState, target: int, demand: int, supply: int
) -> tuple[SurgeState, SurgeLimit | None]:
    level = before.level_percent
    rising = before.rising + 1 if target >= level + STEP_PERCENT else 0
    falling = before.falling + 1 if target <= level - STEP_PERCENT else 0
    bound_by: SurgeLimit | None = None
    if rising >= UP_TICKS:
        wanted = target - target % STEP_PERCENT
        level = min(wanted, level + rule.max_step_percent)
        bound_by = SurgeLimit.STEP if level < wanted else None
    elif falling >= DOWN_TICKS:
        wanted = -(-target // STEP_PERCENT) * STEP_PERCENT
        level = max(wanted, level - rule.max_step_percent)
        bound_by = SurgeLimit.STEP if level > wanted else None
    elif rising or falling:
        bound_by = SurgeLimit.PATIENCE
    state = SurgeState(
        demand_milli=demand,
        supply_milli=supply,
        level_percent=level,
        rising=min(rising, UP_TICKS),
        falling=min(falling, DOWN_TICKS),
    )
    return state, bound_by
