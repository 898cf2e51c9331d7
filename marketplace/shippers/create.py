"""Takes in a shipper."""

from uuid import UUID

from marketplace.core.errors import Invalid
from marketplace.core.work import Work
from marketplace.shippers.models import Shipper

LONGEST_NAME = 120


async def create_shipper(work: Work, *, name: str, is_test: bool = False) -> UUID:
    """Takes in a shipper; its keys and rate cards are made apart."""
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise Invalid(f"a shipper's name has 1 to {LONGEST_NAME} characters", field="name")
    shipper = await Shipper.create(
        using_db=work.db, id=work.new_id(), name=name.strip(), is_test=is_test, created_at=work.now
    )
    return shipper.id
