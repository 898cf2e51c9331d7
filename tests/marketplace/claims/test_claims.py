"""A claim is opened, shown, heard and decided by a person; what is accepted is credited once and costs no driver."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from marketplace.accounts import Principal, PrincipalKind
from marketplace.claims import (
    AlreadyClaimed,
    AnsweredAlready,
    BadClaim,
    BadClaimText,
    ClaimEnded,
    ClaimFull,
    HearingOpen,
    NotClaimable,
    OverLimit,
    Party,
    accept_claim,
    add_claim_evidence,
    answer_claim,
    ask_claim_evidence,
    list_claims,
    reject_claim,
    withdraw_claim,
)
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotAllowed, NotFound
from marketplace.core.work import Work, Works
from marketplace.ledger import balance_of, check_ledger, driver_debt, driver_wallet
from marketplace.recipients import erase_recipient
from marketplace.routes.refusals import ProofMissing
from marketplace.routes.sweep_proofs import sweep_proofs
from tests.marketplace.claims.cases import Case, make_case
from tests.races.together import at_once, codes

DAY_S = 86_400
LONG_AGO = timedelta(days=14, seconds=1)


async def accept(case: Case, claim_id: Any, minor: int = 7_000) -> Any:
    return await case.run(accept_claim, by=case.operator, claim_id=claim_id, accepted_minor=minor, reason="seen")


async def test_what_is_accepted_is_credited_to_the_shipper_and_costs_the_driver_nothing(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    claim_id = await case.open()
    await case.run(answer_claim, by=case.driver, claim_id=claim_id, text="it was broken when I got it")

    credit_id = await accept(case, claim_id)

    claim = await case.claim(claim_id, case.shipper)
    assert (claim["state"], claim["accepted_minor"], claim["decided_by"]) == ("ACCEPTED", 7_000, "Marta")
    assert [(entry["kind"], entry["by"], entry["amount_minor"]) for entry in claim["entries"]] == [
        ("OPENED", "shipper", 9_000),
        ("ANSWER", "driver", None),
        ("ACCEPTED", "operator", 7_000),
    ]
    assert await case.amounts() == (-7_000, 7_000)
    async with works.open() as work:
        line = await work.fetch_row("SELECT kind, amount_minor, shipper_id FROM bill_line WHERE id = $1", credit_id)
        market = case.drive.market
        assert (await check_ledger(work, market_id=market.id)).is_sound
        for account in (driver_wallet(case.driver.id), driver_debt(case.driver.id)):
            balance = await balance_of(work, market_id=market.id, account=account, currency=market.currency)
            assert balance.minor == 0
    assert line is not None
    assert tuple(line) == ("CLAIM", -7_000, case.shipper.id)


async def test_nothing_is_accepted_before_the_driver_is_heard_or_the_time_for_it_is_over(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    claim_id = await case.open()
    clock.advance(seconds=259_199)

    with pytest.raises(HearingOpen):
        await accept(case, claim_id)
    assert await case.amounts() == (0, 0)
    assert await case.steps() == 1
    clock.advance(seconds=1)
    await accept(case, claim_id)

    assert await case.amounts() == (-7_000, 7_000)


async def test_a_claim_is_decided_once(works: Works, clock: ManualClock) -> None:
    case = await make_case(works, clock)
    claim_id = await case.open()
    clock.advance(seconds=3 * DAY_S)
    await accept(case, claim_id)

    for again in (
        accept(case, claim_id),
        case.run(reject_claim, by=case.operator, claim_id=claim_id, reason="no"),
        case.run(withdraw_claim, by=case.shipper, claim_id=claim_id),
        case.run(add_claim_evidence, by=case.shipper, claim_id=claim_id, text="more"),
    ):
        with pytest.raises(ClaimEnded):
            await again

    assert await case.amounts() == (-7_000, 7_000)
    assert await case.steps() == 2
    with pytest.raises(AlreadyClaimed):
        await case.open(case.recipient)


async def test_two_operators_who_accept_at_once_credit_once(committed_works: Works, clock: ManualClock) -> None:
    case = await make_case(committed_works, clock)
    claim_id = await case.open()
    clock.advance(seconds=3 * DAY_S)

    async def accept_all(work: Work) -> None:
        await accept_claim(work, by=case.operator, claim_id=claim_id, accepted_minor=9_000, reason="seen")

    answers = await at_once(*[(committed_works, accept_all)] * 3)

    assert codes(answers) == {"done": 1, "CLAIM_ENDED": 2}
    assert await case.amounts() == (-9_000, 9_000)


@pytest.mark.parametrize(("declared", "asked"), [(12_000, 12_001), (None, 50_001), (12_000, 0)])
async def test_no_more_is_asked_than_was_declared_or_the_limit_where_nothing_was(
    works: Works, clock: ManualClock, declared: int | None, asked: int
) -> None:
    case = await make_case(works, clock, declared_minor=declared)

    with pytest.raises(BadClaim):
        await case.open(asked_minor=asked)

    assert await case.steps() == 0
    assert "ClaimChanged" not in await case.drive.events()


async def test_no_more_is_accepted_than_the_limit_of_the_day_it_was_opened(works: Works, clock: ManualClock) -> None:
    case = await make_case(works, clock)
    await case.run(lambda work: work.execute("UPDATE market SET claim_limit_minor = 5000"))
    claim_id = await case.open()
    await case.run(lambda work: work.execute("UPDATE market SET claim_limit_minor = 50000"))
    clock.advance(seconds=3 * DAY_S)

    with pytest.raises(OverLimit):
        await accept(case, claim_id, 5_001)
    assert await case.amounts() == (0, 0)
    await accept(case, claim_id, 5_000)

    assert await case.amounts() == (-5_000, 5_000)


async def test_a_claim_is_for_a_delivery_that_has_ended_not_too_long_ago_and_is_ones_own(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    stranger = Party(kind=PrincipalKind.SHIPPER, id=case.driver.id)
    with pytest.raises(NotFound):
        await case.open(stranger)
    clock.now += LONG_AGO
    with pytest.raises(NotClaimable):
        await case.open()
    await case.run(lambda work: work.execute("UPDATE delivery SET changed_at = $1, state = 'CANCELLED'", work.now))
    with pytest.raises(NotClaimable):
        await case.open()

    assert await case.steps() == 0


async def test_a_claim_waits_for_the_evidence_that_was_asked_for_and_goes_on_with_it(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    claim_id = await case.open(case.recipient)
    clock.advance(seconds=3 * DAY_S)
    await case.run(ask_claim_evidence, by=case.operator, claim_id=claim_id, text="a picture, please")
    with pytest.raises(ClaimEnded):
        await accept(case, claim_id)
    shown = await case.send_picture(case.recipient)

    await case.run(add_claim_evidence, by=case.recipient, claim_id=claim_id, text="here", proof_ids=[shown])

    claim = await case.claim(claim_id, case.driver)
    assert claim["state"] == "OPEN"
    assert [(entry["kind"], entry["proof_ids"]) for entry in claim["entries"]] == [
        ("OPENED", []),
        ("ASKED", []),
        ("EVIDENCE", [str(shown)]),
    ]
    clock.advance(seconds=2 * DAY_S)
    assert await sweep_proofs(works, store=case.store) == 0


async def test_a_picture_is_named_once_and_by_whom_it_is_from(works: Works, clock: ManualClock) -> None:
    case = await make_case(works, clock)
    theirs = await case.send_picture(case.recipient)

    with pytest.raises(ProofMissing):
        await case.open(proof_ids=[theirs])
    claim_id = await case.open(case.recipient, proof_ids=[theirs])
    with pytest.raises(ProofMissing):
        await case.run(add_claim_evidence, by=case.recipient, claim_id=claim_id, text="once more", proof_ids=[theirs])

    assert await case.steps() == 1


async def test_the_driver_answers_once_and_only_about_what_they_drove(works: Works, clock: ManualClock) -> None:
    case = await make_case(works, clock)
    claim_id = await case.open()
    another = Party(kind=PrincipalKind.DRIVER, id=case.shipper.id)

    with pytest.raises(NotFound):
        await case.run(answer_claim, by=another, claim_id=claim_id, text="not I")
    await case.run(answer_claim, by=case.driver, claim_id=claim_id, text="it was whole")
    with pytest.raises(AnsweredAlready):
        await case.run(answer_claim, by=case.driver, claim_id=claim_id, text="really")

    assert await case.steps() == 2


async def test_a_withdrawn_claim_can_be_followed_by_another_and_a_rejected_one_cannot(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    first = await case.open()
    with pytest.raises(NotAllowed):
        await case.run(withdraw_claim, by=case.recipient, claim_id=first)
    await case.run(withdraw_claim, by=case.shipper, claim_id=first)
    second = await case.open()

    await case.run(reject_claim, by=case.operator, claim_id=second, reason="the box is whole")

    with pytest.raises(AlreadyClaimed):
        await case.open()
    assert [(await case.claim(one))["state"] for one in (first, second)] == ["WITHDRAWN", "REJECTED"]
    assert await case.amounts() == (0, 0)


async def test_a_full_file_still_has_room_for_the_driver_and_the_end(works: Works, clock: ManualClock) -> None:
    case = await make_case(works, clock)
    claim_id = await case.open()
    for _ in range(47):
        await case.run(add_claim_evidence, by=case.shipper, claim_id=claim_id, text="more")

    with pytest.raises(ClaimFull):
        await case.run(add_claim_evidence, by=case.shipper, claim_id=claim_id, text="and more")
    await case.run(answer_claim, by=case.driver, claim_id=claim_id, text="it was whole")
    await accept(case, claim_id)

    assert len((await case.claim(claim_id))["entries"]) == 50


async def test_each_side_reads_its_own_claims_and_nobody_elses(works: Works, clock: ManualClock) -> None:
    case = await make_case(works, clock)
    await case.open()
    sides = (case.shipper, case.recipient, case.driver, case.operator)
    stranger_id = case.drive.route.id
    strangers = [Party(kind=side.kind, id=stranger_id, market_id=stranger_id) for side in sides]

    async with works.open() as work:
        read = [len(await list_claims(work.connection, party=side, only_open=True)) for side in (*sides, *strangers)]

    assert read == [1, 1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("text", ["", " ", "x" * 1_001, "a\0b"])
async def test_a_step_is_made_in_words_that_can_be_kept(works: Works, clock: ManualClock, text: str) -> None:
    case = await make_case(works, clock)

    with pytest.raises(BadClaimText):
        await case.open(text=text)

    assert await case.steps() == 0


async def test_erasing_the_recipient_takes_words_and_pictures_and_leaves_the_amounts(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    shown = await case.send_picture(case.recipient)
    claim_id = await case.open(case.recipient, text="Luz says it is broken", proof_ids=[shown])
    clock.advance(seconds=3 * DAY_S)
    await accept(case, claim_id)

    by = Principal(kind=PrincipalKind.SHIPPER, id=case.shipper.id)
    await case.run(erase_recipient, by=by, delivery_id=case.delivery_id)
    await sweep_proofs(works, store=case.store)

    opened, accepted = (await case.claim(claim_id))["entries"]
    assert (opened["text"], opened["proof_ids"], opened["amount_minor"]) == ("", [], 9_000)
    assert (accepted["text"], accepted["amount_minor"]) == ("seen", 7_000)
    assert case.store.objects == {}
    assert await case.amounts() == (-7_000, 7_000)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE claim_entry SET amount_minor = 1",
        "UPDATE claim_entry SET text = 'other words'",
        "DELETE FROM claim_entry",
        "UPDATE claim SET asked_minor = 1",
        "DELETE FROM claim",
    ],
)
async def test_a_file_is_never_rewritten(works: Works, clock: ManualClock, edit: str) -> None:
    case = await make_case(works, clock)
    await case.open()

    with pytest.raises(asyncpg.RestrictViolationError):
        await case.run(lambda work: work.execute(edit))
