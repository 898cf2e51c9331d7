"""The PaymentProvider protocol: what we ask of Stripe, or of its stand-in, and the ways in which it can answer.

A send is *done*, *rejected* for good, *busy* (surely not carried out: try again later under the same key), or its
outcome is *unknown*. Unknown is the dangerous one: money may have moved. Nobody sends again after it without looking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketplace.core.errors import Conflict, Invalid, Unavailable
from marketplace.core.money import Money
from marketplace.payments.states import Endpoint, ObjectKind, OperationKind

Facts = Mapping[str, str | int | bool | Sequence[str] | Mapping[str, int | None] | None]
"""A few plain values of an object, such as `payouts_enabled` or `currently_due`; nothing personal, no secret."""


class OperationRefused(Conflict):
    """The provider will not do this. `reason` is its own short code, such as `card_declined`."""

    code = "OPERATION_REFUSED"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ProviderBusy(Unavailable):
    """The provider has surely not carried it out: too many requests, or the same key is in use just now."""

    code = "PROVIDER_BUSY"


class OutcomeUnknown(Unavailable):
    """No answer came, or a failure of theirs: it may or may not have been carried out.

    `is_key_spent` tells that the key will never give another answer, so that only a look, then a new key, will help.
    """

    code = "OUTCOME_UNKNOWN"

    def __init__(self, message: str, *, is_key_spent: bool = False) -> None:
        super().__init__(message)
        self.is_key_spent = is_key_spent


class BadSignature(Invalid):
    """An event that the provider did not sign, or signed at another time."""

    code = "BAD_SIGNATURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenOperation:
    """A request as its row keeps it. `key` stays the same at every attempt of one epoch.

    `first_sent_at` is None until it is sent for the first time; nothing that it has made can be much older. Where there
    is an `amount`, it and its currency go over the wire in place of what `body` says of them.
    """

    id: UUID
    kind: OperationKind
    account: str | None
    body: bytes
    epoch: int
    amount: Money | None
    first_sent_at: datetime | None = None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return f"{self.id}:{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderObject:
    """An object at the provider as it is now. `operation_id` comes from the metadata that we gave it."""

    id: str
    kind: ObjectKind
    state: str
    account: str | None = None
    parent_id: str | None = None
    operation_id: UUID | None = None
    amount: Money | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSecret:
    """With what a payer's browser completes a payment, and the card that was tried; not to be kept."""

    client_secret: str
    card_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """An event whose signature was right: which object to read again. What else it says is not believed."""

    id: str
    endpoint: Endpoint
    account: str | None
    type: str
    api_version: str | None
    object_kind: str
    object_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMovement:
    """One movement of money on an account there. `object_id` is the object that moved it, as we know objects."""

    id: str
    account: str | None
    type: str
    object_id: str | None
    gross: Money
    fee: Money
    net: Money
    created_at: datetime
    available_at: datetime


class PaymentProvider(Protocol):
    """Moves real money; the real one and the stand-in pass the same scenarios."""

    async def send(self, operation: FrozenOperation) -> ProviderObject:
        """Has it done under the operation's key. Raises OperationRefused, ProviderBusy or OutcomeUnknown."""
        ...

    async def find(self, operation: FrozenOperation) -> ProviderObject | None:
        """What the operation has made at any epoch, or None where it has surely made nothing.

        Raises OperationRefused where it was refused for good then, ProviderBusy or OutcomeUnknown where the provider
        cannot tell.
        """
        ...

    async def retrieve(
        self, kind: ObjectKind, object_id: str, *, account: str | None, parent_id: str | None = None
    ) -> ProviderObject | None:
        """An object as it is now; None where there is none. Raises ProviderBusy or OutcomeUnknown."""
        ...

    async def movements(self, *, account: str | None, since: datetime) -> Sequence[ProviderMovement]:
        """Every movement on an account since a moment of the provider's own time.

        Raises ProviderBusy or OutcomeUnknown.
        """
        ...

    def read_event(self, body: bytes, signature: str, *, endpoint: Endpoint, now: datetime) -> ReceivedEvent:
        """Verifies the signature over the raw body and reads the event. Raises BadSignature or Invalid."""
        ...

    async def onboarding_link(self, account: str, *, refresh_url: str, return_url: str) -> str:
        """A fresh page on which a driver tells the provider who they are and where their money goes."""
        ...

    async def card_setup_secret(self, customer: str) -> str:
        """The secret with which a shipper's browser stores a card for later charges."""
        ...

    async def payment_secret(self, intent_id: str) -> PaymentSecret | None:
        """The secret with which a shipper's browser completes a payment; None where that is over."""
        ...

    async def aclose(self) -> None:
        """Closes its connections."""
        ...
