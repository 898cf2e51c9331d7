"""Settings from the environment: the few that swap in real servers, and the secret that production must set."""

import secrets
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from marketplace.core.errors import CannotStart, NotAllowed

DEVELOPMENT_SECRET = "doorstep-development-secret-not-for-production"  # noqa: S105 - refused in production, see below

LIVE_KEYS = ("sk_live_", "rk_live_")
TEST_KEYS = ("sk_test_", "rk_test_")


class Mode(StrEnum):
    """Development allows stand-ins, failpoints and seeds; production refuses them."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """What a process needs to know before it can start."""

    model_config = SettingsConfigDict(env_prefix="DOORSTEP_", env_file=None, env_ignore_empty=True, extra="ignore")

    mode: Mode = Mode.DEVELOPMENT
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    session_url: str | None = Field(default=None, validation_alias="DATABASE_SESSION_URL")
    """The same database without a pooler in between, for LISTEN; needed where DATABASE_URL names a pooler."""
    redis_url: str | None = Field(default=None, validation_alias="REDIS_URL")
    router_url: str | None = Field(default=None, validation_alias="ROUTER_URL")
    geocoder_url: str | None = Field(default=None, validation_alias="GEOCODER_URL")
    """A Photon server; without one development looks addresses up among the streets of its city."""
    notifier_url: str | None = None
    notifier_token: SecretStr | None = None
    """Where messages go by SMS, and whatever has no way of its own below."""
    email_url: str | None = None
    email_token: SecretStr | None = None
    apprise_urls: SecretStr | None = None
    """Where operations are told: addresses of Apprise with spaces between; they hold passwords."""
    push_key: SecretStr | None = None
    """By which push services know us: a private key of P-256, 32 bytes as base64url. Development makes its own."""
    stripe_secret_key: SecretStr | None = Field(default=None, validation_alias="STRIPE_SECRET_KEY")
    stripe_webhook_secrets: SecretStr | None = None
    """What Stripe signs events of the platform with; while one follows another, both, with a comma between."""
    stripe_connect_webhook_secrets: SecretStr | None = None
    """The same for events of connected accounts, which are drivers'."""
    stripe_url: str | None = None
    """A Stripe stand-in of one's own; without it and without a key development starts one by itself."""
    secret: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    state_folder: Path = Path(".doorstep")
    city: str = "coquimbo"
    """Whose streets: `coquimbo`, the generated `grid`, or the folder of a pack that `doorstep geo import` has made."""
    public_url: str = "http://127.0.0.1:8000"
    pool_size: int = Field(default=10, ge=2, le=200)
    solver_processes: int = Field(default=1, ge=1, le=64)
    requests_in_flight: int = Field(default=24, ge=1, le=1000)
    caller_units_per_s: float = Field(default=2_000, ge=100)
    allowed_origins: tuple[str, ...] = ()
    webhooks_on_this_machine: bool = False
    """Development only: webhooks may go to receivers on this machine, without encryption."""
    webhook_receiver_on_this_machine: str | None = None
    """Development only: the one receiver on this machine to which webhooks may go, as host and port."""
    log_json: bool = False
    queue: str = Field(default="doorstep:jobs", min_length=1, max_length=60)
    """The queue's name in Valkey; each group of markets with workers of its own has one of its own."""
    leave_s: float = Field(default=0.0, ge=0, le=60)
    """After SIGTERM the API says at /ready that it is leaving, and takes requests for so long until balancers know."""
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """Where figures are shown at /metrics, for Prometheus; nowhere by default."""
    metrics_host: str = "127.0.0.1"
    traces_url: str | None = None
    """Where spans go, as OpenTelemetry over HTTP: http://collector:4318/v1/traces. Needs the extra `otel`."""

    @property
    def is_production(self) -> bool:
        """Whether stand-ins, seeds and failpoints are refused."""
        return self.mode is Mode.PRODUCTION

    def refuse_in_production(self, doing: str) -> None:
        """Keeps what is made up for development out of a real market."""
        if self.is_production:
            raise NotAllowed(f"{doing} is for development; it is refused in production mode")

    def check(self) -> None:
        """Refuses to start with settings that would be unsafe or half right."""
        self._check_stripe()
        if not self.is_production:
            return
        problems = []
        if self.secret.get_secret_value() == DEVELOPMENT_SECRET or len(self.secret.get_secret_value()) < 32:
            problems.append(f"DOORSTEP_SECRET must be your own, of 32 characters or more (try {secrets.token_hex(32)})")
        if not self.database_url:
            problems.append("DATABASE_URL must name a PostgreSQL server")
        if self.webhooks_on_this_machine or self.webhook_receiver_on_this_machine:
            problems.append(
                "DOORSTEP_WEBHOOKS_ON_THIS_MACHINE and DOORSTEP_WEBHOOK_RECEIVER_ON_THIS_MACHINE would let shippers"
                " reach what listens on this machine"
            )
        if not self.redis_url:
            problems.append("REDIS_URL must name a Valkey or Redis server")
        if problems:
            raise CannotStart("production mode: " + "; ".join(problems))

    def _check_stripe(self) -> None:
        key = self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else None
        if key is not None and not key.startswith((*LIVE_KEYS, *TEST_KEYS)):
            raise CannotStart("STRIPE_SECRET_KEY must be a secret key of Stripe: sk_… or rk_…")
        is_live = key is not None and key.startswith(LIVE_KEYS)
        if is_live and not self.is_production:
            raise CannotStart("STRIPE_SECRET_KEY is a live key: it moves real money and is refused outside production")
        if not self.is_production:
            return
        if self.stripe_url:
            raise CannotStart("production mode: DOORSTEP_STRIPE_URL names a stand-in, which moves no money")
        if key is not None and not is_live:
            raise CannotStart("production mode: STRIPE_SECRET_KEY is a test key, which moves no money")
        if key is not None and not (self.stripe_webhook_secrets and self.stripe_connect_webhook_secrets):
            raise CannotStart(
                "production mode: DOORSTEP_STRIPE_WEBHOOK_SECRETS and DOORSTEP_STRIPE_CONNECT_WEBHOOK_SECRETS must be"
                " set, or nothing that Stripe tells can be believed"
            )
