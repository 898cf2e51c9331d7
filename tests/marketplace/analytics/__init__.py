"""Tests of marketplace.analytics."""
