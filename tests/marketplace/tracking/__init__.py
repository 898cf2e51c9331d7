"""Tests of marketplace.tracking."""
