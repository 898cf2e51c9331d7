"""Tests of the servers that the market brings along: really started, really killed."""
