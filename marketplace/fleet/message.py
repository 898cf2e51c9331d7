"""An operator writes to a driver; the message is kept, and goes the way that every message to drivers goes."""

from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work
from marketplace.fleet.events import DriverMessaged

LONGEST_MESSAGE = 480
"""Three text messages; who has more to say calls."""

IS_HERE = "SELECT EXISTS (SELECT FROM driver WHERE id = $1 AND market_id = $2)"
INSERT = """
INSERT INTO driver_message (id, market_id, driver_id, operator_id, text, sent_at) VALUES ($1, $2, $3, $4, $5, $6)
"""


class BadMessage(Invalid):
    """A message that says nothing, or too much."""

    code = "BAD_MESSAGE"


async def message_driver(work: Work, *, driver_id: UUID, market_id: UUID, operator_id: UUID, text: str) -> UUID:
    """Keeps what an operator says to a driver of the market; it is sent when this has committed."""
    said = text.strip()
    if not 1 <= len(said) <= LONGEST_MESSAGE or not said.replace("\n", " ").isprintable():
        raise BadMessage(f"a message has 1 to {LONGEST_MESSAGE} printable characters", field="text")
    if not await work.fetch_value(IS_HERE, driver_id, market_id):
        raise NotFound("there is no such driver", field="driverId")
    message_id = work.new_id()
    await work.execute(INSERT, message_id, market_id, driver_id, operator_id, said, work.now)
    work.emit(DriverMessaged(market_id=market_id, driver_id=driver_id, message_id=message_id))
    return message_id
