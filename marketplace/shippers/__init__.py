"""A shipper is a company that posts deliveries and pays for them by its own rate card."""

from marketplace.shippers.create import create_shipper, set_rate_card
from marketplace.shippers.queries import rate_card_row

__all__ = ["create_shipper", "rate_card_row", "set_rate_card"]
