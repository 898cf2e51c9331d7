"""Payments are tested against the stand-in, through our own adapter."""

from tests.payment_worlds import payments

__all__ = ["payments"]
