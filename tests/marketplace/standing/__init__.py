"""Tests of marketplace.standing."""
