"""Tests of marketplace.hubs."""
