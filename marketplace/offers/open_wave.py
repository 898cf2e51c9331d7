"""Opens a wave: the offers that go out together, each with what it pays and how likely it was thought to be taken."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.markets import Dials
from marketplace.offers.candidates import RouteNeeds
from marketplace.offers.choosing import Ranked
from marketplace.offers.events import OfferSent
from marketplace.offers.pay import pay_of_offer

INSERT_WAVE = """
INSERT INTO wave (id, market_id, route_id, number, contract_kind, state, raise_minor, raise_step_minor, raise_cap_minor,
                  raise_budget_left_minor, opened_at)
VALUES ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, $10)
"""
INSERT_OFFERS = """
INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor, raise_minor, currency,
                   lines, approach_m, approach_s, rank, sent_at, expires_at, facts, accept_prob, model_version, skills)
SELECT id, $1, $2, $3, $4, driver_id, 'SENT', pay_minor, $5, $6, lines::jsonb, approach_m, approach_s, rank, $7, $8,
       facts::jsonb, accept_prob, $9, $19
FROM unnest($10::uuid[], $11::uuid[], $12::bigint[], $13::text[], $14::int[], $15::int[], $16::smallint[],
            $17::text[], $18::float8[])
  AS o(id, driver_id, pay_minor, lines, approach_m, approach_s, rank, facts, accept_prob)
"""
OFFERING = "UPDATE route SET state = 'OFFERING', raise_minor = $2, policy_version = $3 WHERE id = $1"
MARK_OFFERED = """
UPDATE presence SET state = 'OFFERED', changed_at = $2 WHERE driver_id = ANY($1) AND state = 'AVAILABLE'
"""


async def open_wave(
    work: Work,
    *,
    needs: RouteNeeds,
    settings: Dials,
    chosen: Sequence[Ranked],
    raise_minor: int,
    budget_left_minor: int,
    model_version: int,
) -> UUID:
    """Sends the offers of a wave and returns its id; the caller holds the route's lock and the drivers' rows."""
    # Drivers of several kinds may be asked together; the wave goes by the kind of the first.
    wave_id, number, drivers = work.new_id(), needs.waves + 1, [one.driver for one in chosen]
    await work.execute(
        INSERT_WAVE,
        wave_id,
        needs.market_id,
        needs.route_id,
        number,
        drivers[0].kind.value,
        raise_minor,
        settings.raise_step_minor,
        settings.raise_cap_minor,
        budget_left_minor,
        work.now,
    )
    paid = [
        pay_of_offer(
            needs,
            approach_m=one.approach_m,
            approach_s=one.approach_s,
            raise_minor=raise_minor,
            agreed_minor=one.agreed_minor,
        )
        for one in drivers
    ]
    offer_ids = [work.new_id() for _ in chosen]
    expires_at = work.now + settings.offer_ttl
    await work.execute(
        INSERT_OFFERS,
        needs.market_id,
        needs.route_id,
        needs.version,
        wave_id,
        raise_minor,
        needs.currency,
        work.now,
        expires_at,
        model_version,
        offer_ids,
        [one.driver_id for one in drivers],
        [pay.total_minor for pay in paid],
        [orjson.dumps(pay.as_json()).decode() for pay in paid],
        [one.approach_m for one in drivers],
        [one.approach_s for one in drivers],
        list(range(1, len(chosen) + 1)),
        [orjson.dumps(one.facts.as_json()).decode() for one in chosen],
        [one.accept_prob for one in chosen],
        needs.skills,
    )
    await work.execute(OFFERING, needs.route_id, raise_minor, needs.policy.version)
    await work.execute(MARK_OFFERED, [one.driver_id for one in drivers], work.now)
    for offer_id, one, pay in zip(offer_ids, drivers, paid, strict=True):
        work.emit(
            OfferSent(
                market_id=needs.market_id,
                offer_id=offer_id,
                route_id=needs.route_id,
                driver_id=one.driver_id,
                wave_number=number,
                pay_minor=pay.total_minor,
                currency=needs.currency,
                expires_at=expires_at,
            )
        )
    return wave_id
