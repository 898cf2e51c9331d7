"""Tests of marketplace.billing."""
