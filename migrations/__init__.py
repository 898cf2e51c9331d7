"""The database's history: expand first, contract a release later."""
