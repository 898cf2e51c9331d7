"""Tests of blocks and of the forecast that says how many are needed."""
