"""What a recipient sees through a tracking link, and can do there."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.core.errors import NotFound
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.fleet import Vehicle
from marketplace.recipients import (
    Language,
    PictureSigner,
    RatingReason,
    RecipientAction,
    SafePlace,
    TrackedStatus,
    choose_safe_place,
    leave_instructions,
    rate_delivery,
    tracked_delivery,
)
from marketplace.substitutions import answer_substitution
from marketplace.tips import TipState, give_tip
from schema.access import require_recipient
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import Window
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor
from schema.substitutions import ItemSubstitution

TIP_BACK_PATH = "/t/back"
"""Where the provider's page leads back to: the page finds its own way from there, without a token in the address."""


@strawberry.type(description="Where the driver is, while the recipient may see it.")
class TrackedPosition:
    """A place and its moment."""

    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    occurred_at: DateTime = strawberry.field(description="When the driver was there, market time.")
    is_blurred: bool = strawberry.field(
        description="Whether this is only the middle of an area of about 0.7 km² in which the driver is."
    )


@strawberry.type(description="Who brings the parcel.")
class TrackedDriver:
    """As little of a driver as helps at the door."""

    first_name: str = strawberry.field(description="First name.")
    vehicle: Vehicle = strawberry.field(description="What the driver drives.")


@strawberry.type(description="One step of the way so far.")
class TrackedStep:
    """A status and when it began."""

    status: TrackedStatus = strawberry.field(description="What was reached.")
    headline: str = strawberry.field(description="The same in words.")
    occurred_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="What the recipient thought of the delivery.")
class Rating:
    """A rating."""

    stars: int = strawberry.field(description="1 to 5.")
    reasons: list[RatingReason] = strawberry.field(description="What was good or bad.", metadata=usually(2))


@strawberry.type(description="A tip that the recipient wanted to give.")
class TrackedTip:
    """A tip."""

    id: strawberry.ID = strawberry.field(description="tip_….")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units.")
    state: TipState = strawberry.field(description="Where it is.")
    url: str | None = strawberry.field(
        description="The payment provider's page to pay it on; null until it is ready, and once it is over."
    )


@strawberry.type(description="What was tipped, and what may be. Amounts in minor units.")
class TrackedTips:
    """The tips of a delivery."""

    currency: str = strawberry.field(description="ISO 4217.")
    digits: int = strawberry.field(description="How many decimals a minor unit stands for: 2 for USD, 0 for CLP.")
    smallest_minor: MoneyMinor = strawberry.field(description="The least that can be given.")
    left_minor: MoneyMinor = strawberry.field(description="The most that can be given now; 0 when tips are over.")
    suggested_minor: list[MoneyMinor] = strawberry.field(
        description="Amounts to choose from, at most 3.", metadata=usually(3)
    )
    given: list[TrackedTip] = strawberry.field(description="At most 20, newest first.", metadata=usually(2))


@strawberry.type(description="A delivery as its recipient sees it.")
class TrackedDelivery:
    """What the holder of a tracking link may know."""

    id: strawberry.ID = strawberry.field(description="dlv_….")
    status: TrackedStatus = strawberry.field(description="Where the parcel is.")
    headline: str = strawberry.field(description="The same in words, in the language that was asked for.")
    reason: str | None = strawberry.field(description="Why a hand-over did not happen, in words.")
    shipper_name: str = strawberry.field(description="Who sends it.")
    time_zone: str = strawberry.field(description="IANA zone in which its windows are shown.")
    currency: str = strawberry.field(description="ISO 4217, of whatever is asked or given for it.")
    digits: int = strawberry.field(description="How many decimals a minor unit stands for: 2 for USD, 0 for CLP.")
    promised_window: Window = strawberry.field(description="When it was promised.")
    planned_window: Window | None = strawberry.field(
        description="When the driver will probably be there, in whole 5 minutes; null while it is not known."
    )
    address: str = strawberry.field(description="Where it goes.")
    lat: float | None = strawberry.field(description="Latitude of the door in degrees; null until it is found.")
    lon: float | None = strawberry.field(description="Longitude of the door in degrees; null until it is found.")
    pin: str | None = strawberry.field(description="What to tell the driver at the door, while it is needed.")
    instructions: str = strawberry.field(description="What the recipient asked of the driver; may be empty.")
    substitutions: list[ItemSubstitution] = strawberry.field(
        description="What was short when it was picked, and what goes instead; mostly none.", metadata=usually(1)
    )
    safe_place: SafePlace | None = strawberry.field(description="Where it may be left.")
    driver: TrackedDriver | None = strawberry.field(description="Who brings it, once on the road.")
    position: TrackedPosition | None = strawberry.field(
        description="Where the driver is: only while at work for this delivery and at most the market's"
        " driverShownStops away, and not older than 5 minutes; for 10 minutes after the door, while the route goes on,"
        " only the area."
    )
    stops_before: int | None = strawberry.field(description="Stops that come before this one, when the driver is near.")
    pictures: list[str] = strawberry.field(
        description="Addresses of the pictures that prove the hand-over, each good for 15 minutes.", metadata=usually(1)
    )
    actions: list[RecipientAction] = strawberry.field(description="What can be done now.", metadata=usually(2))
    rating: Rating | None = strawberry.field(description="What the recipient said of it.")
    tips: TrackedTips | None = strawberry.field(description="Tips for the driver; null until it is delivered.")
    timeline: list[TrackedStep] = strawberry.field(description="The way so far, oldest first.", metadata=usually(5))
    changed_at: DateTime = strawberry.field(description="When it last changed, market time.")
    read_at: DateTime = strawberry.field(description="Now, in market time.")


@strawberry.type(description="What a recipient said was kept.")
class TrackedChanged:
    """The delivery after a change by its recipient."""

    delivery: TrackedDelivery = strawberry.field(description="The delivery as it is now.")


TrackedResult = Annotated[TrackedChanged | Problem, strawberry.union("TrackedResult")]
LanguageArgument = Annotated[Language, strawberry.argument(description="The language of words.")]


@strawberry.type
class Query:
    """What a tracking link shows."""

    @query(
        description="The delivery that your tracking link is for. Send the token of the link as Authorization: Bearer."
        " For recipients."
    )
    async def tracked_delivery(self, info: Info, language: LanguageArgument = Language.EN) -> TrackedDelivery:
        """Reads the recipient's delivery."""
        recipient = require_recipient(info)
        async with info.context.marketplace.works.open() as work:
            return await _read(info, work, recipient, language)


@strawberry.type
class Mutation:
    """What a recipient can say, each about the delivery of the link."""

    @mutation(
        description="Leaves word for the driver, in place of what was said before; an empty text takes it back."
        " Possible until the driver is at the door. For recipients."
    )
    async def leave_instructions(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="At most 300 characters.")],
        idempotency_key: IdempotencyKey,
        language: LanguageArgument = Language.EN,
    ) -> TrackedResult:
        """Leaves instructions."""
        recipient = require_recipient(info)
        # The arguments of a call are kept as a digest only, so the words of a recipient stay in one place.
        return await _change(
            info,
            recipient,
            language,
            operation="leaveInstructions",
            arguments={"text": text},
            idempotency_key=idempotency_key,
            run=lambda work: leave_instructions(work, delivery_id=recipient.delivery_id, text=text),
        )

    @mutation(
        description="Says where the parcel may be left when nobody answers; null takes that back. Refused as"
        " HAND_OVER_IN_PERSON where the parcel asks for somebody at the door. For recipients."
    )
    async def choose_safe_place(
        self,
        info: Info,
        idempotency_key: IdempotencyKey,
        place: Annotated[SafePlace | None, strawberry.argument(description="Where.")] = None,
        language: LanguageArgument = Language.EN,
    ) -> TrackedResult:
        """Chooses a safe place."""
        recipient = require_recipient(info)
        return await _change(
            info,
            recipient,
            language,
            operation="chooseSafePlace",
            arguments={"place": place},
            idempotency_key=idempotency_key,
            run=lambda work: choose_safe_place(work, delivery_id=recipient.delivery_id, place=place),
        )

    @mutation(
        description="Answers whether something else will do for what was short: `substitutions` says what and until"
        " when. For recipients."
    )
    async def answer_substitution(
        self,
        info: Info,
        sku: Annotated[str, strawberry.argument(description="The code of what was ordered.")],
        is_accepted: Annotated[bool, strawberry.argument(description="Whether the substitute is to come.")],
        idempotency_key: IdempotencyKey,
        language: LanguageArgument = Language.EN,
    ) -> TrackedResult:
        """Answers."""
        recipient = require_recipient(info)
        return await _change(
            info,
            recipient,
            language,
            operation="answerSubstitution",
            arguments={"sku": sku, "is_accepted": is_accepted},
            idempotency_key=idempotency_key,
            run=lambda work: answer_substitution(
                work, delivery_id=recipient.delivery_id, code=sku, is_accepted=is_accepted
            ),
        )

    @mutation(description="Rates a delivery that has arrived, once. For recipients.")
    async def rate_delivery(
        self,
        info: Info,
        stars: Annotated[int, strawberry.argument(description="1 to 5.")],
        idempotency_key: IdempotencyKey,
        reasons: Annotated[
            list[RatingReason] | None, strawberry.argument(description="What was good or bad, at most 10.")
        ] = None,
        language: LanguageArgument = Language.EN,
    ) -> TrackedResult:
        """Rates."""
        recipient, chosen = require_recipient(info), reasons or []
        return await _change(
            info,
            recipient,
            language,
            operation="rateDelivery",
            arguments={"stars": stars, "reasons": chosen},
            idempotency_key=idempotency_key,
            run=lambda work: rate_delivery(work, delivery_id=recipient.delivery_id, stars=stars, reasons=chosen),
        )

    @mutation(
        description="Tips the driver, who gets all of it. Answers at once; `tips.given` then shows the tip, and within"
        " a second or two the address of the payment provider's page to pay it on, which leads back to /t/back. The"
        " same amount again while it waits is the same tip; another amount closes the page of the first."
        " For recipients."
    )
    async def give_tip(
        self,
        info: Info,
        amount_minor: Annotated[MoneyMinor, strawberry.argument(description="Minor units, within `tips`.")],
        currency: Annotated[str, strawberry.argument(description="ISO 4217; the delivery's.")],
        idempotency_key: IdempotencyKey,
        language: LanguageArgument = Language.EN,
    ) -> TrackedResult:
        """Tips."""
        recipient = require_recipient(info)
        amount = Money(amount_minor, currency)
        back_url = f"{info.context.marketplace.settings.public_url}{TIP_BACK_PATH}"
        return await _change(
            info,
            recipient,
            language,
            operation="giveTip",
            arguments={"amount": amount_minor, "currency": currency},
            idempotency_key=idempotency_key,
            run=lambda work: give_tip(
                work,
                delivery_id=recipient.delivery_id,
                amount=amount,
                back_url=back_url,
                language=language.value.lower(),
            ),
        )


async def _change(
    info: Info,
    recipient: Principal,
    language: Language,
    *,
    operation: str,
    arguments: Mapping[str, object],
    idempotency_key: str,
    run: Callable[[Work], Awaitable[object]],
) -> TrackedChanged | Problem:
    """Makes a change once, and answers with the delivery as it is."""

    async def once(work: Work) -> str:
        await run(work)
        return operation

    async def answer(work: Work, _reference: str) -> TrackedChanged:
        return TrackedChanged(delivery=await _read(info, work, recipient, language))

    return await mutate(
        info,
        operation=operation,
        arguments={"delivery": recipient.id, **arguments},
        idempotency_key=idempotency_key,
        run=once,
        answer=answer,
    )


async def _read(info: Info, work: Work, recipient: Principal, language: Language) -> TrackedDelivery:
    found = await tracked_delivery(work, delivery_id=recipient.delivery_id, language=language)
    if found is None:
        raise NotFound("there is no such delivery")
    signer = PictureSigner(info.context.marketplace.settings.secret.get_secret_value())
    pictures = [
        signer.sign(recipient.delivery_id, UUID(proof_id), now=work.machine_now) for proof_id in found["pictures"]
    ]
    return cast("TrackedDelivery", found | {"pictures": pictures})
