"""Tests of what shippers hear."""
