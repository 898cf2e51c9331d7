"""Tests of the simulated apps."""
