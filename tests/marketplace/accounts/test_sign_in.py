"""Five tries, one use, ten minutes: what a one-time code is good for."""

from marketplace.accounts import CodeRefused, PrincipalKind, SignedIn, add_operator, request_sign_in_code, sign_in
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from tests.builders import make_driver, make_market, suspend_driver
from tests.marketplace.accounts.builders import TOKENS, ask_for_code, grow_older


async def try_code(work: Work, driver: Driver, code: str) -> SignedIn | CodeRefused:
    return await sign_in(work, kind=PrincipalKind.DRIVER, address=driver.phone, code=code, tokens=TOKENS)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_the_right_code_opens_a_session_that_speaks_for_the_driver(work: Work) -> None:
    market = await make_market(work)
    driver = await make_driver(work, market)

    opened = await try_code(work, driver, await ask_for_code(work, driver))

    assert isinstance(opened, SignedIn)
    principal = TOKENS.read_access(opened.access_token)
    assert (principal.kind, principal.driver_id, principal.market_id) == (PrincipalKind.DRIVER, driver.id, market.id)
    assert principal == opened.principal
    assert (opened.refresh_expires_at - work.machine_now).days == 30
    assert 899 <= (opened.access_expires_at - work.machine_now).total_seconds() <= 900
    row = await work.fetch_row("SELECT digest, principal_id FROM session WHERE id = $1", principal.session_id)
    assert row is not None
    assert row["principal_id"] == driver.id
    assert opened.refresh_token.encode() not in row["digest"]


async def test_an_operator_signs_in_by_mail(work: Work) -> None:
    operator_id = await add_operator(work, name="Marta", email="marta@example.com")
    message = await request_sign_in_code(work, kind=PrincipalKind.OPERATOR, address="marta@example.com", tokens=TOKENS)
    assert message is not None

    opened = await sign_in(
        work, kind=PrincipalKind.OPERATOR, address="marta@example.com", code=message.text[:6], tokens=TOKENS
    )

    assert isinstance(opened, SignedIn)
    assert opened.principal.operator_id == operator_id


async def test_a_code_works_once(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    code = await ask_for_code(work, driver)
    await try_code(work, driver, code)

    again = await try_code(work, driver, code)

    assert isinstance(again, CodeRefused)
    assert await work.fetch_value("SELECT count(*) FROM session WHERE principal_id = $1", driver.id) == 1


async def test_five_wrong_tries_use_a_code_up(works: Works) -> None:
    async with works.open() as work:
        driver = await make_driver(work, await make_market(work))
        code = await ask_for_code(work, driver)

    for _ in range(5):
        async with works.open() as work:
            assert isinstance(await try_code(work, driver, other_than(code)), CodeRefused)

    async with works.open() as work:
        assert isinstance(await try_code(work, driver, code), CodeRefused)
        assert await work.fetch_value("SELECT attempts FROM sign_in_code") == 5
        assert await work.fetch_value("SELECT count(*) FROM session WHERE principal_id = $1", driver.id) == 0


async def test_four_wrong_tries_leave_one(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    code = await ask_for_code(work, driver)
    for _ in range(4):
        await try_code(work, driver, other_than(code))

    assert isinstance(await try_code(work, driver, code), SignedIn)


async def test_a_code_ends_after_ten_minutes(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    code = await ask_for_code(work, driver)
    await grow_older(work, "sign_in_code", seconds=600)

    assert isinstance(await try_code(work, driver, code), CodeRefused)


async def test_a_new_code_replaces_the_one_before(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    first = await ask_for_code(work, driver)
    second = await ask_for_code(work, driver)

    assert first == second or isinstance(await try_code(work, driver, first), CodeRefused)
    assert isinstance(await try_code(work, driver, second), SignedIn)


async def test_every_refusal_reads_the_same(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    code = await ask_for_code(work, driver)

    wrong = await try_code(work, driver, other_than(code))
    unknown = await sign_in(work, kind=PrincipalKind.DRIVER, address="+56987654321", code=code, tokens=TOKENS)
    await suspend_driver(work, driver, "DEACTIVATED")
    suspended = await try_code(work, driver, code)

    refusals = [answer for answer in (wrong, unknown, suspended) if isinstance(answer, CodeRefused)]
    assert [(refusal.code, refusal.message, refusal.field) for refusal in refusals] == [
        ("CODE_REFUSED", "the code is wrong or no longer good; ask for a new one", "code")
    ] * 3


async def test_the_code_of_one_driver_is_nothing_to_another(work: Work) -> None:
    market = await make_market(work)
    driver, other = await make_driver(work, market), await make_driver(work, market)
    code, others_code = await ask_for_code(work, driver), await ask_for_code(work, other)

    assert code == others_code or isinstance(await try_code(work, other, code), CodeRefused)
