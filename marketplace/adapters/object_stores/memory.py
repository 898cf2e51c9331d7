"""Keeps objects in memory: for tests, and for a demo that leaves nothing behind."""

from marketplace.core.work import outside
from marketplace.routes.object_store import ObjectKey, ObjectMissing


class MemoryObjectStore:
    """A dictionary that behaves as an object store does."""

    def __init__(self) -> None:
        self.objects: dict[ObjectKey, bytes] = {}

    async def put(self, key: ObjectKey, content: bytes) -> None:
        """Keeps a copy."""
        outside()
        self.objects[key] = bytes(content)

    async def get(self, key: ObjectKey) -> bytes:
        """The copy under this key."""
        outside()
        try:
            return self.objects[key]
        except KeyError:
            raise ObjectMissing("nothing is stored under this key") from None

    async def delete(self, key: ObjectKey) -> None:
        """Forgets the copy."""
        outside()
        self.objects.pop(key, None)
