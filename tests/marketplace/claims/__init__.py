"""Tests of damage claims."""
