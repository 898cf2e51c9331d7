"""What a shipper may be told instead."""

from marketplace.core.errors import Conflict, Invalid, LimitReached


class UnsafeUrl(Invalid):
    """An address to which nothing is sent: not https, not public, or not there."""

    code = "WEBHOOK_URL_REFUSED"


class BadWebhook(Invalid):
    """A webhook that cannot be, such as one that wants to hear of nothing."""

    code = "BAD_WEBHOOK"


class TooManyWebhooks(LimitReached):
    """A shipper has as many webhooks in a market as it may have."""

    code = "TOO_MANY_WEBHOOKS"
    retryable = False


class WebhookIsDisabled(Conflict):
    """Nothing is sent to a webhook that is disabled."""

    code = "WEBHOOK_DISABLED"
