"""Events of every kind are stored as their payload says, whoever made the ids in them."""

import dataclasses
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
import pytest
from asyncpg.pgproto import pgproto

import marketplace.batches
import marketplace.fleet
import marketplace.matching
import marketplace.offers
import marketplace.payouts
import marketplace.routes  # noqa: F401 - each of them brings its events
from marketplace.core.events import Event
from marketplace.core.work import Work

TEXT = "0198c0de-0000-7000-8000-000000000001"


def some_value(kind: Any, make_id: Callable[[str], UUID]) -> Any:
    """A value of a field's type."""
    match typing.get_origin(kind):
        case types.UnionType | typing.Union:
            return some_value(typing.get_args(kind)[0], make_id)
        case found if found is tuple:
            return (some_value(typing.get_args(kind)[0], make_id),)
    kind = getattr(kind, "__supertype__", kind)
    if issubclass(kind, Enum):
        return next(iter(kind))
    values = {
        UUID: make_id(TEXT),
        datetime: datetime(2026, 3, 2, 15, 0, 0, 500_000, UTC),
        str: "é",
        bool: True,
        int: 7,
        float: 0.5,
    }
    return values[kind]


def some_event(kind: type[Event], make_id: Callable[[str], UUID]) -> Event:
    """An event of that kind with a value in every field."""
    types_of = typing.get_type_hints(kind)
    return kind(**{field.name: some_value(types_of[field.name], make_id) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("name", sorted(Event.registry))
@pytest.mark.parametrize("make_id", [UUID, pgproto.UUID])
async def test_what_is_stored_is_the_payload(work: Work, name: str, make_id: Callable[[str], UUID]) -> None:
    event = some_event(Event.registry[name], make_id)

    work.emit(event)
    await work.store_events()

    stored = await work.fetch_value("SELECT payload FROM event WHERE name = $1 AND occurred_at = $2", name, work.now)
    assert orjson.loads(stored) == orjson.loads(orjson.dumps(event.payload()))
    work.events.clear()
