"""What a process that serves or works may do to the database: everything but rewrite history.

The tables belong to whoever migrates. API and workers need less: they may neither change nor remove what is history,
nor an account's totals, nor switch off a trigger. A role without login holds just these rights; in production the user
of `serve` and `work` is a member of it and owns nothing.
"""

import re

import asyncpg

from marketplace.core.errors import CannotStart

ROLE = "doorstep_app"
"""Rights of API and workers; a login gets them with `CREATE ROLE … LOGIN IN ROLE doorstep_app`."""

PLAIN_NAME = re.compile("[a-z_][a-z0-9_]{0,52}")

CREATE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server made it in this moment
END $$
"""
TABLES = """
SELECT relname AS name, coalesce(bool_or(tgtype & 16 > 0), false) AS keeps_rows,
       coalesce(bool_or(tgtype & 8 > 0), false) AS keeps_all
FROM pg_class LEFT JOIN pg_trigger ON tgrelid = pg_class.oid AND tgqual IS NULL
  AND tgfoid = to_regproc('refuse_change')
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') GROUP BY relname ORDER BY relname
"""
"""Each table, and whether a trigger refuses every update (16) and every removal (8) of its rows."""

NARROW = {
    # Totals are left out: they begin at nothing and postings change them. A row lock takes the right to update some
    # column; the trigger refuses to do it.
    "account": "SELECT, INSERT (id, market_id, code, kind, currency, is_floored, created_at), UPDATE (created_at)",
    "event": "SELECT, INSERT, UPDATE (position)",
    # People in these can be erased; the triggers keep the rest.
    "claim_entry": "SELECT, INSERT, UPDATE (text, proof_ids)",
    "cold_breach": "SELECT, INSERT, UPDATE (settled_at, settled_by, note)",
    "custody": "SELECT, INSERT, UPDATE (identity_mark)",
    "quote": "SELECT, INSERT, UPDATE (request)",
    "tortoise_migrations": "SELECT",
}
"""Rights on tables that the triggers do not tell."""

ROLE_OF_SCHEMA = f"""
SELECT CASE current_schema() WHEN 'public' THEN '{ROLE}' ELSE '{ROLE}_' || current_schema() END
"""
"""Each group of markets with a schema of its own has a role of its own, or its members could read all the others."""

CANNOT_CREATE = (
    f"this user may not create roles, so there is no {ROLE} whose members cannot rewrite history; triggers alone"
    f" keep it. Have an administrator run CREATE ROLE {ROLE} NOLOGIN, then run doorstep migrate again"
)


OWNS_HISTORY = """
SELECT pg_has_role(tableowner, 'USAGE') FROM pg_tables WHERE (schemaname, tablename) = (current_schema(), 'journal')
"""


async def can_rewrite_history(connection: asyncpg.Connection) -> bool:
    """Whether this user owns the ledger's tables, and could switch their triggers off."""
    return bool(await connection.fetchval(OWNS_HISTORY))


async def grant_application(connection: asyncpg.Connection) -> str | None:
    """Gives the role its rights on every table there is; returns a sentence for people where it cannot."""
    role = await connection.fetchval(ROLE_OF_SCHEMA)
    if not PLAIN_NAME.fullmatch(role):
        raise CannotStart(f"the schema of {role} needs a plain name: small letters, digits and _, at most 40 of them")
    try:
        await connection.execute(CREATE_ROLE.format(role=role))
    except asyncpg.InsufficientPrivilegeError:
        return CANNOT_CREATE
    schema = await connection.fetchval("SELECT quote_ident(current_schema())")
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    ]
    tables = await connection.fetch(TABLES)
    statements += [f'GRANT {_rights(table)} ON {schema}."{table["name"]}" TO {role}' for table in tables]
    async with connection.transaction():
        await connection.execute(";\n".join(statements))
    return None


def _rights(table: asyncpg.Record) -> str:
    if table["name"] in NARROW:
        return NARROW[table["name"]]
    update = [] if table["keeps_rows"] else ["UPDATE"]
    remove = [] if table["keeps_all"] else ["DELETE"]
    return ", ".join(["SELECT", "INSERT", *update, *remove])
