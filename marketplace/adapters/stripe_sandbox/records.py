"""Records: the objects that Stripe keeps, as the JSON that goes over the wire.

Names that begin with an underscore are the stand-in's own notes about an object and never leave it.
"""

from collections.abc import Mapping
from typing import Any, cast

import orjson

Record = dict[str, Any]

API_VERSION = "2026-10-28.endive"
"""The one version that the stand-in speaks: the one that the installed stripe package pins."""
PLATFORM = "acct_doorstepplatform"
"""The account whose secret key signs the requests; every other account is a connected one."""


def copy_of(record: Mapping[str, Any]) -> Record:
    """A copy that shares nothing with the record."""
    return cast("Record", orjson.loads(orjson.dumps(record)))


def plain(record: Mapping[str, Any]) -> Record:
    """The record as it goes over the wire: without the stand-in's own notes."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def listed(records: list[Record], url: str, *, has_more: bool = False) -> Record:
    """Stripe's list object around records that are plain already."""
    return {"object": "list", "data": records, "has_more": has_more, "url": url}
