"""Tests of marketplace.shippers."""
