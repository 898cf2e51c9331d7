"""Tests of marketplace.recipients."""
