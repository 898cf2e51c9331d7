"""The ready-made operations that simulated apps send: the very texts that real apps of the marketplace ship with."""

from functools import cache
from importlib.resources import files

DOCUMENTS = "schema.documents"
"""Read as files of a package, never imported as code: the simulator knows of the API only what goes over the wire."""


@cache
def operation(client: str, name: str) -> str:
    """The text of one operation, such as `operation("driver", "accept_offer")`."""
    return files(DOCUMENTS).joinpath(client, f"{name}.graphql").read_text(encoding="utf-8")
