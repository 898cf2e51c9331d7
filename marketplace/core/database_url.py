"""Reads DATABASE_URL: where the server is and how to reach it. Nothing in it is passed over in silence.

It has the usual form `postgres://user:password@host:port/name`. `?host=/folder` names a socket folder, `?host=a,b` two
servers of which the first that fits `target_session_attrs` is used, and `?sslmode=verify-full&sslrootcert=/ca.pem` asks
for a server that proves its name. A parameter that we could not obey is refused: it may be what keeps a market safe.
"""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from marketplace.core.errors import CannotStart

PROVEN = {"require": False, "verify-ca": False, "verify-full": True}
"""Modes in which a certificate authority is looked at, and whether the server's name is as well."""
SSL_MODES = ("disable", "allow", "prefer", *PROVEN)
NEGOTIATIONS = ("postgres", "direct")
SESSIONS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
SYSTEM = "system"
"""The `sslrootcert` that stands for the authorities that this machine trusts."""

PLACE = {"host", "port", "user", "password", "dbname"}
TLS_FILES = {"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword"}
OF_A_SESSION = {"application_name", "options"}
"""Told to the server when a connection begins. What we set ourselves, such as time limits, comes after `options`."""


def credentials(url: str) -> dict[str, Any]:
    """The parts of a database URL as Tortoise and asyncpg want them; what the URL leaves out is left out."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise CannotStart("DATABASE_URL starts with postgres:// or postgresql://")
    said = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    for name in sorted(said.keys() - PLACE - TLS_FILES - OF_A_SESSION - MEANINGS.keys() - {"sslmode"}):
        raise CannotStart(f"DATABASE_URL: the parameter {name} is unknown here; leave it out")
    query = {name: value for name, value in said.items() if value}
    found = _place(parts, query)
    for name in query.keys() & MEANINGS.keys():
        key, read = MEANINGS[name]
        found[key] = read(name, query[name])
    if (tls := _tls(query)) is not None:
        found["ssl"] = tls
    if settings := {name: query[name] for name in sorted(query.keys() & OF_A_SESSION)}:
        found["server_settings"] = settings
    return found


def _place(parts: SplitResult, query: Mapping[str, str]) -> dict[str, Any]:
    try:
        port = parts.port or int(query.get("port", 5432))
    except ValueError:
        raise CannotStart("DATABASE_URL: port is one number, the same for all hosts") from None
    host = query.get("host") or parts.hostname or "127.0.0.1"
    password = parts.password or query.get("password")
    return {
        "host": host.split(",") if "," in host else host,
        "port": port,
        "user": unquote(parts.username or query.get("user", "postgres")),
        "password": unquote(parts.password) if parts.password else password,
        "database": unquote(parts.path.lstrip("/")) or query.get("dbname", "postgres"),
    }


def _tls(query: Mapping[str, str]) -> str | ssl.SSLContext | None:
    """The mode by its name, for asyncpg to encrypt as usual, or a context where files say how."""
    mode = _one_of(*SSL_MODES)("sslmode", query["sslmode"]) if "sslmode" in query else None
    files = sorted(query.keys() & TLS_FILES)
    if not files:
        return mode
    if mode not in PROVEN:
        raise CannotStart(f"DATABASE_URL: {files[0]} needs sslmode to be one of {', '.join(PROVEN)}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = PROVEN[mode]
    _trust(context, mode, query)
    if "sslcert" in query:
        _load(
            "sslcert", lambda: context.load_cert_chain(query["sslcert"], query.get("sslkey"), query.get("sslpassword"))
        )
    elif "sslkey" in query:
        raise CannotStart("DATABASE_URL: sslkey needs sslcert")
    return context


def _trust(context: ssl.SSLContext, mode: str, query: Mapping[str, str]) -> None:
    root = query.get("sslrootcert")
    if root is None and mode != "require":
        raise CannotStart(f"DATABASE_URL: sslmode={mode} needs sslrootcert, a file or {SYSTEM}")
    if root == SYSTEM:
        if mode != "verify-full":
            raise CannotStart(f"DATABASE_URL: sslrootcert={SYSTEM} needs sslmode=verify-full")
        context.load_default_certs()
    elif root is not None:
        _load("sslrootcert", lambda: context.load_verify_locations(cafile=root))
    else:
        context.verify_mode = ssl.CERT_NONE
    if "sslcrl" in query:
        _load("sslcrl", lambda: context.load_verify_locations(cafile=query["sslcrl"]))
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


def _load(name: str, load: Callable[[], None]) -> None:
    try:
        load()
    except OSError as failure:  # of which ssl.SSLError is one
        raise CannotStart(f"DATABASE_URL: {name} cannot be read: {failure.strerror or failure}") from failure


def _one_of(*words: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in words:
            raise CannotStart(f"DATABASE_URL: {name} is one of {', '.join(words)}")
        return value

    return read


def _seconds(name: str, value: str) -> float:
    if not value.isdecimal() or int(value) == 0:
        raise CannotStart(f"DATABASE_URL: {name} is a whole number of seconds, 1 or more")
    return float(value)


def _is_direct(name: str, value: str) -> bool:
    return _one_of(*NEGOTIATIONS)(name, value) == "direct"


def _path(name: str, value: str) -> str:
    if not Path(value).is_file():
        raise CannotStart(f"DATABASE_URL: {name} names no file")
    return value


def _word(_name: str, value: str) -> str:
    return value


MEANINGS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "connect_timeout": ("timeout", _seconds),
    "target_session_attrs": ("target_session_attrs", _one_of(*SESSIONS)),
    "sslnegotiation": ("direct_tls", _is_direct),
    "passfile": ("passfile", _path),
    "krbsrvname": ("krbsrvname", _word),
    "gsslib": ("gsslib", _one_of("gssapi", "sspi")),
}
"""Parameters that asyncpg takes under a name of its own, and how each value is read."""
