"""Tests of marketplace.payouts."""
