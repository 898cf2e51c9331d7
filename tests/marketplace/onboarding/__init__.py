"""Tests of marketplace.onboarding."""
