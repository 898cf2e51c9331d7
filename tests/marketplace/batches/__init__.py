"""Tests of marketplace.batches."""
