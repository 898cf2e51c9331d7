"""The senders of one process: they take webhooks that are due and hand over what waits for them.

Each webhook has its own sender for as long as it has something to send, so a receiver that is slow delays nobody else.
Receivers that fail or are slow share a part of the senders of their own; the others can never all be waiting for them.
Whatever a process has taken when it dies is taken by another when the lease ends, and may then come twice.
"""

import asyncio
from types import TracebackType
from typing import Self

import structlog

from marketplace.core.work import DatabaseUnavailable, Works, outside
from marketplace.webhooks.claim import (
    SENT_WITHIN_S,
    ClaimedWebhook,
    DueMessage,
    claim_webhooks,
    messages_to_send,
    release_webhook,
)
from marketplace.webhooks.courier import Answer, Courier
from marketplace.webhooks.queue import queue_messages
from marketplace.webhooks.record import Attempt, record_attempts
from marketplace.webhooks.secrets import SecretBox
from marketplace.webhooks.states import Failure

QUICK_SENDERS = 48
SLOW_SENDERS = 16
"""Webhooks that one process sends to at the same time, four messages each at most."""
ROUNDS = 20
"""Handfuls of messages that one webhook gets in a row before others that wait for a sender have their turn."""
QUEUED_IN_A_ROW = 50
PATIENCE_S = 2.0
"""Time for what is being sent to arrive when the process stops; a message that is cut off goes out again."""
UNSENT = Answer(status=None, failure=Failure.SECRET_UNREADABLE, latency_ms=0)

log = structlog.get_logger(__name__)


class WebhookSender:
    """Queues and sends whenever it is asked to look."""

    def __init__(
        self,
        works: Works,
        courier: Courier,
        box: SecretBox,
        *,
        quick_senders: int = QUICK_SENDERS,
        slow_senders: int = SLOW_SENDERS,
    ) -> None:
        self.courier = courier
        self.box = box
        self._works = works
        self._places = {False: quick_senders, True: slow_senders}
        self._senders: dict[bool, set[asyncio.Task[None]]] = {False: set(), True: set()}
        self._is_stopping = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping = True
        senders = self._senders[False] | self._senders[True]
        if senders:
            await asyncio.wait(senders, timeout=PATIENCE_S)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        await self.courier.aclose()

    async def look(self) -> None:
        """Queues what has happened, and begins to send where something is due and a sender is free."""
        await self.queue()
        await self._begin(is_slow=False)
        await self._begin(is_slow=True)

    async def queue(self) -> int:
        """Queues what has happened for every webhook that wants to hear of it; returns how many messages."""
        count = 0
        for _ in range(QUEUED_IN_A_ROW):
            async with self._works.open() as work:
                queued = await queue_messages(work)
            count += queued.messages
            if not queued.is_more:
                break
        return count

    async def until_sent(self) -> None:
        """Waits until every sender that has begun is through."""
        while senders := self._senders[False] | self._senders[True]:
            await asyncio.gather(*senders, return_exceptions=True)

    async def _begin(self, *, is_slow: bool) -> None:
        senders = self._senders[is_slow]
        free = self._places[is_slow] - len(senders)
        if free <= 0 or self._is_stopping:
            return
        async with self._works.open() as work:
            claimed = await claim_webhooks(work, limit=free, is_slow=is_slow)
        for webhook in claimed:
            task = asyncio.create_task(self._serve(webhook), name=f"webhook {webhook.id}")
            senders.add(task)
            task.add_done_callback(senders.discard)

    async def _serve(self, webhook: ClaimedWebhook) -> None:
        """Sends what is due to one webhook, round by round; what fails for us starts again when the lease ends."""
        try:
            await self._serve_in_rounds(webhook)
        except DatabaseUnavailable:
            log.warning("a webhook waits: the database is away", webhook=str(webhook.id))
        except Exception:
            log.exception("sending to a webhook failed; it is tried again", webhook=str(webhook.id))

    async def _serve_in_rounds(self, webhook: ClaimedWebhook) -> None:
        attempts: list[Attempt] = []
        for _ in range(ROUNDS):
            send_before = asyncio.get_running_loop().time() + SENT_WITHIN_S
            async with self._works.open() as work:
                if attempts and not await record_attempts(work, webhook, attempts):
                    return
                messages = await messages_to_send(work, webhook, box=self.box)
            if not messages:
                return
            attempts = await self._send(messages, send_before=send_before)
        async with self._works.open() as work:
            if await record_attempts(work, webhook, attempts):
                await release_webhook(work, webhook)

    async def _send(self, messages: list[DueMessage], *, send_before: float) -> list[Attempt]:
        """Posts some messages together; a process that was held up past its lease posts nothing."""
        outside()

        async def post(message: DueMessage) -> Attempt:
            if message.letter is None:
                return message, UNSENT
            if asyncio.get_running_loop().time() > send_before:
                raise TimeoutError("this process was held up and does not send any more")
            return message, await self.courier.post(message.letter)

        return list(await asyncio.gather(*(post(message) for message in messages)))
