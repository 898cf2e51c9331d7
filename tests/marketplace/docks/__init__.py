"""Tests of marketplace.docks."""
