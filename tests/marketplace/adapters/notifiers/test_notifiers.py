"""Every notifier hands over what it is given, and none speaks while a Work is open."""

import pytest
from structlog.testing import capture_logs

from marketplace.adapters.notifiers import ConsoleNotifier, InboxNotifier
from marketplace.core.notifier import Message, Notifier
from marketplace.core.work import Work

MESSAGE = Message(audience="driver", address="+56912345678", text="123456 is your code")


async def test_the_console_shows_the_code_to_the_developer() -> None:
    with capture_logs() as lines:
        await ConsoleNotifier().send(MESSAGE)

    assert lines == [
        {
            "event": "message",
            "log_level": "info",
            "audience": "driver",
            "address": "+56912345678",
            "text": "123456 is your code",
        }
    ]


async def test_the_inbox_keeps_the_latest_message_to_each_address() -> None:
    inbox = InboxNotifier()
    await inbox.send(MESSAGE)
    await inbox.send(Message(audience="driver", address="+56912345678", text="654321 is your code"))

    latest = inbox.latest_to("+56912345678")

    assert latest is not None
    assert latest.text == "654321 is your code"
    assert inbox.latest_to("+56900000000") is None


@pytest.mark.parametrize("notifier", [ConsoleNotifier(), InboxNotifier()], ids=["console", "inbox"])
async def test_nothing_is_sent_while_a_work_is_open(work: Work, notifier: Notifier) -> None:
    with pytest.raises(AssertionError, match="a Work is open"):
        await notifier.send(MESSAGE)


def test_a_message_hides_what_is_personal() -> None:
    assert repr(MESSAGE) == "Message(audience='driver', channel=<Channel.SMS: 'SMS'>)"
