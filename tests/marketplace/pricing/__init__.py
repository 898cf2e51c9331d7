"""Tests of marketplace.pricing."""
