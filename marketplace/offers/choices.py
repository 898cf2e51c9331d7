"""Keeps what each search for a driver saw and decided, so that whoever asks later is told and not guessed for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.offers.candidates import Exclusion
from marketplace.offers.choosing import Alternative, Ranked, Terms, costs_first
from marketplace.offers.states import Outcome

CANDIDATES_KEPT = 30
"""So many of the best candidates are kept with each choice."""

KEEP = """
INSERT INTO choice (id, market_id, route_id, wave_id, outcome, model_version, slack_s, raise_minor, raises, candidates,
                    ruled_out, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb, $12)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Everything that a choice was made from."""

    terms: Terms
    slack_s: int | None
    raise_minor: int
    ranked: Sequence[Ranked]
    alternatives: Sequence[Alternative]
    exclusions: Sequence[Exclusion]


async def keep_choice(
    work: Work,
    weighed: Weighed,
    *,
    market_id: UUID,
    route_id: UUID,
    outcome: Outcome,
    wave_id: UUID | None = None,
    asked: Sequence[UUID] = (),
) -> None:
    """Writes down one search: the best candidates with what each would cost, and what excluded the others."""
    chosen = set(asked)
    kept = weighed.ranked[:CANDIDATES_KEPT]
    costs = costs_first(weighed.terms, kept)
    await work.execute(
        KEEP,
        work.new_id(),
        market_id,
        route_id,
        wave_id,
        outcome.value,
        weighed.terms.model.version,
        weighed.slack_s,
        weighed.raise_minor,
        _json([one.as_json() for one in weighed.alternatives]),
        _json(
            [
                _line(one, place, weighed.raise_minor, cost, is_asked=one.driver.driver_id in chosen)
                for place, (one, cost) in enumerate(zip(kept, costs, strict=True), start=1)
            ]
        ),
        _json([one.as_json() for one in weighed.exclusions]),
        work.now,
    )


def _line(one: Ranked, place: int, raise_minor: int, cost: float, *, is_asked: bool) -> dict[str, object]:
    return {
        "driver_id": str(one.driver.driver_id),
        "kind": one.driver.kind.value,
        "rank": place,
        "is_asked": is_asked,
        "pay_minor": one.driver.pay_minor + raise_minor,
        "accept_prob": round(one.accept_prob, 4),
        "cost_minor": round(cost),
        "approach_m": one.driver.approach_m,
        "approach_s": one.driver.approach_s,
        "slack_s": one.driver.slack_s,
        "open_offers": one.driver.open_offers,
    }


def _json(values: Sequence[dict[str, object]]) -> str:
    return orjson.dumps(values).decode()
