"""Tests of marketplace.core."""
