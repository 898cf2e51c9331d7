"""Tests of marketplace.routes."""
