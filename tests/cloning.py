"""How a test's own database is made from the migrated one."""

AT_ONCE = "STRATEGY FILE_COPY"
"""Copied as files rather than page by page through the log: a third of the processor time."""
