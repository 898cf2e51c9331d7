"""A database URL is read as a whole: what it says is obeyed, and what could not be obeyed is refused by name."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from marketplace.core.database_url import credentials
from marketplace.core.errors import CannotStart

HOST = "postgres://db.internal/market"
AUTHORITY = Path(ssl.get_default_verify_paths().cafile or "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://ana:secret@db.internal:6432/market", ("db.internal", 6432, "ana", "secret", "market")),
        ("postgresql://ana@db.internal/market", ("db.internal", 5432, "ana", None, "market")),
        ("postgres://market@/doorstep?host=/run/postgresql", ("/run/postgresql", 5432, "market", None, "doorstep")),
        ("postgres:///doorstep?host=%2Frun%2Fpg&port=5433&user=ana", ("/run/pg", 5433, "ana", None, "doorstep")),
        ("postgres://ana@[::1]:5433/market", ("::1", 5433, "ana", None, "market")),
        ("postgres://ana:@db.internal/market", ("db.internal", 5432, "ana", None, "market")),
        ("postgres://db.internal", ("db.internal", 5432, "postgres", None, "postgres")),
        ("postgres://", ("127.0.0.1", 5432, "postgres", None, "postgres")),
        (
            "postgres://a%40b:p%40s%2Fs%3Aw%23o%3Fr%25d+%20%C3%A4@db.internal/my%20market",
            ("db.internal", 5432, "a@b", "p@s/s:w#o?r%d+ ä", "my market"),
        ),
    ],
)
def test_a_url_is_read_in_all_its_forms(url: str, expected: tuple[object, ...]) -> None:
    assert tuple(credentials(url).values()) == expected


def test_a_url_may_ask_for_a_server_that_proves_its_name() -> None:
    assert credentials("postgres://db.internal/market?sslmode=require")["ssl"] == "require"
    assert "ssl" not in credentials("postgres://db.internal/market")


@pytest.mark.parametrize("url", ["mysql://db.internal/market", "db.internal/market", "", "/run/postgresql"])
def test_another_scheme_is_refused(url: str) -> None:
    with pytest.raises(CannotStart, match="DATABASE_URL starts with postgres://"):
        credentials(url)


def read(said: str) -> dict[str, Any]:
    """What a URL with these parameters comes to, beside the place of the server."""
    place = credentials(HOST)
    return {key: value for key, value in credentials(f"{HOST}?{said}").items() if place.get(key) != value}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("connect_timeout=7", {"timeout": 7.0}),
        ("target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
        ("sslnegotiation=direct", {"direct_tls": True}),
        ("krbsrvname=pg&gsslib=gssapi", {"krbsrvname": "pg", "gsslib": "gssapi"}),
        ("application_name=errands", {"server_settings": {"application_name": "errands"}}),
        ("options=-c%20work_mem%3D5MB", {"server_settings": {"options": "-c work_mem=5MB"}}),
        ("host=one,two", {"host": ["one", "two"]}),
        ("user=ana&password=p%26w", {"user": "ana", "password": "p&w"}),
        ("sslmode=prefer", {"ssl": "prefer"}),
        ("sslmode=&sslrootcert=&application_name=", {}),
    ],
)
def test_every_parameter_is_passed_on(said: str, expected: dict[str, Any]) -> None:
    assert read(said) == expected


def test_a_password_file_is_passed_on(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("")

    assert read(f"passfile={file}") == {"passfile": str(file)}


@pytest.mark.parametrize(("mode", "names_count"), [("require", False), ("verify-ca", False), ("verify-full", True)])
def test_a_named_authority_is_the_one_that_is_trusted(mode: str, names_count: bool) -> None:
    context = read(f"sslmode={mode}&sslrootcert={AUTHORITY}")["ssl"]

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, names_count)
    assert context.cert_store_stats()["x509_ca"] > 0


def test_the_authorities_of_this_machine_may_be_trusted() -> None:
    context = read("sslmode=verify-full&sslrootcert=system")["ssl"]

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("channel_binding=require", "channel_binding"),
        ("keepalives=1", "keepalives"),
        ("ssl=true", "ssl"),
        ("SSLMODE=require", "SSLMODE"),
        ("sslmode=require&surprise=", "surprise"),
        ("sslmode=sometimes", "sslmode"),
        ("sslmode=verify-full&sslcert=/own.pem", "sslrootcert"),
        ("sslmode=verify-ca&sslrootcert=system", "sslrootcert"),
        ("sslmode=prefer&sslrootcert=/ca.pem", "sslrootcert"),
        ("sslrootcert=/ca.pem", "sslrootcert"),
        ("sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "sslrootcert"),
        ("sslmode=require&sslcert=/nowhere/own.pem", "sslcert"),
        ("sslmode=require&sslkey=/nowhere/own.key", "sslkey"),
        ("passfile=/nowhere/passwords", "passfile"),
        ("connect_timeout=soon", "connect_timeout"),
        ("connect_timeout=0", "connect_timeout"),
        ("target_session_attrs=leader", "target_session_attrs"),
        ("sslnegotiation=maybe", "sslnegotiation"),
        ("port=six", "port"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_by_name(said: str, name: str) -> None:
    with pytest.raises(CannotStart, match=rf"^DATABASE_URL: .*\b{name}\b"):
        credentials(f"{HOST}?{said}")
