"""Each scalar has one form; whatever is ambiguous is refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from schema.scalars import BadScalar, instant_text, local_text, read_cursor, read_instant, read_local, read_minor
from tests.schema.conftest import Api


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T15:00:00Z", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("2026-03-02T15:00Z", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("2026-03-02t12:00:00.25-03:00", datetime(2026, 3, 2, 15, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_utc(text: str, moment: datetime) -> None:
    assert read_instant(text) == moment
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-02T15:00:00",
        "2026-03-02",
        "2026-03-02 15:00:00Z",
        "20260302T150000Z",
        "2026-W10-1T15:00Z",
        "2026-02-30T15:00:00Z",
        "2026-03-02T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-03-02T15:00:00+99:00",
        "٢٠٢٦-03-02T15:00:00Z",
        "",
        1_772_463_600,
        None,
        True,
    ],
)
def test_what_is_no_instant_is_refused(value: Any) -> None:
    with pytest.raises(BadScalar):
        read_instant(value)


@pytest.mark.parametrize(
    ("stored", "answered"),
    [
        ("2026-03-02T15:00:00+00:00", "2026-03-02T15:00:00Z"),
        ("2026-03-02T15:00:00.5+00:00", "2026-03-02T15:00:00.500000Z"),
        ("2026-03-02T15:00:00.123456+00:00", "2026-03-02T15:00:00.123456Z"),
        ("2026-03-02T15:00:00.000000+00:00", "2026-03-02T15:00:00Z"),
    ],
)
def test_an_instant_that_the_database_wrote_in_utc_leaves_in_the_one_form(stored: str, answered: str) -> None:
    assert instant_text(stored) == answered == instant_text(datetime.fromisoformat(stored))


def test_instants_leave_in_utc() -> None:
    assert instant_text(datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=-3)))) == "2026-03-02T15:00:00Z"
    assert instant_text("2026-03-02T12:00:00.000001-03:00") == "2026-03-02T15:00:00.000001Z"
    with pytest.raises(AssertionError):
        instant_text(datetime(2026, 3, 2, 12))


def test_a_local_time_carries_no_offset() -> None:
    assert read_local("2026-03-02T15:00") == datetime(2026, 3, 2, 15)
    assert local_text("2026-03-02T15:00:00") == "2026-03-02T15:00:00"
    for value in ("2026-03-02T15:00Z", "2026-03-02T15:00-03:00", "2026-02-30T15:00", "2026-03-02", 7, None):
        with pytest.raises(BadScalar):
            read_local(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), 1.0, 1.5, "1", True, None])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(BadScalar):
        read_minor(value)


def test_an_amount_goes_up_to_what_json_carries() -> None:
    assert read_minor(2**53 - 1) == 2**53 - 1
    assert read_minor(-5) == -5


@pytest.mark.parametrize("value", ["ä", "x" * 257, 7, None])
def test_what_is_no_cursor_is_refused(value: Any) -> None:
    with pytest.raises(BadScalar):
        read_cursor(value)


async def test_scalars_are_read_alike_from_variables_and_literals(api: Api) -> None:
    by_variable = await api.ask(
        "query($a:DateTime,$l:LocalDateTime,$m:MoneyMinor,$c:Colour){echo(at:$a,local:$l,minor:$m,colour:$c)}",
        {"a": "2026-03-02T15:00:00Z", "l": "2026-03-02T12:00", "m": 2**53 - 1, "c": "RED"},
    )
    by_literal = await api.ask(
        '{echo(at:"2026-03-02T12:00:00-03:00",local:"2026-03-02T12:00",minor:9007199254740991,colour:RED)}'
    )

    assert by_variable == by_literal
    assert by_variable["echo"].startswith("[datetime.datetime(2026, 3, 2, 15, 0, tzinfo=datetime.timezone.utc), ")


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query($a:DateTime){echo(at:$a)}", {"a": "2026-03-02T15:00:00"}),
        ('{echo(at:"2026-03-02T15:00:00")}', None),
        ("query($m:MoneyMinor){echo(minor:$m)}", {"m": 1.5}),
        ("{echo(minor:9007199254740992)}", None),
        ("{echo(minor:1.0)}", None),
    ],
)
async def test_a_bad_scalar_is_a_bad_request_with_its_reason(
    api: Api, query: str, variables: dict[str, Any] | None
) -> None:
    response = await api.send(query, variables)

    assert response.status_code == 400
    message = response.json()["errors"][0]["message"]
    assert "with Z or an offset" in message or "whole number of minor units" in message
