"""A parcel that was handed over, and the people who are part of a claim for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.accounts import PrincipalKind, add_operator
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.claims import ClaimKind, Party, announce_claim_picture, find_claim, open_claim
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId, MarketId
from marketplace.core.work import Work, Works
from marketplace.ledger import CLAIM_LOSS, balance_of, shipper_receivable
from marketplace.routes import UPLOAD_PATH, receive_proof
from tests.marketplace.routes.drives import Drive, make_drive
from tests.marketplace.routes.pictures import picture
from tests.marketplace.routes.test_store_proof import SIGNER


@dataclass(slots=True, kw_only=True)
class Case:
    """One delivery that was driven to its door, with everybody who may say something about it."""

    drive: Drive
    shipper: Party
    recipient: Party
    driver: Party
    operator: Party
    store: MemoryObjectStore

    @property
    def delivery_id(self) -> DeliveryId:
        """The delivery that the claim is for."""
        return DeliveryId(self.drive.deliveries[0].id)

    async def run(self, step: Callable[..., Awaitable[Any]], **said: Any) -> Any:
        """Makes one step in a Work of its own."""
        async with self.drive.works.open() as work:
            return await step(work, **said)

    async def open(self, by: Party | None = None, **changes: Any) -> UUID:
        """Opens a claim of 9,000 for a broken bottle."""
        said = {"kind": ClaimKind.DAMAGED, "asked_minor": 9_000, "text": "the bottle is broken"} | changes
        claim_id: UUID = await self.run(open_claim, by=by or self.shipper, delivery_id=self.delivery_id, **said)
        return claim_id

    async def claim(self, claim_id: UUID, party: Party | None = None) -> dict[str, Any]:
        """The claim as a side reads it."""
        found: dict[str, Any] = await self.run(find_claim, party=party or self.operator, claim_id=claim_id)
        return found

    async def send_picture(self, by: Party, comment: str = "") -> UUID:
        """A picture that was announced and sent."""
        body = picture(comment=comment)
        upload = await self.run(
            announce_claim_picture,
            by=by,
            delivery_id=self.delivery_id,
            content_type="image/jpeg",
            size_bytes=len(body),
            signer=SIGNER,
        )
        token = upload.url_path.removeprefix(UPLOAD_PATH)
        await receive_proof(self.drive.works, self.store, SIGNER, token, body, "image/jpeg")
        proof_id: UUID = upload.proof_id
        return proof_id

    async def amounts(self) -> tuple[int, int]:
        """What the shipper owes, and what claims have cost."""

        async def read(work: Work) -> tuple[int, int]:
            market = self.drive.market
            owed, cost = [
                await balance_of(work, market_id=market.id, account=account, currency=market.currency)
                for account in (shipper_receivable(self.shipper.id), CLAIM_LOSS)
            ]
            return owed.minor, cost.minor

        owed, cost = await self.run(read)
        return owed, cost

    async def steps(self) -> int:
        """How many entries all files hold together."""
        count: int = await self.run(lambda work: work.fetch_value("SELECT count(*) FROM claim_entry"))
        return count


async def make_case(works: Works, clock: ManualClock, *, declared_minor: int | None = 12_000) -> Case:
    """A parcel that was handed over just now, declared at 12,000."""
    drive = await make_drive(works, clock, count=1)
    await drive.drive_to_first_door()
    await drive.drop_off(1)
    async with works.open() as work:
        operator_id = await add_operator(
            work, name="Marta", email=f"{drive.market.slug}@example.com", market_id=MarketId(drive.market.id)
        )
        await work.execute(
            "INSERT INTO package (id, market_id, delivery_id, description, weight_g, length_mm, width_mm, height_mm,"
            " declared_minor) SELECT $2, market_id, id, '', 1, 1, 1, 1, $3 FROM delivery WHERE id = $1",
            *(drive.deliveries[0].id, work.new_id(), declared_minor),
        )
    return Case(
        drive=drive,
        shipper=Party(kind=PrincipalKind.SHIPPER, id=drive.shipper.id),
        recipient=Party(kind=PrincipalKind.RECIPIENT, id=drive.deliveries[0].id),
        driver=Party(kind=PrincipalKind.DRIVER, id=drive.driver.id),
        operator=Party(kind=PrincipalKind.OPERATOR, id=operator_id, market_id=drive.market.id),
        store=MemoryObjectStore(),
    )
