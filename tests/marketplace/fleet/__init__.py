"""Tests of marketplace.fleet."""
