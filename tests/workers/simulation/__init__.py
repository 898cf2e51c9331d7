"""Tests of simulated days."""
