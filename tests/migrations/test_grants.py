"""A user of `serve` and `work` can do their work and cannot rewrite history, whatever SQL it sends.

Each test signs in to a real server as a login that is a member of the role, in a database with history that was
committed by the owner.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from marketplace.core.clock import DatabaseClock
from marketplace.core.database import connect, open_database, with_database
from marketplace.core.grants import CANNOT_CREATE, ROLE, can_rewrite_history, grant_application
from marketplace.core.migrate import check_version, migrate
from marketplace.core.work import Works
from marketplace.ledger import check_ledger, hold_money, settle_hold, wallet_available
from tests.builders import make_market
from tests.marketplace.ledger.world import earn, pay_out, pesos, post

ANA = UUID(int=1)
USERS = Path(__file__).parents[2] / "deploy" / "users.sql"
HISTORY = [
    "account",
    "acceptance_model",
    "attempt",
    "erasure",
    "event",
    "journal",
    "operator_action",
    "pay_policy",
    "posting",
    "quote",
    "rating",
    "standing_evidence",
    "stock_movement",
    "surge_bonus",
]
REWRITING = [
    "UPDATE journal SET kind = 'X'",
    "DELETE FROM journal",
    "TRUNCATE journal CASCADE",
    "UPDATE posting SET amount_minor = 1",
    "DELETE FROM posting",
    "TRUNCATE posting",
    "UPDATE account SET credits_posted = 10000",
    "UPDATE account SET is_floored = false",
    "DELETE FROM account",
    "INSERT INTO account SELECT gen_random_uuid(), market_id, 'rich', kind, currency, true, 0, 1000 FROM account",
    "ALTER TABLE posting DISABLE TRIGGER USER",
    "ALTER TABLE posting DISABLE TRIGGER posting_stays",
    "ALTER TABLE account DISABLE TRIGGER ALL",
    "ALTER TABLE account DROP CONSTRAINT account_floor",
    "DROP TRIGGER posting_stays ON posting",
    "DROP TABLE posting",
    "DROP INDEX posting_resolved_once",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER own BEFORE INSERT ON posting FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TABLE own (id uuid)",
    "SET session_replication_role = replica",
    "UPDATE event SET payload = '{}'",
    "DELETE FROM event",
    "UPDATE quote SET total_minor = 1",
    "DELETE FROM operator_action",
    "DELETE FROM tortoise_migrations",
]
RIGHTS = """
SELECT privilege_type AS word FROM information_schema.table_privileges
WHERE grantee = $1 AND table_name = $2 ORDER BY privilege_type
"""
COLUMN_RIGHTS = """
SELECT column_name FROM information_schema.column_privileges
WHERE grantee = $1 AND table_name = 'account' AND privilege_type = $2 ORDER BY column_name
"""


@pytest.fixture
async def login(fresh_url: str) -> AsyncIterator[str]:
    """The URL of the test's database for a login that has the role's rights and nothing else."""
    name, password = f"doorstep_login_{uuid4().hex[:12]}", uuid4().hex
    owner = await connect(fresh_url)
    await owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {ROLE}")
    parts = urlsplit(fresh_url)
    place = parts.netloc.rpartition("@")[2]
    yield parts._replace(netloc=f"{name}:{password}@{place}").geturl()
    await owner.execute(f"DROP ROLE {name}")
    await owner.close()


@pytest.fixture
async def signed_in(login: str, history: UUID) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the login, in a database with history."""
    connection = await connect(login)
    yield connection
    await connection.close()


@pytest.fixture
async def history(committed_works: Works) -> UUID:
    """A market with pay on a wallet, and what happened there."""
    async with committed_works.open() as work:
        market = await make_market(work)
        await post(work, market, "route-1", earn(ANA, 1000))
    return market.id


async def test_the_login_does_the_work_of_the_ledger(login: str, history: UUID) -> None:
    async with open_database(login, pool_size=2) as database:
        works = Works(database, DatabaseClock())

        async with works.open() as work:
            hold_id = await hold_money(
                work, market_id=history, key="hold", kind="HOLD", subject_id=history, entry=pay_out(ANA, 700)
            )
            await settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(450))

        async with works.open() as work:
            assert await wallet_available(work, market_id=history, driver_id=ANA, currency="CLP") == pesos(550)
            assert (await check_ledger(work, market_id=history)).is_sound
            await check_version(work.connection)


async def test_the_login_is_refused_whatever_would_rewrite_history(signed_in: asyncpg.Connection) -> None:
    for statement in REWRITING:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await signed_in.execute(statement)
            pytest.fail(f"allowed: {statement}")


async def test_the_one_column_that_locks_take_is_kept_by_the_trigger(signed_in: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="account is history"):
        await signed_in.execute("UPDATE account SET created_at = now()")


async def test_a_table_of_the_logins_own_does_not_take_the_place_of_the_accounts(
    signed_in: asyncpg.Connection, history: UUID
) -> None:
    """The trigger works as the owner; what it reads is named by the owner as well."""
    await signed_in.execute("CREATE TEMP TABLE account (LIKE public.account)")
    await signed_in.execute("INSERT INTO pg_temp.account SELECT * FROM public.account")
    await signed_in.execute("UPDATE pg_temp.account SET credits_posted = 1000000, is_floored = false")

    with pytest.raises(asyncpg.CheckViolationError, match="account_floor"):
        await signed_in.execute(
            "INSERT INTO posting (id, market_id, journal_id, debit_id, credit_id, amount_minor, currency, state,"
            " created_at) SELECT gen_random_uuid(), market_id, journal_id, credit_id, debit_id, 1001, currency, state,"
            " created_at FROM posting"
        )


async def test_the_rights_on_every_table_of_history_leave_it_as_it_is(signed_in: asyncpg.Connection) -> None:
    rights = {name: [row["word"] for row in await signed_in.fetch(RIGHTS, ROLE, name)] for name in HISTORY}

    assert rights == {name: ["INSERT", "SELECT"] for name in HISTORY} | {"account": ["SELECT"]}
    assert [row["column_name"] for row in await signed_in.fetch(COLUMN_RIGHTS, ROLE, "UPDATE")] == ["created_at"]
    inserted = {row["column_name"] for row in await signed_in.fetch(COLUMN_RIGHTS, ROLE, "INSERT")}
    assert not inserted & {"debits_posted", "credits_posted", "debits_pending"}


async def test_migrating_again_gives_rights_on_what_has_come_since(fresh_url: str, login: str) -> None:
    owner = await connect(fresh_url)
    await owner.execute("CREATE TABLE newcomer (id uuid)")

    await migrate(fresh_url)

    connection = await connect(login)
    assert await connection.execute("INSERT INTO newcomer VALUES (gen_random_uuid())") == "INSERT 0 1"
    await connection.close()
    await owner.close()


async def test_only_an_owner_could_rewrite_history(fresh_url: str, signed_in: asyncpg.Connection) -> None:
    owner = await connect(fresh_url)

    assert (await can_rewrite_history(owner), await can_rewrite_history(signed_in)) == (True, False)

    await owner.close()


async def test_the_users_of_production_are_enough_without_any_right_to_create_roles(server_url: str) -> None:
    """The statements of deploy/users.sql, under names of the test's own; the role itself is there already."""
    suffix = uuid4().hex[:12]
    admin = await connect(server_url)
    script = re.sub("--.*", "", USERS.read_text()).replace("CREATE ROLE doorstep_app NOLOGIN;", "")
    for name in ("doorstep_owner", "doorstep_serve"):
        script = script.replace(name, f"{name}_{suffix}")
    script = script.replace("DATABASE doorstep ", f"DATABASE doorstep_{suffix} ")
    for statement in filter(str.strip, script.split(";")):
        await admin.execute(statement)
    notices: list[str] = []
    place = urlsplit(with_database(server_url, f"doorstep_{suffix}"))
    host = place.netloc.rpartition("@")[2]

    def url(user: str) -> str:
        return place._replace(netloc=f"{user}_{suffix}:change-me@{host}").geturl()

    await migrate(url("doorstep_owner"), on_notice=notices.append)

    serve = await connect(url("doorstep_serve"))
    assert notices == []
    assert await serve.fetchval("SELECT count(*) FROM posting") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await serve.execute("ALTER TABLE posting DISABLE TRIGGER USER")
    await serve.close()
    await admin.execute(f"DROP DATABASE doorstep_{suffix} WITH (FORCE)")
    await admin.execute(f"DROP ROLE doorstep_owner_{suffix}, doorstep_serve_{suffix}")
    await admin.close()


async def test_an_owner_who_may_not_create_roles_is_told_what_to_ask_for(fresh_url: str) -> None:
    owner = await connect(fresh_url)
    rolled_back = owner.transaction()
    await rolled_back.start()
    await owner.execute(f"ALTER ROLE {ROLE} RENAME TO {ROLE}_elsewhere")
    await owner.execute("CREATE ROLE doorstep_plain NOLOGIN")
    await owner.execute("SET LOCAL ROLE doorstep_plain")

    notice = await grant_application(owner)

    assert notice == CANNOT_CREATE
    await rolled_back.rollback()
    await owner.close()
