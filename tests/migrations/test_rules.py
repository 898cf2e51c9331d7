"""The rules that the database referees are the listed ones: none is missing, none is extra, and each says what it says.

The migration's lists are applied once more, to bare copies of the tables, so that PostgreSQL writes both in the same
words. Constraints, indexes, triggers and functions of a migrated database must equal those of the copies.
"""

import re
from collections.abc import AsyncIterator
from enum import StrEnum
from importlib import import_module
from typing import Any

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations
from tortoise.migrations.autodetector import MigrationAutodetector

import marketplace.app  # noqa: F401 - loads every package, and with it every enum
from marketplace.accounts import PrincipalKind
from marketplace.alerts import Audience, Cause, NotificationState
from marketplace.alerts.wording import WORDS
from marketplace.arrivals import PredictionMoment
from marketplace.arrivals.law import Stage
from marketplace.batches import AttemptFailure, DeliveryState, FailurePolicy, LeftAt, NextStep, Sector, UnassignedReason
from marketplace.billing import (
    ChargeState,
    Collects,
    InvoiceState,
    LineKind,
    Means,
    ProfileState,
    RefundState,
    Shortfall,
    Terms,
)
from marketplace.blocks import BlockState, SignUpState
from marketplace.claims import ClaimKind, ClaimState, EntryKind
from marketplace.core.database import connect, open_database, tortoise_config
from marketplace.core.migrate import WrongVersion, check_version, migrate
from marketplace.core.notifier import Channel
from marketplace.docks import AppointmentState
from marketplace.fleet import (
    AccountState,
    CompanyState,
    ContractKind,
    DocumentKind,
    DocumentState,
    PresenceState,
    Vehicle,
    VehicleState,
)
from marketplace.goals import Metric
from marketplace.hubs import ReservationState, StockReason
from marketplace.ledger.chart import AccountKind
from marketplace.ledger.states import PostingState
from marketplace.offers.states import OfferState, Outcome, WaveState, WithdrawReason
from marketplace.payments import Endpoint, OperationKind, OperationState
from marketplace.payouts import PayoutMethod, PayoutState, StatementKind, StatementState
from marketplace.pricing import SurgeLimit
from marketplace.reassignments import ReassignmentState
from marketplace.recipients import SafePlace
from marketplace.recurring_batches import OnClosedDay, RecurringState, RunOutcome
from marketplace.routes.care import CustodyKind, IdentityKind
from marketplace.routes.states import (
    CLAIM_PICTURE,
    ProofKind,
    ProofState,
    ReportFlag,
    ReportVerb,
    RouteState,
    StopKind,
    StopState,
)
from marketplace.shippers import Tier
from marketplace.standing import (
    CorrectionState,
    EvidenceKind,
    Excluded,
    SafetyReason,
    SuspensionRule,
    SuspensionState,
)
from marketplace.substitutions import SubstitutionRule, SubstitutionState
from marketplace.tips import TipState
from marketplace.webhooks import DisabledReason, Failure, MessageState, WebhookState
from marketplace.windows import HoldState

RULES = import_module("migrations.0002_rules")
SIGNING_IN = {PrincipalKind.DRIVER, PrincipalKind.OPERATOR, PrincipalKind.DISPATCHER}

CHECKED: dict[tuple[str, str], type[StrEnum] | set[Any]] = {
    ("service_level", "tier"): Tier,
    ("delivery", "tier"): Tier,
    ("experience_goal", "metric"): Metric,
    ("experience_miss", "metric"): Metric,
    ("job", "state"): {"READY", "RUNNING", "DEAD"},
    ("api_key", "mode"): {"test", "live"},
    ("session", "kind"): SIGNING_IN,
    ("sign_in_code", "kind"): SIGNING_IN,
    ("driver", "contract_kind"): ContractKind,
    ("driver", "account_state"): AccountState,
    ("stock_reservation", "state"): ReservationState,
    ("stock_movement", "reason"): StockReason,
    ("company", "state"): CompanyState,
    ("driver_document", "kind"): DocumentKind,
    ("driver_document", "state"): DocumentState,
    ("vehicle", "state"): VehicleState,
    ("standing_evidence", "kind"): EvidenceKind,
    ("standing_evidence", "excluded"): Excluded,
    ("standing_correction", "state"): CorrectionState,
    ("suspension", "state"): SuspensionState,
    ("suspension", "rule"): SuspensionRule,
    ("suspension", "safety_reason"): SafetyReason,
    ("presence", "state"): PresenceState,
    ("account", "kind"): AccountKind,
    ("posting", "state"): PostingState,
    ("delivery", "state"): DeliveryState,
    ("delivery", "failure_policy"): FailurePolicy,
    ("delivery", "sector"): Sector,
    ("recurring_batch", "state"): RecurringState,
    ("recurring_version", "on_closed_day"): OnClosedDay,
    ("recurring_run", "outcome"): RunOutcome,
    ("dock_appointment", "state"): AppointmentState,
    ("substitution", "rule"): set(SubstitutionRule) - {SubstitutionRule.NONE},
    ("substitution", "state"): SubstitutionState,
    ("shipper", "failure_policy"): FailurePolicy,
    ("attempt", "next_step"): NextStep,
    ("delivery", "safe_place"): SafePlace,
    ("erasure", "erased_by_kind"): {PrincipalKind.SHIPPER, PrincipalKind.OPERATOR},
    ("route", "state"): RouteState,
    ("reassignment", "state"): ReassignmentState,
    ("stop", "state"): StopState,
    ("stop", "kind"): StopKind,
    ("proof", "kind"): {*ProofKind, CLAIM_PICTURE},
    ("custody", "kind"): CustodyKind,
    ("custody", "identity_kind"): IdentityKind,
    ("claim", "kind"): ClaimKind,
    ("claim", "state"): ClaimState,
    ("claim", "opened_by_kind"): {PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT},
    ("claim_entry", "kind"): EntryKind,
    ("claim_entry", "by_kind"): set(PrincipalKind) - {PrincipalKind.DISPATCHER},
    ("proof", "state"): ProofState,
    ("wave", "state"): WaveState,
    ("wave", "contract_kind"): ContractKind,
    ("fairness_day", "contract_kind"): ContractKind,
    ("choice", "outcome"): Outcome,
    ("offer", "state"): OfferState,
    ("notification", "state"): NotificationState,
    ("notification", "channel"): Channel,
    ("alert_policy", "language"): set(WORDS),
    ("driver", "language"): set(WORDS),
    ("arrival_prediction", "moment"): PredictionMoment,
    ("arrival_prediction", "stage"): Stage,
    ("window_hold", "state"): HoldState,
    ("pay_statement", "state"): StatementState,
    ("pay_statement", "kind"): StatementKind,
    ("payout", "state"): PayoutState,
    ("payout", "method"): PayoutMethod,
    ("payout_quote", "method"): PayoutMethod,
    ("stripe_operation", "state"): OperationState,
    ("stripe_operation", "kind"): OperationKind,
    ("stripe_event", "endpoint"): Endpoint,
    ("block", "state"): BlockState,
    ("sign_up", "state"): SignUpState,
    ("tip", "state"): TipState,
    ("billing_profile", "terms"): Terms,
    ("billing_profile", "collects"): Collects,
    ("billing_profile", "shortfall"): Shortfall,
    ("billing_profile", "state"): ProfileState,
    ("bill_line", "kind"): LineKind,
    ("invoice_line", "kind"): LineKind,
    ("charge", "means"): Means,
    ("charge", "state"): ChargeState,
    ("refund", "state"): RefundState,
    ("invoice", "state"): InvoiceState,
    ("webhook", "state"): WebhookState,
    ("webhook", "disabled_reason"): DisabledReason,
    ("webhook_message", "state"): MessageState,
}
"""What the code may write into each column whose words the database checks."""

UNCHECKED: dict[tuple[str, str], type[StrEnum]] = {
    ("driver", "vehicle"): Vehicle,
    ("vehicle", "kind"): Vehicle,
    ("delivery", "unassigned_reason"): UnassignedReason,
    ("delivery", "failure_reason"): AttemptFailure,
    ("stop", "failure_reason"): AttemptFailure,
    ("attempt", "reason"): AttemptFailure,
    ("delivery", "left_at"): LeftAt,
    ("offer", "end_reason"): WithdrawReason,
    ("stop_report", "verb"): ReportVerb,
    ("stop_report", "flag"): ReportFlag,
    ("webhook_attempt", "failure"): Failure,
    ("notification", "cause"): Cause,
    ("notification", "audience"): Audience,
    ("surge_decision", "bound_by"): SurgeLimit,
}
"""Columns of words that only the code knows; the words have to fit in."""

EXCLUSIVE = {
    "window_hold_one_booked": (
        "UNIQUE INDEX ON window_hold USING btree (delivery_id) WHERE ((state)::text = 'BOOKED'::text)"
    ),
    "recurring_run_once": "UNIQUE INDEX ON recurring_run USING btree (recurring_batch_id, day)",
    "webhook_message_once": "UNIQUE INDEX ON webhook_message USING btree (webhook_id, event_id)",
    "webhook_message_first": (
        "UNIQUE INDEX ON webhook_message USING btree (webhook_id, line_id)"
        " WHERE (((state)::text = 'READY'::text) AND (next_at IS NOT NULL))"
    ),
    "stripe_operation_once": "UNIQUE INDEX ON stripe_operation USING btree (kind, subject_id, number)",
    "stripe_operation_one_underway": (
        "UNIQUE INDEX ON stripe_operation USING btree (kind, subject_id)"
        " WHERE ((state)::text = ANY ((ARRAY['READY'::character varying, 'SENT'::character varying,"
        " 'UNKNOWN'::character varying])::text[]))"
    ),
    "claim_once": "UNIQUE INDEX ON claim USING btree (delivery_id) WHERE ((state)::text <> 'WITHDRAWN'::text)",
    "claim_credit": "UNIQUE INDEX ON claim USING btree (credit_id) WHERE (credit_id IS NOT NULL)",
    "delivery_external_id": "UNIQUE INDEX ON delivery USING btree (shipper_id, external_id)",
    "journal_key": "UNIQUE INDEX ON journal USING btree (key)",
    "offer_one_accepted": "UNIQUE INDEX ON offer USING btree (route_id) WHERE ((state)::text = 'ACCEPTED'::text)",
    "sign_up_one_open": (
        "UNIQUE INDEX ON sign_up USING btree (block_id, driver_id)"
        " WHERE ((state)::text = ANY ((ARRAY['DRAWING'::character varying, 'WAITING'::character varying,"
        " 'ASKED'::character varying, 'SIGNED'::character varying])::text[]))"
    ),
    "offer_one_open": (
        "UNIQUE INDEX ON offer USING btree (route_id, driver_id)"
        " WHERE ((state)::text = ANY ((ARRAY['SENT'::character varying, 'VIEWED'::character varying])::text[]))"
    ),
    "pay_statement_true_up_once": (
        "UNIQUE INDEX ON pay_statement USING btree"
        " (driver_id, jurisdiction, kind, period_starts_at, period_ends_at, number) WHERE (number IS NOT NULL)"
    ),
    "payout_one_underway": (
        "UNIQUE INDEX ON payout USING btree (COALESCE(driver_id, company_id)) WHERE ((state)::text ="
        " ANY ((ARRAY['SCHEDULED'::character varying, 'IN_TRANSIT'::character varying])::text[]))"
    ),
    "payout_entry_pkey": "UNIQUE INDEX ON payout_entry USING btree (posting_id)",
    "posting_resolved_once": "UNIQUE INDEX ON posting USING btree (pending_id) WHERE (pending_id IS NOT NULL)",
    "route_one_active_per_driver": (
        "UNIQUE INDEX ON route USING btree (driver_id) WHERE ((state)::text ="
        " ANY ((ARRAY['ASSIGNED'::character varying, 'STARTED'::character varying])::text[]))"
    ),
}
"""The indexes that keep two from having the same thing, word for word, so that a slip in the lists is seen too."""

CONSTRAINTS = """
SELECT conname AS name, conrelid::regclass || ' ' || pg_get_constraintdef(oid) AS words FROM pg_constraint
WHERE connamespace = $1::regnamespace AND conrelid <> 0 AND contype <> 'n'
"""
INDEXES = """
SELECT relname AS name, pg_get_indexdef(indexrelid) AS words FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE relnamespace = $1::regnamespace
"""
TRIGGERS = """
SELECT tgname AS name, pg_get_triggerdef(t.oid) AS words FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
WHERE relnamespace = $1::regnamespace AND NOT tgisinternal
"""
FUNCTIONS = """
SELECT proname AS name, pg_get_functiondef(oid) AS words FROM pg_proc WHERE pronamespace = $1::regnamespace
"""
SETTINGS = """
SELECT relname AS name, reloptions::text AS words FROM pg_class
WHERE relnamespace = $1::regnamespace AND reloptions IS NOT NULL
"""
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES' AS is_nullable, character_maximum_length AS length
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'tortoise_migrations'
"""
Rules = dict[str, dict[str, str]]


async def rules_in(connection: asyncpg.Connection, schema: str) -> Rules:
    """All rules of a schema, by kind and name, without the schema's name and without Tortoise's own table."""
    await connection.execute(f"SET search_path = {schema}")
    queries = {
        "constraints": CONSTRAINTS,
        "indexes": INDEXES,
        "triggers": TRIGGERS,
        "functions": FUNCTIONS,
        "settings": SETTINGS,
    }
    found = {}
    for kind, query in queries.items():
        rows = await connection.fetch(query, schema)
        found[kind] = {
            row["name"]: re.sub(rf"\b{schema}\.|'{schema}'", "", row["words"])
            for row in rows
            if "tortoise_migrations" not in row["words"]
        }
    return found


async def make_copies(connection: asyncpg.Connection) -> None:
    """Copies of all tables with nothing but their columns and primary keys, in a schema of their own."""
    await connection.execute("CREATE SCHEMA copies")
    rows = await connection.fetch(
        "SELECT conrelid::regclass AS name, pg_get_constraintdef(oid) AS key, conname FROM pg_constraint"
        " WHERE contype = 'p' AND connamespace = 'public'::regnamespace AND conname !~ '^tortoise'"
    )
    for row in rows:
        await connection.execute(f"CREATE TABLE copies.{row['name']} (LIKE public.{row['name']})")
        await connection.execute(f"ALTER TABLE copies.{row['name']} ADD CONSTRAINT {row['conname']} {row['key']}")
    await connection.execute("ALTER TABLE copies.event DROP COLUMN ordinal")
    await connection.execute("ALTER TABLE copies.notification DROP COLUMN ordinal")


@pytest.fixture
async def scratch(fresh_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a migrated database of the test's own."""
    connection = await connect(fresh_url)
    yield connection
    await connection.close()


async def test_the_database_has_the_listed_rules_and_no_others(scratch: asyncpg.Connection) -> None:
    await make_copies(scratch)
    await scratch.execute("SET search_path = copies")
    await scratch.execute(RULES._forward())

    listed, present = await rules_in(scratch, "copies"), await rules_in(scratch, "public")

    assert present == listed
    assert len(present["constraints"]) > len(RULES.REFERENCES) + len(RULES.STATES) + len(RULES.CHECKS)
    assert set(present["indexes"]) >= {name for _, name, _ in RULES.INDEXES}


async def test_the_indexes_that_keep_things_exclusive_say_just_that(scratch: asyncpg.Connection) -> None:
    present = (await rules_in(scratch, "public"))["indexes"]

    words = {name: present[name].removeprefix("CREATE ").replace(f"INDEX {name} ON", "INDEX ON") for name in EXCLUSIVE}
    assert words == EXCLUSIVE


async def test_nothing_that_others_refer_to_can_be_removed_from_under_them(scratch: asyncpg.Connection) -> None:
    rows = await scratch.fetch(
        "SELECT conname, confdeltype, confupdtype, convalidated, condeferrable FROM pg_constraint WHERE contype = 'f'"
    )

    of_three_columns = {"driver_suspended_by_decision"}
    assert len(rows) == len(RULES.REFERENCES) + len(RULES.WITHIN) + len(of_three_columns)
    told = {(row["confdeltype"], row["confupdtype"], row["convalidated"], row["condeferrable"]) for row in rows}
    assert told == {(b"r", b"a", True, False)}


def test_the_states_of_the_code_are_the_states_of_the_database() -> None:
    assert {place: set(words.split()) for place, words in RULES.STATES.items()} == {
        place: {str(word) for word in words} for place, words in CHECKED.items()
    }


def test_every_life_of_a_thing_is_checked_by_the_database() -> None:
    checked = {words for words in CHECKED.values() if isinstance(words, type)}

    lives = {enum for enum in StrEnum.__subclasses__() if enum.__module__.startswith("marketplace.")}
    assert {enum for enum in lives if enum.__name__.endswith("State")} - checked == set()


async def test_every_word_fits_its_column(scratch: asyncpg.Connection) -> None:
    lengths = {(row["table_name"], row["column_name"]): row["length"] for row in await scratch.fetch(COLUMNS)}

    too_long = [
        (place, str(word))
        for place, words in {**CHECKED, **UNCHECKED}.items()
        for word in words
        if len(str(word)) > lengths[place]
    ]
    assert too_long == []


async def test_the_models_need_no_further_migration(shared_url: str) -> None:
    async with open_database(shared_url, pool_size=2):
        assert Tortoise.apps is not None
        detector = MigrationAutodetector(Tortoise.apps, tortoise_config(shared_url)["apps"])

        assert [writer.as_string() for writer in await detector.changes()] == []


async def test_the_models_have_the_columns_of_their_tables(shared_url: str, scratch: asyncpg.Connection) -> None:
    columns = {
        (row["table_name"], row["column_name"]): (row["is_nullable"], row["length"])
        for row in await scratch.fetch(COLUMNS)
    }

    async with open_database(shared_url, pool_size=2):
        assert Tortoise.apps is not None
        fields = {
            (model._meta.db_table, field.source_field or name): (field.null, getattr(field, "max_length", None))
            for models in Tortoise.apps.values()
            for model in models.values()
            for name, field in model._meta.fields_map.items()
        }

    assert columns.pop(("event", "ordinal")) == (False, None)
    assert columns.pop(("notification", "ordinal")) == (False, None)
    assert columns == fields


async def test_the_rules_can_be_taken_back_and_put_on_again(fresh_url: str, scratch: asyncpg.Connection) -> None:
    before = await rules_in(scratch, "public")

    await run_migrations(config=tortoise_config(fresh_url, pool_size=2), target="doorstep.0001_tables")
    await Tortoise.close_connections()

    bare = await rules_in(scratch, "public")
    assert {words.split()[1] for words in bare["constraints"].values()} == {"PRIMARY"}
    assert set(bare["indexes"]) == set(bare["constraints"])
    assert (bare["triggers"], bare["functions"]) == ({}, {})
    with pytest.raises(WrongVersion, match="at 0001_tables"):
        await check_version(scratch)

    await migrate(fresh_url)

    assert await rules_in(scratch, "public") == before
    await check_version(scratch)
