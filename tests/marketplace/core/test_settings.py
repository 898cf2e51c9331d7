"""A process in production mode starts only with servers and a secret of its own."""

import pytest
from pydantic import SecretStr, ValidationError

from marketplace.core.settings import DEVELOPMENT_SECRET, Mode, Settings

OWN_SECRET = "x" * 32
SERVERS = {"DATABASE_URL": "postgres://db.internal/market", "REDIS_URL": "redis://queue.internal"}
NAMES = ("DATABASE_URL", "REDIS_URL", "ROUTER_URL", "STRIPE_SECRET_KEY")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing to Doorstep."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def production(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in {"DOORSTEP_MODE": "production", **environment}.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_development_needs_nothing() -> None:
    settings = Settings()

    settings.check()
    assert settings.mode is Mode.DEVELOPMENT
    assert (settings.database_url, settings.redis_url, settings.router_url) == (None, None, None)
    assert settings.secret.get_secret_value() == DEVELOPMENT_SECRET


def test_production_with_its_own_servers_and_secret_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(monkeypatch, DOORSTEP_SECRET=OWN_SECRET, **SERVERS)

    settings.check()
    assert settings.is_production
    assert settings.database_url == SERVERS["DATABASE_URL"]


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "DOORSTEP_SECRET"),
        ({"DOORSTEP_SECRET": DEVELOPMENT_SECRET}, "DOORSTEP_SECRET"),
        ({"DOORSTEP_SECRET": "x" * 31}, "DOORSTEP_SECRET"),
        ({"DOORSTEP_SECRET": ""}, "DOORSTEP_SECRET"),
    ],
)
def test_production_refuses_a_secret_that_others_know(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], complaint: str
) -> None:
    settings = production(monkeypatch, **SERVERS, **environment)

    with pytest.raises(RuntimeError, match=complaint) as refused:
        settings.check()

    assert "_URL" not in str(refused.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize("value", [None, ""])
def test_production_refuses_to_start_servers_of_its_own(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    servers = {key: url for key, url in SERVERS.items() if key != name} | ({} if value is None else {name: value})
    settings = production(monkeypatch, DOORSTEP_SECRET=OWN_SECRET, **servers)

    with pytest.raises(RuntimeError, match=f"production mode: {name} must name a"):
        settings.check()


def test_production_tells_everything_that_is_missing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(monkeypatch)

    with pytest.raises(RuntimeError) as refused:
        settings.check()

    assert [name in str(refused.value) for name in ("DOORSTEP_SECRET", "DATABASE_URL", "REDIS_URL")] == [True] * 3


@pytest.mark.parametrize(
    "environment",
    [
        {"DOORSTEP_WEBHOOKS_ON_THIS_MACHINE": "true"},
        {"DOORSTEP_WEBHOOK_RECEIVER_ON_THIS_MACHINE": "127.0.0.1:41234"},
    ],
)
def test_production_sends_no_webhook_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    settings = production(monkeypatch, **environment)

    with pytest.raises(RuntimeError, match="_ON_THIS_MACHINE would let shippers reach"):
        settings.check()


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "DOORSTEP_SECRET", "DOORSTEP_MODE", "DOORSTEP_POOL_SIZE"):
        monkeypatch.setenv(name, "")

    assert Settings() == Settings(_env_prefix="NOTHING_")
    assert Settings().database_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "prod"),
        ("POOL_SIZE", "1"),
        ("POOL_SIZE", "201"),
        ("SOLVER_PROCESSES", "0"),
        ("REQUESTS_IN_FLIGHT", "0"),
        ("CALLER_UNITS_PER_S", "99"),
    ],
)
def test_a_setting_outside_its_limits_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DOORSTEP_{name}", value)

    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_secrets_are_not_told_by_accident() -> None:
    settings = Settings(secret=SecretStr("hunter2" * 5), STRIPE_SECRET_KEY=SecretStr("sk_live_hunter2"))

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())


LIVE = {
    "STRIPE_SECRET_KEY": "sk_live_x",
    "DOORSTEP_STRIPE_WEBHOOK_SECRETS": "whsec_a",
    "DOORSTEP_STRIPE_CONNECT_WEBHOOK_SECRETS": "whsec_b,whsec_c",
}


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x", "pk_test_x", "whsec_x"])
def test_development_never_meets_real_money(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)

    with pytest.raises(RuntimeError, match="STRIPE_SECRET_KEY") as refused:
        Settings().check()

    assert key not in str(refused.value)


@pytest.mark.parametrize("key", ["sk_test_x", "rk_test_x"])
def test_development_may_use_test_mode(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)

    Settings().check()


def test_production_moves_real_money_with_a_live_key(monkeypatch: pytest.MonkeyPatch) -> None:
    production(monkeypatch, DOORSTEP_SECRET=OWN_SECRET, **SERVERS, **LIVE).check()


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_x"}, "test key"),
        ({"DOORSTEP_STRIPE_URL": "http://127.0.0.1:12111"}, "stand-in"),
        ({"DOORSTEP_STRIPE_WEBHOOK_SECRETS": ""}, "WEBHOOK_SECRETS"),
        ({"DOORSTEP_STRIPE_CONNECT_WEBHOOK_SECRETS": ""}, "WEBHOOK_SECRETS"),
    ],
)
def test_production_never_meets_a_stand_in(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], complaint: str
) -> None:
    settings = production(monkeypatch, DOORSTEP_SECRET=OWN_SECRET, **SERVERS, **LIVE | environment)

    with pytest.raises(RuntimeError, match=complaint):
        settings.check()
