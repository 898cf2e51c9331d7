"""What shippers' own systems are told, in order of life: registered, queued, sent, tried again, replayed, ended.

A webhook is an address of a shipper that hears of its deliveries in one market. It reads the market's stream by a
cursor of its own; every event becomes a message with an id and a body that stay the same however often it is sent.
Messages of one delivery go one after the other, those of different deliveries side by side. A receiver that fails is
tried again for more than a day; one that fails for days is disabled, and somebody is told. Delivery is at least once.
"""

from marketplace.webhooks.courier import (
    ANSWER_WITHIN_S,
    KEPT_OF_ANSWER,
    LARGEST_BODY,
    LONGEST_ANSWER,
    Answer,
    Courier,
    Letter,
)
from marketplace.webhooks.delete import delete_webhook
from marketplace.webhooks.disable import disable_webhook
from marketplace.webhooks.enable import enable_webhook
from marketplace.webhooks.forget_old import forget_old_messages
from marketplace.webhooks.kinds import WEBHOOK_EVENTS
from marketplace.webhooks.queries import find_webhook, list_webhooks, page_attempts, webhooks_in_trouble
from marketplace.webhooks.queue import Queued, queue_messages
from marketplace.webhooks.refusals import BadWebhook, TooManyWebhooks, UnsafeUrl, WebhookIsDisabled
from marketplace.webhooks.register import WEBHOOKS_EACH, NewSecret, register_webhook
from marketplace.webhooks.replay import REPLAYED_AT_ONCE, replay_webhook
from marketplace.webhooks.rotate_secret import LONGEST_OVERLAP_S, USUAL_OVERLAP_S, rotate_webhook_secret, shown_secret
from marketplace.webhooks.secrets import SecretBox, sign
from marketplace.webhooks.send import WebhookSender
from marketplace.webhooks.send_test import send_test_event
from marketplace.webhooks.states import DisabledReason, Failure, MessageState, WebhookState

__all__ = [
    "ANSWER_WITHIN_S",
    "KEPT_OF_ANSWER",
    "LARGEST_BODY",
    "LONGEST_ANSWER",
    "LONGEST_OVERLAP_S",
    "REPLAYED_AT_ONCE",
    "USUAL_OVERLAP_S",
    "WEBHOOKS_EACH",
    "WEBHOOK_EVENTS",
    "Answer",
    "BadWebhook",
    "Courier",
    "DisabledReason",
    "Failure",
    "Letter",
    "MessageState",
    "NewSecret",
    "Queued",
    "SecretBox",
    "TooManyWebhooks",
    "UnsafeUrl",
    "WebhookIsDisabled",
    "WebhookSender",
    "WebhookState",
    "delete_webhook",
    "disable_webhook",
    "enable_webhook",
    "find_webhook",
    "forget_old_messages",
    "list_webhooks",
    "page_attempts",
    "queue_messages",
    "register_webhook",
    "replay_webhook",
    "rotate_webhook_secret",
    "send_test_event",
    "shown_secret",
    "sign",
    "webhooks_in_trouble",
]
