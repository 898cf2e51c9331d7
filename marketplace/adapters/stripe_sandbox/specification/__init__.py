"""The part of Stripe's published specification that the stand-in speaks, and our overlay for what has changed since.

`README.md` beside this file tells where it comes from; `cut.py` makes it; `overlay.py` brings it up to date.
"""

import lzma
from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson

from marketplace.adapters.stripe_sandbox.specification.overlay import lay_over

FOLDER = Path(__file__).parent
REQUESTS = FOLDER / "requests.json.xz"
RESPONSES = FOLDER / "responses.json.xz"


@cache
def request_schemas() -> dict[str, dict[str, Any]]:
    """The parameters of each operation, such as `POST /v1/transfers`, as JSON schemas; the overlay is applied."""
    return lay_over(_read(REQUESTS))


@cache
def response_schemas() -> dict[str, Any]:
    """The objects that operations answer with, as one JSON schema with definitions by object name."""
    return _read(RESPONSES)


def _read(file: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", orjson.loads(lzma.decompress(file.read_bytes())))
