"""Tests of the adapter to Stripe."""
