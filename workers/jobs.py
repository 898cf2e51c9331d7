"""Every kind of job, one line each: the verb or errand that it runs, and the subject that it is about."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from uuid import UUID

from marketplace.alerts import notify
from marketplace.analytics import count_kpis, roll_up_all
from marketplace.app import Marketplace
from marketplace.arrivals import learn_all_arrivals, retime_route
from marketplace.batches import PlaceAddress, Replenish, TransferUnderWay, settle_attempt
from marketplace.billing import (
    accrue_delivery,
    charge_reservation,
    check_credit,
    close_period,
    invoice_of,
    refresh_profile,
    retry_charge,
    settle_charge,
    settle_invoice,
    settle_profile,
    settle_refund,
)
from marketplace.blocks import MakeForecast
from marketplace.collecting import SendBack, settle_collection
from marketplace.core.errand import run_errand
from marketplace.core.ids import DeliveryId, MarketId, PayoutId, RouteId
from marketplace.goals import judge_goals
from marketplace.hubs import NoTransferWindow, OutOfStock, ReachHub
from marketplace.matching import MatchMarket, MatchZone, wake_near_driver
from marketplace.offers import (
    LearnAcceptance,
    SendWave,
    WithdrawReason,
    clear_paused_routes,
    mend_after_cancel,
    mend_after_change,
    plan_after_pause,
    take_back_unqualified,
    withdraw_offers_of_driver,
)
from marketplace.payments import read_all_movements, reconcile, reconciliation_is_due, send_operation
from marketplace.payouts import (
    is_payout_run_due,
    issue_statement,
    schedule_payouts,
    settle_account,
    settle_payout,
    tell_driver,
    true_up_market,
)
from marketplace.reassignments import end_with_route
from marketplace.recurring_batches import PostOccurrence
from marketplace.routes import draw_route, learn_drop_point, plan_return, sweep_proofs
from marketplace.standing import compute_standing, propose_suspensions
from marketplace.tips import look_up_tip, settle_tip
from marketplace.tracking import LearnTraffic
from workers.forecasting import fit_holt_winters
from workers.links import links_of
from workers.runner import RunJob, Turn

BATCHES_OF_POSITIONS = 20
DAYS_AT_ONCE = 40
"""What is left after so many waits for the next time."""

Job = Callable[[Marketplace, UUID], Awaitable[None]]


async def match_market(marketplace: Marketplace, market_id: UUID) -> None:
    """Bundles what waits in a market into routes, or has it done zone by zone."""
    look = MatchMarket(router=marketplace.router, solver=marketplace.solver, market_id=market_id)
    await run_errand(marketplace.works, look)


async def match_zone(marketplace: Marketplace, zone_id: UUID) -> None:
    """Bundles what waits in a zone into routes."""
    look = MatchZone(router=marketplace.router, solver=marketplace.solver, zone_id=zone_id)
    await run_errand(marketplace.works, look)


async def match_border(marketplace: Marketplace, zone_id: UUID) -> None:
    """Tries again across the borders of a zone what nobody in it could take."""
    look = MatchZone(router=marketplace.router, solver=marketplace.solver, zone_id=zone_id, is_border=True)
    await run_errand(marketplace.works, look)


async def match_near_driver(marketplace: Marketplace, driver_id: UUID) -> None:
    """Has the zones looked at in which a driver who is free now could be of use."""
    async with marketplace.works.open() as work:
        await wake_near_driver(work, driver_id=driver_id)


async def send_wave(marketplace: Marketplace, route_id: UUID) -> None:
    """Asks the next drivers for a route."""
    await run_errand(marketplace.works, SendWave(router=marketplace.router, route_id=route_id))


async def learn_acceptance(marketplace: Marketplace, market_id: UUID) -> None:
    """Learns from a market's answers which offers are taken."""
    await run_errand(marketplace.works, LearnAcceptance(market_id=market_id))


async def learn_traffic(marketplace: Marketplace, market_id: UUID) -> None:
    """Learns from what a market's drivers drove how full its streets are, some positions at a time."""
    learning = LearnTraffic(matcher=marketplace.matcher, market_id=market_id)
    for _ in range(BATCHES_OF_POSITIONS):
        if not await run_errand(marketplace.works, learning):
            return


async def mend_route(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Mends the route that a cancelled delivery was on."""
    async with marketplace.works.open() as work:
        await mend_after_cancel(work, delivery_id=delivery_id)


async def mend_left_route(marketplace: Marketplace, route_id: UUID) -> None:
    """Mends the route that a delivery has left for another window, or has one on offer planned anew for it to join."""
    async with marketplace.works.open() as work:
        await mend_after_change(work, route_id=route_id)


async def reach_hub(marketplace: Marketplace, hub_id: UUID) -> None:
    """Computes what lies within a hub's reach."""
    await run_errand(marketplace.works, ReachHub(router=marketplace.router, hub_id=hub_id))


async def replenish_hub(marketplace: Marketplace, replenishment_id: UUID) -> None:
    """Has a hub filled up from another one where it is short of something."""
    errand = Replenish(router=marketplace.router, gate=check_credit, replenishment_id=replenishment_id)
    # Somebody was faster, or no dock is free: the next look sees what is lacking then.
    with suppress(TransferUnderWay, OutOfStock, NoTransferWindow):
        await run_errand(marketplace.works, errand)


async def post_recurring(marketplace: Marketplace, recurring_batch_id: UUID) -> None:
    """Posts what is due of a recurring batch, day by day."""
    errand = PostOccurrence(
        router=marketplace.router,
        gate=check_credit,
        tokens=links_of(marketplace).tokens,
        recurring_batch_id=recurring_batch_id,
        has_geocoder=marketplace.geocoder is not None,
    )
    for _ in range(DAYS_AT_ONCE):
        if not await run_errand(marketplace.works, errand):
            return


async def withdraw_offers(marketplace: Marketplace, driver_id: UUID) -> None:
    """Takes back what a driver who went offline was asked."""
    async with marketplace.works.open() as work:
        await withdraw_offers_of_driver(work, driver_id=driver_id, reason=WithdrawReason.OFFLINE)


async def take_back_offers(marketplace: Marketplace, driver_id: UUID) -> None:
    """Takes back what a driver was asked and may not drive any more."""
    async with marketplace.works.open() as work:
        await take_back_unqualified(work, driver_id=driver_id)


async def plan_way_back(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Adds the return of a delivery that was attempted to its route."""
    await plan_return(marketplace.works, router=marketplace.router, delivery_id=delivery_id)


async def settle_brought_back(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Decides what becomes of a parcel that was brought back after an attempt."""
    async with marketplace.works.open() as work:
        await settle_attempt(work, delivery_id=delivery_id)


async def settle_at_point(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Has the collection of a parcel at a hand-over point follow its delivery."""
    async with marketplace.works.open() as work:
        await settle_collection(work, delivery_id=delivery_id)


async def send_back(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Sends a parcel back that nobody has collected."""
    await run_errand(marketplace.works, SendBack(router=marketplace.router, delivery_id=delivery_id))


async def place_address(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Finds where a delivery goes that was posted with an address alone."""
    errand = PlaceAddress(
        router=marketplace.router, gate=check_credit, delivery_id=delivery_id, geocoder=marketplace.geocoder
    )
    await run_errand(marketplace.works, errand)


async def learn_door(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Learns from a hand-over where the door of an address is."""
    async with marketplace.works.open() as work:
        await learn_drop_point(work, delivery_id=delivery_id)


async def end_reassignment(marketplace: Marketplace, route_id: UUID) -> None:
    """Ends the reassignment of a route that its first driver has finished alone."""
    async with marketplace.works.open() as work:
        await end_with_route(work, route_id=route_id)


async def clear_paused(marketplace: Marketplace, market_id: UUID) -> None:
    """Takes back what is on offer in a paused part of the city."""
    async with marketplace.works.open() as work:
        await clear_paused_routes(work, market_id=market_id)


async def plan_what_was_paused(marketplace: Marketplace, market_id: UUID) -> None:
    """Has planned what waited for the end of a pause."""
    async with marketplace.works.open() as work:
        await plan_after_pause(work, market_id=market_id)


async def draw(marketplace: Marketplace, route_id: UUID) -> None:
    """Draws the lines of a route along streets."""
    await draw_route(marketplace.works, router=marketplace.router, route_id=route_id)


async def retime(marketplace: Marketplace, route_id: UUID) -> None:
    """Looks again when the driver of a route arrives where."""
    await retime_route(marketplace.works, router=marketplace.router, route_id=route_id)


async def learn_how_arrivals_turn_out(marketplace: Marketplace, market_id: UUID) -> None:
    """Learns from the arrivals of a market how far off its predictions are."""
    await learn_all_arrivals(marketplace.works, market_id=MarketId(market_id))


async def issue_pay_statement(marketplace: Marketplace, route_id: UUID) -> None:
    """Turns a completed route into pay."""
    async with marketplace.works.open() as work:
        await issue_statement(work, route_id=RouteId(route_id))


async def true_up(marketplace: Marketplace, market_id: UUID) -> None:
    """Makes up what the pay periods of a market lacked to the law."""
    await true_up_market(marketplace.works, market_id=MarketId(market_id))


async def run_payouts(marketplace: Marketplace, market_id: UUID) -> None:
    """Reserves the payouts of a market whose run is due, some at a time until the run is through."""
    is_due = True
    while is_due:
        async with marketplace.works.open() as work:
            await schedule_payouts(work, market_id=MarketId(market_id))
            is_due = await is_payout_run_due(work, market_id=MarketId(market_id))


async def settle_one_payout(marketplace: Marketplace, payout_id: UUID) -> None:
    """Takes the steps of a payout that are due."""
    async with marketplace.works.open() as work:
        await settle_payout(work, payout_id=PayoutId(payout_id))


async def settle_one_account(marketplace: Marketplace, payee_id: UUID) -> None:
    """Writes down how a driver's or a company's own account stands."""
    async with marketplace.works.open() as work:
        await settle_account(work, payee_id=payee_id)


async def tell_one_driver(marketplace: Marketplace, event_id: UUID) -> None:
    """Tells a driver what has happened to their pay."""
    await tell_driver(marketplace.works, notifier=marketplace.notifier, event_id=event_id)


async def send_to_provider(marketplace: Marketplace, operation_id: UUID) -> None:
    """Has an operation carried out by the payment provider."""
    await send_operation(marketplace.works, provider=marketplace.provider, operation_id=operation_id)


async def hold_against_provider(marketplace: Marketplace, market_id: UUID) -> None:
    """Reads what moved at the payment provider, and once a day compares a market's ledger with it."""
    market = MarketId(market_id)
    await read_all_movements(marketplace.works, provider=marketplace.provider, market_id=market)
    async with marketplace.works.open() as work:
        if await reconciliation_is_due(work, market_id=market):
            await reconcile(work, market_id=market)


async def accrue(marketplace: Marketplace, delivery_id: UUID) -> None:
    """Books what the shipper owes for a delivery."""
    async with marketplace.works.open() as work:
        await accrue_delivery(work, delivery_id=DeliveryId(delivery_id))


async def settle_shipper_profile(marketplace: Marketplace, profile_id: UUID) -> None:
    """Takes over a shipper's customer and card from the provider."""
    async with marketplace.works.open() as work:
        await settle_profile(work, profile_id=profile_id)


async def settle_shipper_charge(marketplace: Marketplace, charge_id: UUID) -> None:
    """Books what became of a charge and of its disputes."""
    async with marketplace.works.open() as work:
        await settle_charge(work, charge_id=charge_id)


async def settle_shipper_refund(marketplace: Marketplace, refund_id: UUID) -> None:
    """Books what became of a refund."""
    async with marketplace.works.open() as work:
        await settle_refund(work, refund_id=refund_id)


async def settle_shipper_invoice(marketplace: Marketplace, subject_id: UUID) -> None:
    """Takes the next step with an invoice; the subject is the invoice or one of its lines."""
    async with marketplace.works.open() as work:
        invoice_id = await invoice_of(work, subject_id=subject_id)
    await settle_invoice(marketplace.works, provider=marketplace.provider, invoice_id=invoice_id)


async def settle_recipients_tip(marketplace: Marketplace, tip_id: UUID) -> None:
    """Moves a recipient's tip to what the provider says."""
    async with marketplace.works.open() as work:
        await settle_tip(work, tip_id=tip_id)


async def look_up_recipients_tip(marketplace: Marketplace, tip_id: UUID) -> None:
    """Asks the provider what has become of a recipient's tip."""
    await look_up_tip(marketplace.works, provider=marketplace.provider, tip_id=tip_id)


async def close_billing_period(marketplace: Marketplace, profile_id: UUID) -> None:
    """Collects what a shipper's day or month has left open."""
    async with marketplace.works.open() as work:
        await close_period(work, profile_id=profile_id)


async def charge_reserved_days(marketplace: Marketplace, reservation_id: UUID) -> None:
    """Charges a shipper for the reserved places that it left unused on the days that are over."""
    async with marketplace.works.open() as work:
        await charge_reservation(work, reservation_id=reservation_id)


async def retry_shipper_charge(marketplace: Marketplace, charge_id: UUID) -> None:
    """Tries a refused charge again."""
    async with marketplace.works.open() as work:
        await retry_charge(work, charge_id=charge_id)


async def refresh_shipper_standing(marketplace: Marketplace, profile_id: UUID) -> None:
    """Looks again whether a shipper is past due."""
    async with marketplace.works.open() as work:
        await refresh_profile(work, profile_id=profile_id)


async def forecast_demand(marketplace: Marketplace, market_id: UUID) -> None:
    """Foresees a market's demand for the days to come."""
    await run_errand(marketplace.works, MakeForecast(market_id=market_id, fit=fit_holt_winters))


async def tell(marketplace: Marketplace, event_id: UUID) -> None:
    """Tells those whom it concerns of an event of a delivery."""
    await notify(marketplace.works, notifier=marketplace.notifier, links=links_of(marketplace), event_id=event_id)


async def forget_pictures(marketplace: Marketplace, _market_id: UUID) -> None:
    """Removes pictures that were given up with their recipients from the object store."""
    while await sweep_proofs(marketplace.works, store=marketplace.object_store):
        continue


async def count(marketplace: Marketplace, market_id: UUID) -> None:
    """Counts a market's new events into its figures."""
    await roll_up_all(marketplace.works, market_id=MarketId(market_id))


async def count_days(marketplace: Marketplace, market_id: UUID) -> None:
    """Reads the days of a market that changed into its figures."""
    await count_kpis(marketplace.works, market_id=MarketId(market_id))


async def judge_standing(marketplace: Marketplace, market_id: UUID) -> None:
    """Computes the standing of a market's drivers, and proposes what the published rules propose; people decide."""
    async with marketplace.works.open() as work:
        await compute_standing(work, market_id=market_id)
        await propose_suspensions(work, market_id=market_id)


async def judge_experience(marketplace: Marketplace, market_id: UUID) -> None:
    """Looks whether what recipients experience in a market is what their shippers were promised."""
    async with marketplace.works.open() as work:
        await judge_goals(work, market_id=MarketId(market_id))


JOBS: Mapping[str, Job] = {
    "match_market": match_market,
    "match_zone": match_zone,
    "match_border": match_border,
    "match_near_driver": match_near_driver,
    "clear_paused": clear_paused,
    "plan_after_pause": plan_what_was_paused,
    "send_wave": send_wave,
    "learn_acceptance": learn_acceptance,
    "learn_traffic": learn_traffic,
    "mend_route": mend_route,
    "mend_left_route": mend_left_route,
    "reach_hub": reach_hub,
    "replenish_hub": replenish_hub,
    "post_recurring": post_recurring,
    "withdraw_offers": withdraw_offers,
    "take_back_offers": take_back_offers,
    "plan_return": plan_way_back,
    "settle_attempt": settle_brought_back,
    "settle_collection": settle_at_point,
    "send_back": send_back,
    "place_address": place_address,
    "learn_drop_point": learn_door,
    "draw_route": draw,
    "end_reassignment": end_reassignment,
    "retime_route": retime,
    "learn_arrivals": learn_how_arrivals_turn_out,
    "issue_statement": issue_pay_statement,
    "judge_standing": judge_standing,
    "true_up_pay": true_up,
    "run_payouts": run_payouts,
    "settle_payout": settle_one_payout,
    "settle_account": settle_one_account,
    "tell_driver": tell_one_driver,
    "send_operation": send_to_provider,
    "reconcile": hold_against_provider,
    "accrue_delivery": accrue,
    "settle_profile": settle_shipper_profile,
    "settle_charge": settle_shipper_charge,
    "settle_refund": settle_shipper_refund,
    "settle_invoice": settle_shipper_invoice,
    "settle_tip": settle_recipients_tip,
    "look_up_tip": look_up_recipients_tip,
    "close_period": close_billing_period,
    "retry_charge": retry_shipper_charge,
    "charge_reservation": charge_reserved_days,
    "refresh_standing": refresh_shipper_standing,
    "forecast_demand": forecast_demand,
    "notify": tell,
    "forget_pictures": forget_pictures,
    "roll_up": count,
    "count_kpis": count_days,
    "judge_goals": judge_experience,
}

MATCHING_S = 40.0
BOUNDS: Mapping[str, float] = {
    "match_market": MATCHING_S,
    "match_zone": MATCHING_S,
    "match_border": MATCHING_S,
    "send_operation": 110.0,
    "reconcile": 120.0,
    "true_up_pay": 300.0,
    "count_kpis": 300.0,
    "forecast_demand": 120.0,
    "judge_standing": 120.0,
    "learn_traffic": 120.0,
    "settle_invoice": 60.0,
    "post_recurring": 120.0,
}
"""Seconds that a kind may take where the usual bound is not right: solver, slow gateway, a whole market's pay."""


def jobs_of(marketplace: Marketplace) -> dict[str, RunJob]:
    """The jobs, bound to this process's marketplace."""
    return {kind: partial(job, marketplace) for kind, job in JOBS.items()}


def turns_of(marketplace: Marketplace) -> dict[str, Turn]:
    """Which jobs wait for one of this process's solvers, so that each plans from what it has just read."""
    return dict.fromkeys(("match_market", "match_zone", "match_border"), marketplace.solver.turn)
