"""A driver hears of an event once, in the driver's own language, and operators' words as they were written."""

from marketplace.accounts import add_operator
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.blocks.events import BlockCalledOff
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.fleet import message_driver, set_language
from marketplace.payouts import tell_driver
from tests.builders import make_driver, make_market


async def test_what_happens_is_told_in_the_drivers_language_and_messages_as_written(works: Works) -> None:
    inbox = InboxNotifier()
    async with works.open() as work:
        market = await make_market(work)
        marta = await add_operator(work, name="Marta", email="marta@example.com", market_id=MarketId(market.id))
        driver = await make_driver(work, market)
        await set_language(work, driver_id=driver.id, language="es")
        about = {"market_id": market.id, "driver_id": driver.id}
        work.emit(BlockCalledOff(**about, block_id=work.new_id(), sign_up_id=work.new_id(), opens_at=work.now))
        await message_driver(work, **about, operator_id=marta, text="Call the hub, please")
    async with works.open() as work:
        events = [row["id"] for row in await work.fetch("SELECT id FROM event ORDER BY ordinal")]

    told = [await tell_driver(works, notifier=inbox, event_id=event_id) for event_id in (*events, *events)]

    assert told == [True, True, False, False]
    assert [(message.address, message.text) for message in inbox.messages] == [
        (driver.phone, "Su bloque del 02.03. 12:00 se canceló. La app dice por qué."),
        (driver.phone, "Call the hub, please"),
    ]
