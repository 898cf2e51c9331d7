"""Where pictures are kept: the ObjectStore protocol and its keys.

A key is made by us from random and hexadecimal parts and checked when it is built, so no text that a client sent can
become part of a path.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from marketplace.core.errors import Invalid, NotFound

KEY_FORM = re.compile(r"[a-z]{1,20}/[0-9a-f]{2}/[0-9a-f]{30}/[0-9a-f]{32}\.jpg", re.ASCII)


class BadObjectKey(Invalid):
    """A text that is not a key of ours."""

    code = "BAD_OBJECT_KEY"


class ObjectMissing(NotFound):
    """Nothing is stored under this key."""

    code = "OBJECT_MISSING"


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """The place of one object: folder, random part, and a digest of what the client sent, never the client's words."""

    text: str

    def __post_init__(self) -> None:
        if not KEY_FORM.fullmatch(self.text):
            raise BadObjectKey("this is not the key of a stored object")

    @classmethod
    def build(cls, folder: str, *, random_hex: str, digest_hex: str) -> "ObjectKey":
        """The key of an object with 32 hexadecimal digits of randomness and 32 of a digest."""
        return cls(f"{folder}/{random_hex[:2]}/{random_hex[2:]}/{digest_hex}.jpg")

    @property
    def digest_hex(self) -> str:
        """The digest that the key was built with."""
        return self.text[-36:-4]


class ObjectStore(Protocol):
    """Keeps bytes under keys; every implementation passes the same contract suite."""

    async def put(self, key: ObjectKey, content: bytes) -> None:
        """Stores an object as a whole, or not at all; a second time replaces it."""
        ...

    async def get(self, key: ObjectKey) -> bytes:
        """The object under this key; refuses with `ObjectMissing` when there is none."""
        ...

    async def delete(self, key: ObjectKey) -> None:
        """Removes an object; one that is not there is removed already."""
        ...
