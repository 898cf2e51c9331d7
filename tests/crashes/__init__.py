"""Tests: crashes."""
