"""Tests of the ties to the outside world."""
