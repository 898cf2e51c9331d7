"""Tests of recipients' tips."""
