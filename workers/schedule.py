"""What happens every so often whether or not anything else does: sweeps, payout runs, and the forgetting of old rows.

There is no timetable and so no gap in one: each thing runs, and runs again some time after. Any number of processes may
keep the same schedule, since each thing is done by rows that one of them takes.
"""

from collections.abc import Awaitable, Callable, Sequence

from marketplace.accounts import forget_old_codes, forget_old_sessions
from marketplace.addresses import forget_old_answers
from marketplace.alerts import forget_browsers, send_due
from marketplace.app import Marketplace
from marketplace.arrivals import drop_old_predictions, retime_due
from marketplace.billing import sweep_billing
from marketplace.blocks import look_after_blocks
from marketplace.core.idempotency import forget_old
from marketplace.core.ids import MarketId
from marketplace.core.jobs import WantedJob, make_jobs
from marketplace.core.work import Work, Works
from marketplace.hubs import shortages
from marketplace.markets import market_ids
from marketplace.offers import drop_old_choices, take_back_unqualified
from marketplace.onboarding import remind_of_documents, sweep_papers
from marketplace.payments import apply_events, open_operations
from marketplace.payouts import forget_old_quotes, is_payout_run_due, is_true_up_due, sweep_accounts, sweep_payouts
from marketplace.recurring_batches import due_recurring
from marketplace.routes import sweep_proofs
from marketplace.standing import begin_suspensions, is_standing_due
from marketplace.substitutions import settle_due
from marketplace.surge import decide_surge, drop_old_decisions
from marketplace.tips import sweep_tips
from marketplace.tracking import drop_old_positions
from marketplace.webhooks import forget_old_messages
from workers.figures import read_figures
from workers.links import links_of
from workers.periodic import Periodic
from workers.runner import JobRunner

MADE_BY_TIME = frozenset(
    {
        "run_payouts", "true_up_pay", "learn_acceptance", "learn_traffic", "reconcile", "close_period", "retry_charge",
        "charge_reservation", "judge_goals",
        "refresh_standing", "look_up_tip", "forecast_demand", "judge_standing",
        "count_kpis",
        "replenish_hub", "post_recurring",
    }
)  # fmt: skip
"""Kinds of jobs that follow from no event but from a moment."""
PAY_EVERY_S = 5.0
SEND_EVERY_S = 2.0
HEAR_EVERY_S = 0.5
SHIPPERS_HEAR_EVERY_S = 0.2
"""Webhooks that are free again and new events wait for this long, and shippers are promised a second."""
TRUE_UP_EVERY_S = 60.0
BILL_EVERY_S = 5.0
TIP_EVERY_S = 5.0
LEARN_EVERY_S = 3_600.0
LEARN_TRAFFIC_EVERY_S = 60.0
RECONCILE_EVERY_S = 600.0
RETIME_EVERY_S = 2.0
"""Routes that are due are timed together; each of them is due seldom, so that few are at once."""
ALERTS_EVERY_S = 5.0
SURGE_EVERY_S = 1.0
"""A market is looked at when its own time has come; in a demo that comes much sooner by our clock."""
BLOCKS_EVERY_S = 1.0
REPLENISH_EVERY_S = 10.0
RECURRING_EVERY_S = 5.0
FORECAST_EVERY_S = 3_600.0
FIGURES_EVERY_S = 5.0
KPIS_EVERY_S = 300.0
"""A day under way is read as a whole each time."""
FORGET_EVERY_S = 3_600.0
REMIND_EVERY_S = 600.0
TAKE_BACK_EVERY_S = 10.0
"""What lacks a paper cannot be accepted meanwhile; this is how long the next driver waits at most."""
JUDGE_EVERY_S = 600.0
"""A market's drivers are judged once in a day of its own time; this is how often somebody looks whether it is over."""
BEGIN_EVERY_S = 5.0
BATCHES_AT_ONCE = 100


def schedule_of(marketplace: Marketplace, runner: JobRunner) -> Sequence[Periodic]:
    """Everything that a worker process does from time to time."""
    works = marketplace.works
    # Counting rows that nobody is shown would be work for nothing.
    is_shown = marketplace.settings.metrics_port is not None
    figures = [Periodic("read figures", FIGURES_EVERY_S, lambda: read_figures(works))] if is_shown else []
    return [
        *figures,
        Periodic("run payouts", PAY_EVERY_S, lambda: run_payouts(works, runner)),
        Periodic("send operations", SEND_EVERY_S, lambda: send_operations(works, runner)),
        Periodic("apply what the provider told", HEAR_EVERY_S, lambda: apply_all_events(marketplace)),
        Periodic("send webhooks", SHIPPERS_HEAR_EVERY_S, marketplace.webhooks.look),
        Periodic("true up pay", TRUE_UP_EVERY_S, lambda: true_up_pay(works, runner)),
        Periodic("bill shippers", BILL_EVERY_S, lambda: bill_shippers(works, runner)),
        Periodic("settle tips", TIP_EVERY_S, lambda: settle_tips(works, runner)),
        Periodic("learn which offers are taken", LEARN_EVERY_S, lambda: learn_acceptance(works, runner)),
        Periodic("learn traffic", LEARN_TRAFFIC_EVERY_S, lambda: learn_traffic(works, runner)),
        Periodic("reconcile", RECONCILE_EVERY_S, lambda: hold_against_provider(works, runner)),
        Periodic("time routes", RETIME_EVERY_S, lambda: retime_routes(marketplace)),
        Periodic("look after blocks", BLOCKS_EVERY_S, lambda: look_after_all_blocks(works)),
        Periodic("settle substitutions", REPLENISH_EVERY_S, lambda: until_none_left(works, settle_due)),
        Periodic("replenish hubs", REPLENISH_EVERY_S, lambda: replenish_hubs(works, runner)),
        Periodic("post recurring batches", RECURRING_EVERY_S, lambda: post_recurring(works, runner)),
        Periodic("forecast demand", FORECAST_EVERY_S, lambda: forecast_demand(works, runner)),
        Periodic("count figures of days", KPIS_EVERY_S, lambda: count_figures(works, runner)),
        Periodic("judge goals", JUDGE_EVERY_S, lambda: judge_all_goals(works, runner)),
        Periodic("decide surge", SURGE_EVERY_S, lambda: decide_all_surge(works)),
        Periodic("tell what is due", ALERTS_EVERY_S, lambda: tell_what_is_due(marketplace)),
        Periodic("forget old idempotency keys", FORGET_EVERY_S, lambda: until_none_left(works, forget_old)),
        Periodic("forget old sign-in codes", FORGET_EVERY_S, lambda: until_none_left(works, forget_old_codes)),
        Periodic("forget old sessions", FORGET_EVERY_S, lambda: until_none_left(works, forget_old_sessions)),
        Periodic("forget old quotes of payouts", FORGET_EVERY_S, lambda: until_none_left(works, forget_old_quotes)),
        Periodic("forget old webhook messages", FORGET_EVERY_S, lambda: until_none_left(works, forget_old_messages)),
        Periodic("forget browsers", FORGET_EVERY_S, lambda: until_none_left(works, forget_browsers)),
        Periodic("drop old positions", FORGET_EVERY_S, lambda: until_none_left(works, drop_old_positions)),
        Periodic("forget geocoded texts", FORGET_EVERY_S, lambda: until_none_left(works, forget_old_answers)),
        Periodic("drop old decisions of no surge", FORGET_EVERY_S, lambda: until_none_left(works, drop_old_decisions)),
        Periodic("drop old searches", FORGET_EVERY_S, lambda: until_none_left(works, drop_old_choices)),
        Periodic("drop old predictions", FORGET_EVERY_S, lambda: until_none_left(works, drop_old_predictions)),
        Periodic(
            "take back offers that lack a paper",
            TAKE_BACK_EVERY_S,
            lambda: until_none_left(works, take_back_unqualified),
        ),
        Periodic("remind of papers that end", REMIND_EVERY_S, lambda: until_none_left(works, remind_of_documents)),
        Periodic("judge standing", JUDGE_EVERY_S, lambda: judge_standing(works, runner)),
        Periodic("begin suspensions", BEGIN_EVERY_S, lambda: until_none_left(works, begin_suspensions)),
        Periodic("sweep proofs", FORGET_EVERY_S, lambda: sweep_all_proofs(marketplace)),
        Periodic("sweep papers", FORGET_EVERY_S, lambda: sweep_all_papers(marketplace)),
    ]


async def run_payouts(works: Works, runner: JobRunner) -> None:
    """Makes the jobs of payout runs that are due, and has those settled that have a step before them."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in map(MarketId, markets):
        async with works.open() as work:
            wanted = [
                WantedJob(market_id=market_id, kind="settle_payout", subject=str(payout_id))
                for payout_id in await sweep_payouts(work, market_id=market_id)
            ]
            wanted += [
                WantedJob(market_id=market_id, kind="settle_account", subject=str(driver_id))
                for driver_id in await sweep_accounts(work, market_id=market_id)
            ]
            if await is_payout_run_due(work, market_id=market_id):
                wanted.append(WantedJob(market_id=market_id, kind="run_payouts", subject=str(market_id)))
            jobs = await make_jobs(work, wanted) if wanted else []
        await runner.start(jobs)


async def bill_shippers(works: Works, runner: JobRunner) -> None:
    """Makes the jobs of what is due on shippers' bills, and of what was left behind."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in map(MarketId, markets):
        async with works.open() as work:
            wanted = [
                WantedJob(market_id=market_id, kind=due.kind, subject=str(due.subject_id))
                for due in await sweep_billing(work, market_id=market_id)
            ]
            jobs = await make_jobs(work, wanted) if wanted else []
        await runner.start(jobs)


async def settle_tips(works: Works, runner: JobRunner) -> None:
    """Makes the jobs of recipients' tips that are due: to be asked about, or left behind."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in markets:
        async with works.open() as work:
            wanted = [
                WantedJob(market_id=market_id, kind=kind, subject=str(tip_id))
                for kind, tip_id in await sweep_tips(work, market_id=market_id)
            ]
            jobs = await make_jobs(work, wanted) if wanted else []
        await runner.start(jobs)


async def send_operations(works: Works, runner: JobRunner) -> None:
    """Has those operations sent that nobody is sending: tried again, forgotten by the queue, or left by the dead."""
    async with works.open() as work:
        wanted = [
            WantedJob(market_id=market_id, kind="send_operation", subject=str(operation_id))
            for operation_id, market_id in await open_operations(work)
        ]
        jobs = await make_jobs(work, wanted) if wanted else []
    await runner.start(jobs)


async def apply_all_events(marketplace: Marketplace) -> None:
    """Looks into what the payment provider has told; its events belong to no market before they are looked into."""
    await apply_events(marketplace.works, provider=marketplace.provider)


async def true_up_pay(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market in which a pay period is over and not settled."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in map(MarketId, markets):
        async with works.open() as work:
            wanted = [WantedJob(market_id=market_id, kind="true_up_pay", subject=str(market_id))]
            jobs = await make_jobs(work, wanted) if await is_true_up_due(work, market_id=market_id) else []
        await runner.start(jobs)


async def judge_standing(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market whose drivers' standings are a day old."""
    async with works.open() as work:
        wanted = [
            WantedJob(market_id=market_id, kind="judge_standing", subject=str(market_id))
            for market_id in await market_ids(work)
            if await is_standing_due(work, market_id=market_id)
        ]
        jobs = await make_jobs(work, wanted) if wanted else []
    await runner.start(jobs)


async def ask_each_market(works: Works, runner: JobRunner, kind: str) -> None:
    """Makes a job of that kind for each market."""
    async with works.open() as work:
        wanted = [
            WantedJob(market_id=market_id, kind=kind, subject=str(market_id)) for market_id in await market_ids(work)
        ]
        jobs = await make_jobs(work, wanted) if wanted else []
    await runner.start(jobs)


async def learn_acceptance(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market to learn from its answers; one that has too few of them is done at once."""
    await ask_each_market(works, runner, "learn_acceptance")


async def learn_traffic(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market to learn from what was driven since the last time."""
    await ask_each_market(works, runner, "learn_traffic")


async def hold_against_provider(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market to take in what moved at the payment provider and to compare it when that is due."""
    await ask_each_market(works, runner, "reconcile")


async def retime_routes(marketplace: Marketplace) -> None:
    """Looks again where the drivers of each market are and when they will arrive, where that is due."""
    async with marketplace.works.open() as work:
        markets = await market_ids(work)
    for market_id in markets:
        await retime_due(marketplace.works, router=marketplace.router, market_id=market_id)


async def decide_all_surge(works: Works) -> None:
    """Decides surge in each market where that is due by the market's own clock."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in markets:
        async with works.open() as work:
            await decide_surge(work, market_id=market_id)


async def look_after_all_blocks(works: Works) -> None:
    """Takes the steps of each market's blocks that are due."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in map(MarketId, markets):
        async with works.open() as work:
            await look_after_blocks(work, market_id=market_id)


async def replenish_hubs(works: Works, runner: JobRunner) -> None:
    """Makes a job for each thing that a hub is short of."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in markets:
        async with works.open() as work:
            wanted = [
                WantedJob(market_id=market_id, kind="replenish_hub", subject=str(short.replenishment_id))
                for short in await shortages(work, market_id=market_id)
            ]
            jobs = await make_jobs(work, wanted) if wanted else []
        await runner.start(jobs)


async def post_recurring(works: Works, runner: JobRunner) -> None:
    """Makes a job for each recurring batch that has a day to post."""
    async with works.open() as work:
        markets = await market_ids(work)
    for market_id in markets:
        async with works.open() as work:
            wanted = [
                WantedJob(market_id=market_id, kind="post_recurring", subject=str(recurring_batch_id))
                for recurring_batch_id in await due_recurring(work, market_id=market_id)
            ]
            jobs = await make_jobs(work, wanted) if wanted else []
        await runner.start(jobs)


async def forecast_demand(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market to foresee its demand; one without history is done at once."""
    await ask_each_market(works, runner, "forecast_demand")


async def count_figures(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market to read those of its days that changed."""
    await ask_each_market(works, runner, "count_kpis")


async def judge_all_goals(works: Works, runner: JobRunner) -> None:
    """Makes a job for each market to look whether goals are met; one whose days are not counted waits."""
    await ask_each_market(works, runner, "judge_goals")


async def tell_what_is_due(marketplace: Marketplace) -> None:
    """Sends messages whose moment has come, and tells those whose parcel is nearly there."""
    async with marketplace.works.open() as work:
        markets = await market_ids(work)
    for market_id in markets:
        await send_due(
            marketplace.works, notifier=marketplace.notifier, links=links_of(marketplace), market_id=market_id
        )


async def until_none_left(works: Works, drop: Callable[[Work], Awaitable[int]]) -> None:
    """Drops old rows, a bounded number in each commit, until there are none left."""
    for _ in range(BATCHES_AT_ONCE):
        async with works.open() as work:
            if not await drop(work):
                return


async def sweep_all_papers(marketplace: Marketplace) -> None:
    """Erases the pictures of papers that nothing needs any more, until there are none left."""
    for _ in range(BATCHES_AT_ONCE):
        if not await sweep_papers(marketplace.works, store=marketplace.object_store):
            return


async def sweep_all_proofs(marketplace: Marketplace) -> None:
    """Removes the pictures that no hand-over named, a bounded number at a time, until there are none left."""
    for _ in range(BATCHES_AT_ONCE):
        if not await sweep_proofs(marketplace.works, store=marketplace.object_store):
            return
