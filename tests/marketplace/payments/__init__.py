"""Tests of what passes between us and the payment provider."""
