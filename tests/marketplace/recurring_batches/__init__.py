"""Tests of marketplace.recurring_batches."""
