"""A code goes to whoever signs in with an address, and nobody learns whether an address is known."""

import pytest

from marketplace.accounts import BadAddress, PrincipalKind, TooManyCodes, add_operator, request_sign_in_code
from marketplace.accounts.queries import SIGNS_IN
from marketplace.core.work import Work
from marketplace.fleet.states import AccountState
from tests.builders import make_driver, make_market
from tests.marketplace.accounts.builders import TOKENS, ask_for_code, grow_older


async def test_a_driver_is_sent_six_digits_of_which_only_a_digest_is_kept(work: Work) -> None:
    driver = await make_driver(work, await make_market(work), phone="+56912345678")

    code = await ask_for_code(work, driver)

    rows = await work.fetch("SELECT kind, address, digest, expires_at - created_at AS life FROM sign_in_code")
    assert [(row["kind"], row["address"]) for row in rows] == [("driver", "+56912345678")]
    assert len(code) == 6
    assert code.encode() not in rows[0]["digest"]
    assert rows[0]["life"].total_seconds() == 600


async def test_a_phone_number_is_taken_as_people_type_it(work: Work) -> None:
    await make_driver(work, await make_market(work), phone="+56912345678")

    message = await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address="+56 9 1234-5678", tokens=TOKENS)

    assert message is not None
    assert (message.audience, message.address) == ("driver", "+56912345678")


async def test_an_operator_is_written_to_by_mail(work: Work) -> None:
    await add_operator(work, name="Marta", email="Marta@Example.com")

    message = await request_sign_in_code(
        work, kind=PrincipalKind.OPERATOR, address=" marta@example.COM ", tokens=TOKENS
    )

    assert message is not None
    assert (message.audience, message.address) == ("operator", "marta@example.com")


async def test_an_unknown_phone_gets_a_row_and_no_message(work: Work) -> None:
    message = await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address="+56987654321", tokens=TOKENS)

    assert message is None
    assert await work.fetch_value("SELECT count(*) FROM sign_in_code WHERE address = '+56987654321'") == 1


@pytest.mark.parametrize("state", [AccountState.APPLIED, AccountState.APPROVED])
async def test_who_applies_signs_in_to_hand_in_papers(work: Work, state: AccountState) -> None:
    driver = await make_driver(work, await make_market(work), account_state=state.value)

    message = await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=driver.phone, tokens=TOKENS)

    assert message is not None


@pytest.mark.parametrize("state", [state for state in AccountState if state.value not in SIGNS_IN])
async def test_a_driver_who_may_not_sign_in_looks_unknown(work: Work, state: AccountState) -> None:
    driver = await make_driver(work, await make_market(work), account_state=state.value)

    assert await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=driver.phone, tokens=TOKENS) is None


@pytest.mark.parametrize("is_known", [True, False])
async def test_the_fourth_code_in_a_quarter_of_an_hour_is_refused_known_or_not(work: Work, is_known: bool) -> None:
    phone = "+56911112222"
    if is_known:
        await make_driver(work, await make_market(work), phone=phone)
    for _ in range(3):
        await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=phone, tokens=TOKENS)

    with pytest.raises(TooManyCodes, match="ask again in 900 seconds"):
        await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=phone, tokens=TOKENS)

    assert await work.fetch_value("SELECT count(*) FROM sign_in_code") == 3
    await grow_older(work, "sign_in_code", seconds=901)
    await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=phone, tokens=TOKENS)


@pytest.mark.parametrize("address", ["", "912345678", "+", "+56 9", "call me", "+5691234567890123", "a\x00b"])
async def test_what_is_no_phone_number_is_refused(work: Work, address: str) -> None:
    with pytest.raises(BadAddress) as refusal:
        await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=address, tokens=TOKENS)

    assert refusal.value.field == "address"
    assert await work.fetch_value("SELECT count(*) FROM sign_in_code") == 0


@pytest.mark.parametrize(
    "address", ["", "marta", "a@b", "a b@example.com", "a@exa\x00mple.com", "a@" + "b" * 300 + ".cl"]
)
async def test_what_is_no_mailbox_is_refused(work: Work, address: str) -> None:
    with pytest.raises(BadAddress):
        await request_sign_in_code(work, kind=PrincipalKind.OPERATOR, address=address, tokens=TOKENS)
