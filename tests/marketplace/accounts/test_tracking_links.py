"""A tracking link is for one delivery, ends with it, and tells nothing to whoever guesses."""

import pytest

from marketplace.accounts import (
    LinkEnded,
    PrincipalKind,
    Tokens,
    create_tracking_link,
    revoke_tracking_links,
    verify_tracking_link,
)
from marketplace.accounts.tokens import digest_of_tracking
from marketplace.batches.models import Delivery
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work, Works
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper

TOKENS = Tokens("a secret of a deployment, thirty-two characters")
DAY_S = 86_400


async def delivery_of(work: Work, **changes: object) -> Delivery:
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    batch = await make_batch(work, market, shipper)
    return await make_delivery(work, market, shipper, await make_hub(work, market), batch, **changes)


async def link_to(work: Work, delivery: Delivery) -> str:
    return await create_tracking_link(work, delivery_id=DeliveryId(delivery.id), tokens=TOKENS)


async def refusal(work: Work, token: str) -> tuple[str, str]:
    with pytest.raises(LinkEnded) as refused:
        await verify_tracking_link(work.connection, token, now=work.now)
    return refused.value.code, refused.value.message


async def test_a_token_speaks_for_the_recipient_of_one_delivery(work: Work) -> None:
    delivery = await delivery_of(work)

    token = await link_to(work, delivery)

    principal = await verify_tracking_link(work.connection, token, now=work.now)
    assert (principal.kind, principal.delivery_id) == (PrincipalKind.RECIPIENT, delivery.id)
    assert principal.home_market_id == delivery.market_id


async def test_a_token_has_192_bits_and_only_its_digest_is_kept(work: Work) -> None:
    token = await link_to(work, await delivery_of(work))

    assert (token[:4], len(token)) == ("trk_", 4 + 192 // 6)
    row = await work.fetch_row("SELECT digest, tracking_link::text AS words FROM tracking_link")
    assert row is not None
    assert row["digest"] == digest_of_tracking(token)
    assert token[4:] not in row["words"]


async def test_the_same_link_is_told_again_until_the_secret_of_the_deployment_changes(work: Work) -> None:
    delivery = await delivery_of(work)
    first = await link_to(work, delivery)

    assert await link_to(work, delivery) == first
    other = await create_tracking_link(work, delivery_id=DeliveryId(delivery.id), tokens=Tokens("another secret"))

    assert other != first
    assert (await verify_tracking_link(work.connection, other, now=work.now)).id == delivery.id
    assert await refusal(work, first)  # of two links to one door the later counts


async def test_wrong_revoked_and_ended_links_are_refused_in_the_same_words(work: Work) -> None:
    revoked, ended = await delivery_of(work), await delivery_of(work, state="DELIVERED")
    tokens = [await link_to(work, revoked), await link_to(work, ended)]
    await revoke_tracking_links(work, delivery_ids=[revoked.id])
    await work.execute("UPDATE delivery SET changed_at = $1::timestamptz - interval '8 days'", work.now)

    told = {await refusal(work, token) for token in (*tokens, "trk_" + "A" * 32, "trk_", tokens[0][4:])}

    assert told == {("LINK_ENDED", "this link is not good, or not any more; ask the sender for a new one")}


@pytest.mark.parametrize("state", ["DELIVERED", "RETURNED", "CANCELLED", "EXPIRED", "FAILED"])
async def test_a_link_outlives_its_delivery_by_the_dial(works: Works, clock: ManualClock, state: str) -> None:
    async with works.open() as work:
        delivery = await delivery_of(work, state=state)
        token = await link_to(work, delivery)
        await work.execute("UPDATE market SET tracking_link_s = $1", 2 * DAY_S)

    clock.advance(seconds=2 * DAY_S - 1)
    async with works.open() as work:
        assert (await verify_tracking_link(work.connection, token, now=work.now)).id == delivery.id
    clock.advance(seconds=1)
    async with works.open() as work:
        assert await refusal(work, token)


async def test_a_link_to_an_open_delivery_does_not_end(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        delivery = await delivery_of(work)
        token = await link_to(work, delivery)

    clock.advance(seconds=60 * DAY_S)

    async with works.open() as work:
        assert (await verify_tracking_link(work.connection, token, now=work.now)).id == delivery.id


async def test_there_is_no_link_to_no_delivery(work: Work) -> None:
    with pytest.raises(NotFound):
        await create_tracking_link(work, delivery_id=DeliveryId(work.new_id()), tokens=TOKENS)

    assert await work.fetch_value("SELECT count(*) FROM tracking_link") == 0
