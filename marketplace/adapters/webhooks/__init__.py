"""The way out to receivers that shippers chose: by HTTPS, to public addresses only, with little patience."""

from marketplace.adapters.webhooks.addresses import is_public
from marketplace.adapters.webhooks.http import HttpCourier

__all__ = ["HttpCourier", "is_public"]
