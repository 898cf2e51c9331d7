"""Damage claims: opened by shippers and recipients, answered by drivers, decided by operations; one file for all."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal, PrincipalKind, note_action
from marketplace.claims import (
    ClaimKind,
    ClaimState,
    EntryKind,
    Party,
    accept_claim,
    add_claim_evidence,
    announce_claim_picture,
    answer_claim,
    ask_claim_evidence,
    find_claim,
    list_claims,
    open_claim,
    reject_claim,
    withdraw_claim,
)
from marketplace.core.clock import machine
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import DeliveryId, MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.recipients import PictureSigner
from marketplace.routes import UploadSigner
from schema.access import require_driver, require_one_of, require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import change, mutate, mutation
from schema.problem import Problem
from schema.routes import CreateProofUploadResult, ProofUpload
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="A step in the file of a claim; none is ever changed.")
class ClaimEntry:
    """Who said or decided what."""

    kind: EntryKind = strawberry.field(description="What was done.")
    by: str = strawberry.field(description="shipper, recipient, driver or operator.")
    text: str = strawberry.field(description="In words; empty once the recipient is erased.")
    pictures: list[str] = strawberry.field(
        description="Addresses of its pictures, each good for 15 minutes, at most 10.", metadata=usually(1)
    )
    amount_minor: MoneyMinor | None = strawberry.field(description="What was asked or accepted, minor units.")
    made_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="A parcel was out of the cold for longer than it may be; counted by the marketplace.")
class ColdBreach:
    """Evidence that nobody has to bring."""

    out_of_cold_s: int = strawberry.field(description="For how long, seconds.")
    limit_s: int = strawberry.field(description="For how long it may have been, seconds.")
    occurred_at: DateTime = strawberry.field(description="When it changed hands, market time.")


@strawberry.type(description="What somebody asks for a parcel that came damaged, or not, or was another.")
class Claim:
    """A claim with its file; all sides see the same."""

    id: strawberry.ID = strawberry.field(description="clm_….")
    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")
    kind: ClaimKind = strawberry.field(description="What is wrong.")
    state: ClaimState = strawberry.field(description="Where in its life it is.")
    asked_minor: MoneyMinor = strawberry.field(description="What is asked, minor units.")
    limit_minor: MoneyMinor = strawberry.field(description="The most that is given back for one delivery.")
    accepted_minor: MoneyMinor | None = strawberry.field(
        description="What the shipper was credited; null unless it was accepted."
    )
    currency: str = strawberry.field(description="ISO 4217.")
    opened_at: DateTime = strawberry.field(description="Market time.")
    heard_by: DateTime | None = strawberry.field(
        description="Until when the driver can answer before anything is accepted; null where nobody drove."
    )
    heard_at: DateTime | None = strawberry.field(description="When the driver answered.")
    decided_by: str | None = strawberry.field(description="The name of the operator who decided.")
    ended_at: DateTime | None = strawberry.field(description="When it was decided or withdrawn.")
    cold_breach: ColdBreach | None = strawberry.field(
        description="What the chain of custody says, where the parcel was too long out of the cold."
    )
    entries: list[ClaimEntry] = strawberry.field(
        description="The file, oldest first, at most 50 steps.", metadata=usually(4)
    )


@strawberry.type(name="ClaimChanged", description="The claim as it is now.")
class ClaimChangedType:
    """A claim after a step."""

    claim: Claim = strawberry.field(description="The claim with its file.")


ClaimResult = Annotated[ClaimChangedType | Problem, strawberry.union("ClaimResult")]
ClaimArgument = Annotated[strawberry.ID, strawberry.argument(description="clm_….")]
DeliveryArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="dlv_…; a recipient leaves it out: the link is for one delivery."),
]
TextArgument = Annotated[str, strawberry.argument(description="1 to 1,000 characters.")]
PicturesArgument = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="prf_… of pictures that were sent, at most 10; see createClaimUpload."),
]


@strawberry.type
class Query:
    """The files of claims."""

    @query(
        description="Your claims with their files, latest first, at most 100: those for a shipper's deliveries, for the"
        " delivery of a recipient's link, about what a driver has driven, or of an operator's market.",
        usual_rows=5,
    )
    async def claims(
        self,
        info: Info,
        market_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="mkt_…; only operations name it.")
        ] = None,
        only_open: Annotated[bool, strawberry.argument(description="Leave out what has ended.")] = False,
    ) -> list[Claim]:
        """Reads claims."""
        caller = require_one_of(
            info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT, PrincipalKind.DRIVER, PrincipalKind.OPERATOR
        )
        market = from_wire("market", market_id, field="marketId") if market_id else None
        if caller.kind is PrincipalKind.OPERATOR:
            if market is None:
                raise Invalid("say which market", field="marketId")
            require_operator(info, market)
        marketplace = info.context.marketplace
        async with marketplace.works.read() as connection:
            found = await list_claims(connection, party=Party.of(caller, market), only_open=only_open)
        return [_shown(info, claim) for claim in found]


@strawberry.type
class Mutation:
    """Steps of a claim; each is written in its file."""

    @mutation(
        description="Announces a picture for a claim and says where to PUT it, for shippers, recipients and the driver"
        " of a claim. Name it in openClaim, addClaimEvidence or answerClaim; unnamed, it is removed after a day."
    )
    async def create_claim_upload(
        self,
        info: Info,
        content_type: Annotated[str, strawberry.argument(description="image/jpeg, image/png or image/webp.")],
        size_bytes: Annotated[int, strawberry.argument(description="1 to 10,485,760.")],
        delivery_id: DeliveryArgument = None,
    ) -> CreateProofUploadResult:
        """Announces a picture."""
        caller = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT, PrincipalKind.DRIVER)
        settings, delivery = info.context.marketplace.settings, _delivery(caller, delivery_id)
        signer = UploadSigner(settings.secret.get_secret_value())
        upload = await change(
            info,
            lambda work: announce_claim_picture(
                work,
                by=Party.of(caller),
                delivery_id=delivery,
                content_type=content_type,
                size_bytes=size_bytes,
                signer=signer,
            ),
        )
        return ProofUpload(
            proof_id=strawberry.ID(to_wire("proof", upload.proof_id)),
            url=settings.public_url + upload.url_path,
            expires_at=upload.expires_at,
        )

    @mutation(
        description="Opens the claim of a delivery that has arrived, come back or failed, within the market's"
        " claimWithinS. It asks for at most what the packages were declared at. For shippers, and for recipients by"
        " their link; what is accepted is credited to the shipper."
    )
    async def open_claim(
        self,
        info: Info,
        kind: Annotated[ClaimKind, strawberry.argument(description="What is wrong.")],
        asked_minor: Annotated[MoneyMinor, strawberry.argument(description="Minor units of the delivery's currency.")],
        text: TextArgument,
        idempotency_key: IdempotencyKey,
        delivery_id: DeliveryArgument = None,
        proof_ids: PicturesArgument = None,
    ) -> ClaimResult:
        """Opens."""
        caller = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT)
        delivery, pictures, by = _delivery(caller, delivery_id), _pictures(proof_ids), Party.of(caller)

        async def run(work: Work) -> UUID:
            return await open_claim(
                work,
                by=by,
                delivery_id=delivery,
                kind=kind,
                asked_minor=asked_minor,
                text=text,
                proof_ids=pictures,
            )

        said = {"delivery": delivery, "kind": kind, "asked": asked_minor, "text": text, "pictures": pictures}
        return await _step(info, by, "openClaim", said, idempotency_key, run)

    @mutation(
        description="Adds words and pictures to an undecided claim; one that waits for them goes on. For shippers and"
        " recipients."
    )
    async def add_claim_evidence(
        self,
        info: Info,
        claim_id: ClaimArgument,
        text: TextArgument,
        idempotency_key: IdempotencyKey,
        proof_ids: PicturesArgument = None,
    ) -> ClaimResult:
        """Adds evidence."""
        by = Party.of(require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT))
        claim, pictures = from_wire("claim", claim_id, field="claimId"), _pictures(proof_ids)

        async def run(work: Work) -> UUID:
            await add_claim_evidence(work, by=by, claim_id=claim, text=text, proof_ids=pictures)
            return claim

        said = {"claim": claim, "text": text, "pictures": pictures}
        return await _step(info, by, "addClaimEvidence", said, idempotency_key, run)

    @mutation(
        description="Takes an undecided claim back. For shippers; a recipient takes back what a recipient has opened."
    )
    async def withdraw_claim(self, info: Info, claim_id: ClaimArgument, idempotency_key: IdempotencyKey) -> ClaimResult:
        """Withdraws."""
        by = Party.of(require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT))
        claim = from_wire("claim", claim_id, field="claimId")

        async def run(work: Work) -> UUID:
            await withdraw_claim(work, by=by, claim_id=claim)
            return claim

        return await _step(info, by, "withdrawClaim", {"claim": claim}, idempotency_key, run)

    @mutation(
        description="Says what happened, once, about a claim for what you have driven. Whatever is decided, you pay"
        " nothing by it. For drivers."
    )
    async def answer_claim(
        self,
        info: Info,
        claim_id: ClaimArgument,
        text: TextArgument,
        idempotency_key: IdempotencyKey,
        proof_ids: PicturesArgument = None,
    ) -> ClaimResult:
        """Answers."""
        by, claim = Party.of(require_driver(info)), from_wire("claim", claim_id, field="claimId")
        pictures = _pictures(proof_ids)

        async def run(work: Work) -> UUID:
            await answer_claim(work, by=by, claim_id=claim, text=text, proof_ids=pictures)
            return claim

        said = {"claim": claim, "text": text, "pictures": pictures}
        return await _step(info, by, "answerClaim", said, idempotency_key, run)

    @mutation(description="Asks for more evidence; the claim waits for it. For operations.")
    async def ask_claim_evidence(
        self,
        info: Info,
        market_id: MarketArgument,
        claim_id: ClaimArgument,
        text: TextArgument,
        idempotency_key: IdempotencyKey,
    ) -> ClaimResult:
        """Asks for evidence."""

        async def run(work: Work, by: Party, claim: UUID) -> None:
            await ask_claim_evidence(work, by=by, claim_id=claim, text=text)

        return await _decide(info, "askClaimEvidence", market_id, claim_id, {"text": text}, idempotency_key, run)

    @mutation(
        description="Accepts a claim, in whole or in part: the shipper is credited on its next bill, once. Refused as"
        " HEARING_OPEN until the driver has answered or the time for it is over. For operations."
    )
    async def accept_claim(
        self,
        info: Info,
        market_id: MarketArgument,
        claim_id: ClaimArgument,
        accepted_minor: Annotated[
            MoneyMinor, strawberry.argument(description="Minor units, up to `askedMinor` and `limitMinor`.")
        ],
        reason: TextArgument,
        idempotency_key: IdempotencyKey,
    ) -> ClaimResult:
        """Accepts."""

        async def run(work: Work, by: Party, claim: UUID) -> None:
            await accept_claim(work, by=by, claim_id=claim, accepted_minor=accepted_minor, reason=reason)

        details = {"accepted_minor": int(accepted_minor), "reason": reason}
        return await _decide(info, "acceptClaim", market_id, claim_id, details, idempotency_key, run)

    @mutation(description="Rejects a claim, with the reason that all sides read. For operations.")
    async def reject_claim(
        self,
        info: Info,
        market_id: MarketArgument,
        claim_id: ClaimArgument,
        reason: TextArgument,
        idempotency_key: IdempotencyKey,
    ) -> ClaimResult:
        """Rejects."""

        async def run(work: Work, by: Party, claim: UUID) -> None:
            await reject_claim(work, by=by, claim_id=claim, reason=reason)

        return await _decide(info, "rejectClaim", market_id, claim_id, {"reason": reason}, idempotency_key, run)


async def _decide(
    info: Info,
    verb: str,
    market_id: str,
    claim_id: str,
    details: dict[str, Any],
    key: str,
    run: Callable[[Work, Party, UUID], Awaitable[None]],
) -> ClaimChangedType | Problem:
    """Makes one step of an operator, who is written down with it."""
    market = MarketId(from_wire("market", market_id, field="marketId"))
    operator = require_operator(info, market)
    by, claim = Party.of(operator, market), from_wire("claim", claim_id, field="claimId")

    async def decided(work: Work) -> UUID:
        await run(work, by, claim)
        await note_action(
            work,
            operator_id=operator.operator_id,
            market_id=market,
            verb=verb,
            subject_id=claim,
            details=details,
        )
        return claim

    return await _step(info, by, verb, {"market": market, "claim": claim, **details}, key, decided)


async def _step(
    info: Info, by: Party, verb: str, arguments: dict[str, Any], key: str, run: Callable[[Work], Awaitable[UUID]]
) -> ClaimChangedType | Problem:
    """Makes one step, and answers with the claim as that side sees it."""

    async def once(work: Work) -> str:
        return (await run(work)).hex

    async def answer(work: Work, reference: str) -> ClaimChangedType:
        found = await find_claim(work, party=by, claim_id=UUID(hex=reference))
        return ClaimChangedType(claim=_shown(info, found))

    return await mutate(info, operation=verb, arguments=arguments, idempotency_key=key, run=once, answer=answer)


def _delivery(caller: Principal, delivery_id: strawberry.ID | None) -> DeliveryId:
    named = DeliveryId(from_wire("delivery", delivery_id, field="deliveryId")) if delivery_id else None
    if caller.kind is PrincipalKind.RECIPIENT:
        if named not in {None, caller.delivery_id}:
            raise NotFound("there is no such delivery", field="deliveryId")
        return caller.delivery_id
    if named is None:
        raise Invalid("say which delivery", field="deliveryId")
    return named


def _pictures(proof_ids: list[strawberry.ID] | None) -> list[UUID]:
    return [from_wire("proof", one, field="proofIds") for one in proof_ids or []]


def _shown(info: Info, claim: dict[str, Any]) -> Claim:
    """A claim whose pictures have addresses that are good for a while."""
    signer = PictureSigner(info.context.marketplace.settings.secret.get_secret_value())
    delivery = DeliveryId(from_wire("delivery", claim["delivery_id"]))
    now = machine()
    entries = [
        entry | {"pictures": [signer.sign(delivery, UUID(one), now=now) for one in entry["proof_ids"]]}
        for entry in claim["entries"]
    ]
    return cast("Claim", claim | {"entries": entries})
