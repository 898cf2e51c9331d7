"""Registers an address of a shipper that is told what happens to its deliveries from now on."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, ShipperId, WebhookId
from marketplace.core.work import Work
from marketplace.webhooks.kinds import WEBHOOK_EVENTS
from marketplace.webhooks.models import Webhook
from marketplace.webhooks.queries import stream_position
from marketplace.webhooks.refusals import BadWebhook, TooManyWebhooks
from marketplace.webhooks.secrets import SecretBox, new_secret
from marketplace.webhooks.states import WebhookState

WEBHOOKS_EACH = 10
"""Webhooks of one shipper in one market."""
LONGEST_DESCRIPTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret that was just made: the only time that it can be read."""

    webhook_id: WebhookId
    version: int
    secret: str = field(repr=False)


async def register_webhook(
    work: Work,
    *,
    box: SecretBox,
    shipper_id: ShipperId,
    market_id: MarketId,
    url: str,
    events: Iterable[str],
    description: str = "",
) -> NewSecret:
    """Makes a webhook; whether its address may be sent to was checked before, with no Work open."""
    wanted = sorted(set(events))
    if not wanted or not WEBHOOK_EVENTS.issuperset(wanted):
        raise BadWebhook("say which events of deliveries it is to hear of", field="events")
    if len(description) > LONGEST_DESCRIPTION:
        raise BadWebhook(f"a description has at most {LONGEST_DESCRIPTION} characters", field="description")
    # The shipper is the contested thing: its lock keeps two calls from passing the bound together.
    served = await work.fetch_value(
        "SELECT EXISTS (SELECT 1 FROM rate_card WHERE shipper_id = $1 AND market_id = $2)"
        " FROM shipper WHERE id = $1 FOR UPDATE",
        shipper_id,
        market_id,
    )
    if not served:
        raise NotFound("there is no such market", field="marketId")
    count = await work.fetch_value(
        "SELECT count(*) FROM webhook WHERE shipper_id = $1 AND market_id = $2 AND state <> 'DELETED'",
        shipper_id,
        market_id,
    )
    if count >= WEBHOOKS_EACH:
        raise TooManyWebhooks(f"a shipper has at most {WEBHOOKS_EACH} webhooks in a market; delete one first")

    made = NewSecret(webhook_id=WebhookId(work.new_id()), version=1, secret=new_secret())
    await Webhook.create(
        using_db=work.db,
        id=made.webhook_id,
        market_id=market_id,
        shipper_id=shipper_id,
        url=url,
        description=description,
        events=wanted,
        state=WebhookState.ENABLED.value,
        secret=box.seal(made.secret, made.webhook_id),
        position=await stream_position(work, market_id),
        created_at=work.now,
        changed_at=work.now,
    )
    return made
