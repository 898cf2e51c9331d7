"""A shipper's key is shown once, kept as a digest and good until it is revoked."""

import re

import pytest

from marketplace.accounts import PrincipalKind, Unauthenticated, create_api_key, revoke_api_key, verify_api_key
from marketplace.core.errors import LimitReached, NotFound
from marketplace.core.ids import ShipperId
from marketplace.core.work import Work
from tests.builders import make_market, make_shipper


@pytest.mark.parametrize(("is_test", "form"), [(True, r"dsk_test_[\w-]{43}"), (False, r"dsk_live_[\w-]{43}")])
async def test_a_key_tells_test_from_live_and_speaks_for_its_shipper(work: Work, is_test: bool, form: str) -> None:
    shipper = await make_shipper(work, await make_market(work), is_test=is_test)

    key = await create_api_key(work, shipper_id=ShipperId(shipper.id))

    assert re.fullmatch(form, key.secret)
    principal = await verify_api_key(work.connection, key.secret)
    assert (principal.kind, principal.shipper_id, principal.is_test) == (PrincipalKind.SHIPPER, shipper.id, is_test)
    row = await work.fetch_row("SELECT prefix, digest FROM api_key WHERE id = $1", key.id)
    assert row is not None
    assert row["prefix"] == key.secret[:13]
    assert len(row["digest"]) == 32
    assert key.secret not in repr(key)


async def test_a_revoked_key_is_refused(work: Work) -> None:
    shipper = await make_shipper(work, await make_market(work))
    key = await create_api_key(work, shipper_id=ShipperId(shipper.id))
    other = await create_api_key(work, shipper_id=ShipperId(shipper.id))

    await revoke_api_key(work, shipper_id=ShipperId(shipper.id), key_id=key.id)
    await revoke_api_key(work, shipper_id=ShipperId(shipper.id), key_id=key.id)

    with pytest.raises(Unauthenticated):
        await verify_api_key(work.connection, key.secret)
    assert (await verify_api_key(work.connection, other.secret)).shipper_id == shipper.id


async def test_a_shipper_cannot_revoke_the_key_of_another(work: Work) -> None:
    market = await make_market(work)
    owner, stranger = await make_shipper(work, market), await make_shipper(work, market)
    key = await create_api_key(work, shipper_id=ShipperId(owner.id))

    with pytest.raises(NotFound):
        await revoke_api_key(work, shipper_id=ShipperId(stranger.id), key_id=key.id)

    assert (await verify_api_key(work.connection, key.secret)).shipper_id == owner.id


@pytest.mark.parametrize("secret", ["dsk_live_", "dsk_live_" + "A" * 43, "dsk_\x00", "dsk_\ud800"])
async def test_an_invented_key_is_refused(work: Work, secret: str) -> None:
    with pytest.raises(Unauthenticated):
        await verify_api_key(work.connection, secret)


async def test_a_shipper_has_at_most_twenty_keys(work: Work) -> None:
    shipper = await make_shipper(work, await make_market(work))
    for _ in range(20):
        await create_api_key(work, shipper_id=ShipperId(shipper.id))

    with pytest.raises(LimitReached):
        await create_api_key(work, shipper_id=ShipperId(shipper.id))


async def test_nobody_gets_a_key_for_a_shipper_that_is_not_there(work: Work) -> None:
    with pytest.raises(NotFound):
        await create_api_key(work, shipper_id=ShipperId(work.new_id()))
