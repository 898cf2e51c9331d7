"""Tests of marketplace.offers."""
