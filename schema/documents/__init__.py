"""Ready-made operations of our own clients, one in a file, in a folder for each client.

The driver app, the shipper portal, operations, the demo and the flow tests all send these texts. The edge knows them
from the start, so they are prepared once and never forgotten.

A file is whole: any client can send it as it is, so a fragment that several operations of one client ask for stands in
each of their files, and a test keeps the copies the same.
"""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


class NoSuchDocument(LookupError):
    """There is no ready-made operation of that name for that client."""


@cache
def load_document(client: str, name: str) -> str:
    """The text of one operation, such as `load_document("driver", "sign_in")`."""
    path = FOLDER / client / f"{name}.graphql"
    if path.parent.parent != FOLDER or not path.is_file():
        raise NoSuchDocument(f"schema/documents/{client}/{name}.graphql does not exist")
    return path.read_text(encoding="utf-8")


def ready_made_documents() -> list[str]:
    """The texts of all operations, by client and name."""
    return [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*/*.graphql"))]
