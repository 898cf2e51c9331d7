"""Tests of the way out to receivers of webhooks."""
