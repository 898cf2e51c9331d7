"""Tests of surge."""
