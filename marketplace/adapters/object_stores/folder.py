"""Keeps objects as files of a local folder, which processes of one machine can share."""

from pathlib import Path

from obstore.store import LocalStore

from marketplace.core.work import outside
from marketplace.routes.object_store import ObjectKey, ObjectMissing


class FolderObjectStore:
    """Files under `folder`, each written beside its place and then renamed, so that nobody reads half of one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = LocalStore(str(folder))

    async def put(self, key: ObjectKey, content: bytes) -> None:
        """Writes the file as a whole."""
        outside()
        await self._store.put_async(key.text, content)

    async def get(self, key: ObjectKey) -> bytes:
        """Reads the file as a whole."""
        outside()
        try:
            found = await self._store.get_async(key.text)
        except FileNotFoundError:
            raise ObjectMissing("nothing is stored under this key") from None
        return bytes(await found.bytes_async())

    async def delete(self, key: ObjectKey) -> None:
        """Removes the file if it is there."""
        outside()
        try:
            await self._store.delete_async(key.text)
        except FileNotFoundError:
            return
