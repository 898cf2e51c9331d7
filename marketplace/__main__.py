"""The `doorstep` command: the one place that ties marketplace, schema and workers together.

The parts are loaded when a command needs them, so that `--help` and `plan` start at once.
"""

import asyncio
import gc
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from marketplace.core.errors import CannotStart, Refusal
from marketplace.core.failpoints import check_failpoint
from marketplace.core.logs import set_up_logs
from marketplace.core.settings import Settings

app = typer.Typer(
    name="doorstep",
    help="A last-mile delivery marketplace that a company runs itself.\n\n"
    "Without DATABASE_URL and REDIS_URL every command uses embedded servers below the state folder"
    " (DOORSTEP_STATE_FOLDER, .doorstep by default) and starts them if need be.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
geo = typer.Typer(help="Streets: import a city from OpenStreetMap.", no_args_is_help=True)
app.add_typer(geo, name="geo")
ledger = typer.Typer(help="The books: prove them, and explain any account.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")
payouts = typer.Typer(help="Pay: what drivers were paid.", no_args_is_help=True)
app.add_typer(payouts, name="payouts")
traffic_commands = typer.Typer(help="Traffic: what drivers have taught about the streets.", no_args_is_help=True)
app.add_typer(traffic_commands, name="traffic")
hub_commands = typer.Typer(help="Hubs: where the next one would save most.", no_args_is_help=True)
app.add_typer(hub_commands, name="hubs")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line of stdout.")]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Answers the API and shows the live map at /ops.

    Start as many processes as you like; they share nothing but the database.
    """
    checked = startable()
    part("schema.serve").run(checked, host=host, port=port)


@app.command()
def work() -> None:
    """Works off what follows from events: matching, offers' deadlines, pay, messages.

    Start as many processes as you like; what one leaves undone another takes up.
    """
    checked = startable()
    asyncio.run(part("workers.service").serve_work(checked))


@app.command()
def migrate() -> None:
    """Brings the database to the version of this code.

    Run it before a new version starts; two at once wait for one another. API and workers only check the version.

    Run it as the user who owns the tables, and `serve` and `work` as a member of the role `doorstep_app`, which it
    makes: `CREATE ROLE … LOGIN PASSWORD '…' IN ROLE doorstep_app`. Such a user cannot rewrite history.
    """

    async def run() -> str:
        async with part("marketplace.app").open_servers(settings()) as servers:
            version: str = await part("marketplace.core.migrate").migrate(
                servers.database_url, on_notice=lambda words: typer.echo(f"doorstep: {words}", err=True)
            )
            return version

    typer.echo(f"the database is at {asyncio.run(run())}")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write; what it holds is written beside it, as FILE.json.")],
    as_json: AsJson = False,
) -> None:
    """Writes the whole database to a file, as of one moment, while everything goes on.

    It uses pg_dump of the path, or the one that is installed with Doorstep. Pictures of proofs are not in the database:
    copy the folder `objects` of the state folder as well.
    """
    told = asyncio.run(part("workers.backup").back_up(startable(), file))
    _say(told, part("workers.backup").lines_of(told), as_json=as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What doorstep backup has written.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Reads a backup into an empty database, and ends with 1 unless every row is there and the books balance.

    It refuses a database that holds tables. Then run `doorstep reconcile`: money that moved after the backup is known
    to the payment provider alone.
    """
    told = asyncio.run(part("workers.backup").restore(startable(), file))
    _say(told, part("workers.backup").lines_of(told), as_json=as_json)
    sys.exit(0 if told["is_whole"] else 1)


@app.command()
def seed(
    as_json: AsJson = False,
    random_seed: Annotated[int, typer.Option("--seed", help="The same number makes the same people and places.")] = 1,
    shippers: Annotated[int, typer.Option(help="Shippers, each with an API key.", min=0, max=100_000)] = 3,
    hubs: Annotated[int, typer.Option(help="Hubs open to every shipper.", min=0, max=100_000)] = 4,
    drivers: Annotated[int, typer.Option(help="Drivers of all kinds, online near the hubs.", min=0, max=100_000)] = 12,
    operators: Annotated[int, typer.Option(help="Operators.", min=0, max=100_000)] = 1,
    deliveries: Annotated[int, typer.Option(help="Deliveries, in batches of 50.", min=0, max=100_000)] = 0,
    offers: Annotated[
        int, typer.Option(help="Open offers, as far as deliveries and drivers allow.", min=0, max=100_000)
    ] = 0,
    offer_ttl_s: Annotated[int, typer.Option(help="Seconds to answer an offer.")] = 60,
    open_offers_per_driver: Annotated[int, typer.Option(help="Open offers one driver may have.")] = 3,
    wave_size: Annotated[int, typer.Option(help="Offers sent together.")] = 3,
) -> None:
    """Makes a market with shippers, drivers, batches and open offers, and prints their ids and tokens.

    For development: it is refused in production mode. Access tokens last a day.
    """
    startable().refuse_in_production("seeding")
    seeding = part("marketplace.seed")
    plan = seeding.SeedPlan(
        seed=random_seed,
        shippers=shippers,
        hubs=hubs,
        drivers=drivers,
        operators=operators,
        deliveries=deliveries,
        offers=offers,
        dials={
            "offer_ttl_s": offer_ttl_s,
            "open_offers_per_driver": open_offers_per_driver,
            "wave_size": wave_size,
            # Whoever seeds a world to try an API on wants offers, and several of a route, whether or not it could wait.
            "broadcast_below_ttls": 10_000,
            "broadcast_fill_percent": 100,
        },
    )
    with part("workers.progress").progress() as bar:
        seeded = asyncio.run(_seed(plan, bar))
    if as_json:
        typer.echo(json.dumps(asdict(seeded)))
    else:
        part("workers.progress").show_seeded(seeded)


async def _seed(plan: Any, bar: Any) -> Any:
    marketplace = part("marketplace.app")
    async with marketplace.open_servers(settings()) as servers:
        await part("marketplace.core.migrate").migrate(servers.database_url)
        async with marketplace.open_marketplace(settings(), servers) as opened:
            return await part("marketplace.seed").seed_market(opened, plan, on_step=bar.step)


@app.command()
def demo(
    exit_at_end: Annotated[bool, typer.Option("--exit", help="End by itself when the day is over.")] = False,
    as_json: AsJson = False,
    random_seed: Annotated[int, typer.Option("--seed", help="Fixes who lives where and how drivers behave.")] = 1,
    port: Annotated[int, typer.Option(help="Port of the API and the map; 0 takes a free one.")] = 8000,
    deliveries: Annotated[int, typer.Option(help="Deliveries of the day.")] = 150,
    drivers: Annotated[int, typer.Option(help="Drivers of the day.")] = 40,
    factor: Annotated[float, typer.Option(help="How fast the market's time runs.")] = 60.0,
    traffic: Annotated[
        int | None, typer.Option(help="Fill the streets with mild hidden traffic of this seed; none by default.")
    ] = None,
) -> None:
    """Plays two hours of a market in two minutes: shippers post, drivers accept, drive and are paid.

    Real API and worker processes on embedded servers; simulated apps that talk to the public API only. It leaves
    everything running until Ctrl-C, or ends by itself with --exit.
    """
    story = part("workers.demo")
    options = story.DemoOptions(
        seed=random_seed,
        port=port,
        deliveries=deliveries,
        drivers=drivers,
        factor=factor,
        traffic=traffic,
        exits=exit_at_end,
        as_json=as_json,
    )
    sys.exit(asyncio.run(story.run_demo(settings(), options)))


@app.command()
def simulate(
    *,
    as_json: AsJson = False,
    random_seed: Annotated[int, typer.Option("--seed", help="The same number plays the same day, to the event.")] = 1,
    deliveries: Annotated[int, typer.Option(help="Deliveries posted over the day.", min=1, max=20_000)] = 300,
    drivers: Annotated[int, typer.Option(help="Drivers of all kinds, online all day.", min=0, max=2_000)] = 30,
    hours: Annotated[float, typer.Option(help="Hours over which shippers post.", min=0.1, max=11.0)] = 10.0,
    days: Annotated[
        int,
        typer.Option(help="Days on end in one market; more than one tell how good arrival times were.", min=1, max=28),
    ] = 1,
    traffic: Annotated[
        int | None,
        typer.Option(help="Fill the streets with hidden traffic of this seed, which the marketplace is not told."),
    ] = None,
    book: Annotated[
        int, typer.Option(help="Of a hundred recipients so many choose a window of the day.", min=0, max=100)
    ] = 0,
    blind: Annotated[
        bool, typer.Option("--blind", help="They choose any window of the day, not one that the plan can keep.")
    ] = False,
    window_minutes: Annotated[
        int, typer.Option(help="How long the windows are that recipients choose.", min=30, max=720)
    ] = 120,
    surge: Annotated[str, typer.Option(help="Whether busy cells pay drivers more and cost more: on or off.")] = "on",
    crowd: Annotated[str, typer.Option(help="Whether anybody of the crowd comes: on or off.")] = "on",
    waves: Annotated[
        str,
        typer.Option(help="How drivers are asked: ladder, as the market does; broadcast, all together; one by one."),
    ] = "ladder",
    blocks: Annotated[
        str, typer.Option(help="Publish so many places in blocks where the day lacks drivers most: +10.")
    ] = "+0",
    hub: Annotated[
        str | None, typer.Option(help="Another hub at lat,lon, from which what is nearest to it is delivered.")
    ] = None,
    peak: Annotated[
        str, typer.Option(help="In the fifth and sixth tenth of the posting time so many times as much is asked for.")
    ] = "1",
    reserve: Annotated[
        int | None,
        typer.Option(
            help="Of a hundred of the crowd so many stay at home until a bonus brings them out; 40 by default where"
            " there is a peak.",
            min=0,
            max=100,
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="Play the same day once more with other switches, and show both side by side: "
            '"no surge: --surge off". Repeat it for more.'
        ),
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Also draw the variants into this PNG file.")] = None,
    replay: Annotated[
        str | None,
        typer.Option(help="Play a recorded day of this market, by its short name or mkt_…, instead of a made-up one."),
    ] = None,
    day: Annotated[
        str | None, typer.Option(help="The day to play again, YYYY-MM-DD by the clock of its market.")
    ] = None,
    recorded_in: Annotated[
        str | None,
        typer.Option(
            "--from", help="The database in which it was recorded, which is only read; by default DATABASE_URL's."
        ),
    ] = None,
    mdrp: Annotated[
        Path | None,
        typer.Option(
            help="Play the meal-delivery instance in this folder instead; orders.txt, couriers.txt, restaurants.txt "
            "and instance_parameters.txt fix everything but the seed.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Plays a day through the marketplace's own flow in simulated time, hundreds of times as fast as it would last.

    Shippers post, the production matcher bundles, drivers get offers and accept, decline or let them pass, drive, prove
    and are paid; deadlines, pay runs and ledger are the real ones, on a clock that jumps to whatever happens next. No
    API and no queue: for those see `demo`. It runs on a PostgreSQL that is thrown away, or in the empty database of
    DATABASE_URL, and is refused in production mode.

    With --days the market goes on: it keeps what it learnt on one day for the next. Deliveries and hours are those of
    each day; hidden traffic keeps its pattern, and some days are fuller than others. The table says how far off arrival
    times were beside those of empty streets, and how many arrivals were in the spread and in the window that was shown.

    With --variant the same day is played several times side by side, each with other switches and everything else the
    same; with --replay the demand, the drivers' hours and the stops' times are those of a recorded day, and no names.

    The event hash at the end is the same for the same seed and the same code: change a rule, and see what it changes.
    """
    chosen = startable()
    chosen.refuse_in_production("simulating")
    simulation = part("workers.simulation")
    switches = f"--surge {surge} --crowd {crowd} --waves {waves} --blocks {blocks} --peak {peak}"
    asked = simulation.Asked(
        seed=random_seed,
        deliveries=deliveries,
        drivers=drivers,
        hours=hours,
        days=days,
        traffic=traffic,
        book=book,
        is_blind=blind,
        window_minutes=window_minutes,
        switches=f"{switches} --hub={hub}" if hub else switches,
        reserve=reserve,
        variants=variant or (),
        chart=chart,
        mdrp=mdrp,
        replay=replay,
        day=day,
        recorded_in=recorded_in,
    )
    with part("workers.progress").progress() as bar:
        told = simulation.run(simulation.play_asked(chosen, asked, bar.step))
    told.show()
    if as_json:
        typer.echo(json.dumps(told.figures))


@app.command()
def plan(
    problem: Annotated[
        Path | None,
        typer.Option(
            "--dry-run", help="A JSON file of deliveries and drivers, as the API's dryRun takes it.", exists=True
        ),
    ] = None,
    market: Annotated[str | None, typer.Option(help="mkt_… of the dry run; the oldest one by default.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the plan as a map into this PNG file; needs points.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plans routes: one JSON request a line on stdin, one JSON reply a line on stdout.

    With --dry-run it plans a file's deliveries and drivers as a market would, and writes nothing.
    """
    if problem is None:
        part("marketplace.matching.door").main(picture)
        return
    told = asyncio.run(part("workers.asked").plan_dry(startable(), problem, problem.read_text(), market))
    _say(told, part("workers.telling").dry_run_lines(told), as_json=as_json)


@app.command()
def explain(
    thing: Annotated[str, typer.Argument(help="What to explain: dlv_…, off_…, or drv_… with --route.")],
    route: Annotated[str | None, typer.Option(help="rte_… that the driver was or was not asked for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Says why a delivery waits, why an offer was made as it was, or why a driver was not asked."""
    told = asyncio.run(part("workers.asked").explain(startable(), thing, route))
    telling = part("workers.telling")
    lines = {"dlv": telling.delivery_lines, "off": telling.offer_lines, "drv": telling.driver_lines}
    _say(told, lines[thing[:3]](told), as_json=as_json)


@app.command()
def standing(
    driver: Annotated[str, typer.Argument(help="drv_… of the driver.")],
    as_json: AsJson = False,
) -> None:
    """Shows a driver's standing, the day beside the median, and any suspension file, all as the driver sees them."""
    told = asyncio.run(part("workers.asked").standing(startable(), driver))
    _say(told, part("workers.telling").standing_lines(told), as_json=as_json)


def _say(told: Any, lines: Any, *, as_json: bool) -> None:
    """One JSON object on the last line, or the lines for people."""
    typer.echo(part("orjson").dumps(told).decode() if as_json else "\n".join(lines))


@app.command(name="stripe-sandbox")
def stripe_sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1 to listen on; 0 takes a free one.")] = 12_111,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the state here, safe from kill -9; in memory by default.")
    ] = None,
) -> None:
    """Runs a stand-in for Stripe that speaks its wire protocol, breaks on request and moves no money.

    Point the stripe package at it: `StripeClient("sk_test_anything", base_addresses={"api": "http://127.0.0.1:12111"})`.
    Stripe's test cards and test bank accounts behave as in Stripe's test mode. What only a stand-in can do is JSON
    below /_sandbox, and `curl http://127.0.0.1:12111/_sandbox` lists it. Three to begin with:

    - `curl -d '{"advance_s": 172800}' …/_sandbox/clock` lets two days pass: charges settle, payouts arrive.

    - `curl -d '{"fault": "timeout_after", "match": "POST /v1/transfers"}' …/_sandbox/faults` carries out the next
      transfer and loses the answer.

    - `curl -d '{}' …/_sandbox/accounts/acct_…/verify` verifies a driver.

    Live keys are refused, and so is production mode.
    """
    part("marketplace.adapters.stripe_sandbox.server").run(settings(), port=port, folder=folder, say=typer.echo)


@ledger.command()
def check(
    market: Annotated[str | None, typer.Option(help="Short name or mkt_… of one market; all by default.")] = None,
    at_rest: Annotated[
        bool, typer.Option("--at-rest", help="Nothing is under way: clearing accounts must be empty too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Proves that no money was made, lost or moved twice, and ends with 1 where it finds that some was.

    For each market: all postings together are zero in every currency; no wallet and no prepaid account is below
    nothing; kept totals equal their postings; each hold is resolved once, for no more than it held; tips reach wallets
    whole; what lies on drivers' own accounts is what we think; suspense is empty. It changes nothing.
    """
    books = part("workers.books")
    told = asyncio.run(books.check_books(startable(), market, at_rest=at_rest))
    _say(told, books.check_lines(told), as_json=as_json)
    sys.exit(0 if told["is_sound"] else 1)


@ledger.command("explain")
def explain_account(
    account: Annotated[str, typer.Argument(help="Such as driver:drv_…:wallet, shipper:shp_…:receivable, suspense.")],
    market: Annotated[str | None, typer.Option(help="Short name or mkt_… of its market, if several have one.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency, if it has several.")] = None,
    first: Annotated[int, typer.Option(help="Lines to show, the newest ones.", min=1, max=1_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """Shows an account as lines: what moved, for what, where from or to, and what then stood there."""
    books = part("workers.books")
    told = asyncio.run(books.explain_book(startable(), account, market=market, currency=currency, first=first))
    _say(told, books.account_lines(told), as_json=as_json)


@app.command("reconcile")
def reconcile_with_provider(
    market: Annotated[str | None, typer.Option(help="Short name or mkt_… of one market; all by default.")] = None,
    at_rest: Annotated[
        bool, typer.Option("--at-rest", help="Nothing is under way: what has only just moved must agree too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Holds the ledger against what really moved at the payment provider, and ends with 1 where the two differ.

    It reads all movements first, compares by charge, refund and payout, and names every difference with its amounts.
    What moved within ten minutes is left out unless all is at rest. The comparison is kept, as those of each day are;
    nothing else is changed: what is foreign is booked by an operator, with `bookMovement`.
    """
    agreement = part("workers.agreement")
    told = asyncio.run(agreement.reconcile_markets(startable(), market, at_rest=at_rest))
    _say(told, agreement.agreement_lines(told), as_json=as_json)
    sys.exit(0 if told["is_clean"] else 1)


@app.command("forecast")
def forecast_demand(
    market: Annotated[str | None, typer.Option(help="mkt_… of the market; the oldest one by default.")] = None,
    day: Annotated[str | None, typer.Option(help="A local day such as 2026-03-02; tomorrow by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Foresees a market's demand from its last eight weeks, and says how many drivers each hub lacks in each hour.

    Beside the model stands the plainest guess, the same hour of the week before, with how far off both were on a week
    that neither had seen; the closer one is taken.
    """
    forecasting = part("workers.forecasting")
    told = asyncio.run(forecasting.forecast(startable(), market=market, day=day))
    _say(told, forecasting.forecast_lines(told), as_json=as_json)


@app.command("kpis")
def read_kpis(
    first: Annotated[str, typer.Option("--from", help="First local day, such as 2026-03-02.")],
    last: Annotated[str, typer.Option("--to", help="Last local day, at most 365 days later.")],
    by: Annotated[str, typer.Option(help="What the rows are of: market, hub, shipper or day.")] = "day",
    market: Annotated[str | None, typer.Option(help="mkt_… of the market; the oldest one by default.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="All figures as CSV for a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Shows what a market's days came to: cost, density, service, empty metres, use and carbon.

    Amounts are whole minor units of the market's currency. Days that changed are counted first.
    """
    figures = part("workers.figures_of_days")
    rows = asyncio.run(figures.read_kpis(startable(), first=first, last=last, group_by=by, market=market))
    if as_csv:
        typer.echo(figures.as_csv(rows), nl=False)
    else:
        _say(figures.as_json(rows), figures.as_table(rows), as_json=as_json)


@hub_commands.command("advise")
def advise_hub(
    market: Annotated[str | None, typer.Option(help="mkt_… of the market; the oldest one by default.")] = None,
    days: Annotated[int, typer.Option(help="Learn from the last so many days, today included.", min=1, max=92)] = 28,
    candidates: Annotated[int, typer.Option(help="Look at so many of the busiest cells.", min=1, max=200)] = 60,
    sites: Annotated[int, typer.Option(help="Open at most so many hubs.", min=1, max=5)] = 1,
    as_json: AsJson = False,
) -> None:
    """Says where the next hub would save most driving, from where things went.

    Facility location over the busiest cells: the hub, or hubs, that together save most of the drives from hub to door,
    with what they save a day, how many deliveries they bring near, and how surely nothing better was missed.
    """
    advice = part("workers.hub_advice")
    asked = {"market": market, "days": days, "candidates": candidates, "sites": sites}
    told = asyncio.run(advice.advise(startable(), **asked))
    _say(told, advice.advice_lines(told), as_json=as_json)


@geo.command("import")
def import_city(
    extract: Annotated[Path, typer.Argument(help="An OpenStreetMap extract, such as city.osm.pbf.", exists=True)],
    name: Annotated[str, typer.Option(help="Name of the city, as the map shows it.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to put the pack; the state folder's city by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Makes a city pack, streets to route on and to draw, from any OpenStreetMap extract."""
    city = part("marketplace.adapters.city")
    target = folder or settings().state_folder / "city"
    with part("workers.progress").progress() as bar:
        pack = city.import_osm(extract, target, name=name, on_progress=bar.note)
    found = {"name": pack.meta.name, "folder": str(target), "attribution": pack.meta.attribution}
    typer.echo(json.dumps(found) if as_json else f"{found['name']}: streets are in {found['folder']}")


@payouts.command("export")
def export_payouts(
    year: Annotated[int, typer.Option(help="The year, by the market's own calendar.", min=2000, max=2200)],
    market: Annotated[str | None, typer.Option(help="mkt_… of the market; the oldest one by default.")] = None,
) -> None:
    """What every driver was paid in a year, quarter by quarter, as CSV for tax reports.

    Amounts are whole minor units of the market's currency. What must be reported from which amount on is the law of
    the year and the place: all drivers are listed, and nothing is left out.
    """
    typer.echo(asyncio.run(part("workers.asked").export_year(startable(), year, market)), nl=False)


@traffic_commands.command("export")
def export_traffic(
    market: Annotated[str | None, typer.Option(help="mkt_… of the market; the oldest one by default.")] = None,
) -> None:
    """What drivers have taught about each street, as a segment speed file for an OSRM server.

    `osrm-customize city.osrm --segment-speed-file speeds.csv` takes it. The city must have been imported from the
    extract that the server uses. The file holds how streets differ from one another; the time of day is added to the
    server's answers where ROUTER_URL names it.
    """
    typer.echo(asyncio.run(part("workers.asked").export_speeds(startable(), market)), nl=False)


def settings() -> Settings:
    """The settings of this process, with logs set up as they ask."""
    found = Settings()
    set_up_logs(is_json=found.log_json)
    return found


def startable() -> Settings:
    """The settings of a process that is to run; what is wrong with them is said before anything is loaded or begun."""
    found = settings()
    found.check()
    check_failpoint(is_production=found.is_production)
    return found


def part(name: str) -> Any:
    """A part of Doorstep, loaded now."""
    # Nearly all that is loaded stays: looking for garbage in it again and again takes a fifth of the start.
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.enable()


def main() -> None:
    """Runs the command line; what a person can mend is said in one sentence, without a trace."""
    try:
        app()
    except (CannotStart, Refusal) as refusal:
        sys.exit(f"doorstep: {refusal}")


if __name__ == "__main__":
    main()
