"""What shippers owe: a delivery that reached its end becomes revenue and stands on its shipper's receivable."""

from marketplace.billing.accrue import NotEarned, accrue_delivery

__all__ = ["NotEarned", "accrue_delivery"]
