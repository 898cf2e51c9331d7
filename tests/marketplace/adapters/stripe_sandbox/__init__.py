"""Tests of the Stripe stand-in itself: what it keeps, refuses, breaks and survives."""
