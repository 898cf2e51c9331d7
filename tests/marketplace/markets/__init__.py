"""Tests of marketplace.markets."""
