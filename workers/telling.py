"""Explanations and dry runs as text for a terminal, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.standing import words_of

Told = Mapping[str, Any]
SHOWN_ROWS = 5
"""Rows of evidence that a terminal shows; the app shows all."""


def delivery_lines(told: Told) -> Iterator[str]:
    """Why a delivery has no driver, or how it found one."""
    yield f"{told['delivery_id']} is {told['state']}. {told['words']}"
    if told["look_again_at"]:
        yield f"It is looked at again by {told['look_again_at']:%Y-%m-%d %H:%M:%S} UTC."
    for rule in told["failed_rules"]:
        yield f"  {rule['words']}"
    if told["drivers_able"]:
        yield f"  {told['drivers_able']} could have done it alone."
    for search in told["searches"]:
        yield from search_lines(search)


def offer_lines(told: Told) -> Iterator[str]:
    """Why an offer was made, and what it pays."""
    yield f"{told['offer_id']} to {told['driver_id']} is {told['state']}. {told['words']}"
    for line in told["lines"]:
        yield f"  {line['code']:10} {line['quantity']:>7} {line['unit']:6} {line['amount_minor']:>8,}  {line['rule']}"
    if told["accept_prob"] is not None:
        yield f"A yes was thought {told['accept_prob']:.0%} likely, by version {told['model_version']} of the law."
    if told["search"]:
        yield from search_lines(told["search"])


def driver_lines(told: Told) -> Iterator[str]:
    """Why a driver was, or was not, asked for a route."""
    yield f"{told['driver_id']} and {told['route_id']}, now: {told['words_now']}"
    for look in told["looks"]:
        yield f"  {look['decided_at']:%H:%M:%S} {look['outcome']}: {look['words']}"
        if look["candidate"]:
            yield f"    {_candidate(look['candidate'])}"


def standing_lines(told: Told) -> Iterator[str]:
    """A driver's standing, day and suspension files, as the driver reads them."""
    standing = told["standing"]
    early = standing["early_access_minutes"]
    yield f"{told['driver_id']} is at level {standing['level']}: blocks open {early} minutes earlier."
    yield "Declined and expired offers count nowhere."
    for shown in standing["figures"]:
        figure, rows = shown["figure"], shown["rows"]
        share = f"{figure['good']} of {figure['counted']} good"
        value = f"{figure['total']} parcels" if figure["kind"] == "COMPLETED" else share
        spared = figure["kind"] != "COMPLETED" and figure["counted"] < shown["minimum"]
        few = f" (fewer than {shown['minimum']}: held against nobody)" if spared else ""
        yield f"  {figure['kind']:10} {value}{few}"
        for row in [row for row in rows if not row["is_good"]][:SHOWN_ROWS]:
            yield f"    {_evidence(row)}"
    for one in standing["missing"]:
        yield f"  for level {standing['next_level']['level']}: {one['kind']} {one['now']} of {one['needed']}"
    yield from _day_lines(told["fairness"])
    for file in told["suspensions"]:
        yield from suspension_lines(file)


def suspension_lines(file: Told) -> Iterator[str]:
    """One file, step by step."""
    yield f"Suspension by {file['rule']}: {file['state']}"
    if file["state"] == "PROPOSED":
        yield "  It is proposed, not decided: you work as before until a person has decided."
        yield "  Say in the app what is wrong with the rows below; whoever decides reads it."
    for step in file["steps"]:
        yield f"  {step['happened_at']:%Y-%m-%d %H:%M} UTC {step['what']} by {step['who']}: {step['why']}"
    if file["effective_at"]:
        yield f"  in force from {file['effective_at']:%Y-%m-%d %H:%M} UTC, notice by {file['notice_law']}"
    if file["can_appeal_until"]:
        yield f"  you can appeal to another person until {file['can_appeal_until']:%Y-%m-%d %H:%M} UTC"
    yield f"  {len(file['evidence'])} rows of evidence, such as:"
    for words in file["evidence"][:SHOWN_ROWS]:
        yield f"    {words}"


def _evidence(row: Told) -> str:
    words = words_of(row["kind"], row["is_good"], row["value"], row["facts"])
    why = f", left out: {row['excluded']}" if row["excluded"] else ""
    answer = f", correction {row['correction_state']}" if row["correction_state"] else ""
    return f"{row['occurred_at']:%m-%d %H:%M} {words}{why}{answer}"


def _day_lines(day: Told) -> Iterator[str]:
    yield f"{day['day']} beside the median of {day['contract_kind']} drivers:"
    for name, unit in (
        ("idle_minutes", "minutes idle"),
        ("offers_per_online_hour", "offers for each hour online"),
        ("pay_per_engaged_hour_minor", f"{day['currency']} minor units for each hour on a route"),
        ("pay_per_online_hour_minor", f"{day['currency']} minor units for each hour online"),
    ):
        median = f"{day['median'][name]:,.1f}" if day["median"] else "too few drove"
        yield f"  {day['own'][name]:>10,.1f}  ({median})  {unit}"


def search_lines(search: Told) -> Iterator[str]:
    """One search for a route's driver."""
    slack = "" if search["slack_s"] is None else f" It could wait {search['slack_s']} s."
    yield f"{search['decided_at']:%H:%M:%S} {search['route_id']} {search['outcome']}: {search['words']}{slack}"
    for weighed in search["raises"] if len(search["raises"]) > 1 else ():
        mark = "*" if weighed["raise_minor"] == search["raise_minor"] else " "
        yield (
            f"  {mark} a raise of {weighed['raise_minor']:,}: {weighed['asked']} asked, {weighed['accept_prob']:.0%}"
            f" likely, costs {weighed['cost_minor']:,} {search['currency']}"
        )
    for candidate in search["candidates"]:
        yield f"  {'*' if candidate['is_asked'] else ' '} {candidate['driver_id']} {_candidate(candidate)}"
    for exclusion in search["ruled_out"]:
        yield f"    {exclusion['drivers']} × {exclusion['code']}: {exclusion['words']}"


def payslip_lines(driver: str, statements: Sequence[Told], payouts: Sequence[Told]) -> Iterator[str]:
    """What a driver has earned, line by line, and where the money is."""
    yield f"{driver}"
    for statement in statements:
        yield (
            f"  {statement['created_at'][11:16]} {statement['id'][:12]}… {statement['total_minor']:>8,}"
            f" {statement['currency']}  {statement['state'].lower()}"
        )
        for line in statement["lines"]:
            amount = f"{line['quantity']:>7} {line['unit']:6} {line['amount_minor']:>8,}"
            yield f"    {line['code']:10} {amount}  {line['rule']}"
    for payout in payouts:
        fee = f", fee {payout['fee_minor']:,}" if payout["fee_minor"] else ""
        sum_paid = f"{payout['amount_minor']:>8,} {payout['currency']}"
        yield f"  {payout['id'][:12]}… {sum_paid}  {payout['state'].lower()}{fee}"


def dry_run_lines(told: Told) -> Iterator[str]:
    """How a market would plan what does not exist."""
    estimates = " Times are estimates without streets." if told["is_degraded"] else ""
    yield (
        f"{_count(told['routes'], 'route', 'routes')} for {told['payout_minor']:,} {told['currency']}, in expectation"
        f" {told['expected_cost_minor']:,}; left over: {_count(told['unassigned'], 'delivery', 'deliveries')}."
        f"{estimates}"
    )
    for route in told["routes"]:
        yield (
            f"{route['driver']} ({route['kind'].lower()}) sets off at {route['offer_at']:%H:%M:%S} for"
            f" {route['payout_minor']:,}: {route['distance_m'] / 1000:.1f} km, {route['travel_s'] // 60} min of driving"
        )
        for step in route["steps"]:
            yield f"  {step['arrives_at']:%H:%M:%S} {step['kind'].lower():7} {step['delivery']}"
    for waiting in told["unassigned"]:
        failed = " ".join(rule["words"] for rule in waiting["failed_rules"])
        yield f"{waiting['delivery']} waits: {waiting['code']}. {waiting['words']} {failed}".rstrip()


def _count(things: Sequence[object], one: str, several: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else several}"


def _candidate(candidate: Told) -> str:
    return (
        f"rank {candidate['rank']}, {candidate['kind'].lower()}, {candidate['approach_s']} s away, pays"
        f" {candidate['pay_minor']:,}, {candidate['accept_prob']:.0%} likely, asked first costs"
        f" {candidate['cost_minor']:,}"
    )
