"""Tests of routes that pass from one driver to another."""
