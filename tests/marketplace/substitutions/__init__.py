"""Tests of marketplace.substitutions."""
