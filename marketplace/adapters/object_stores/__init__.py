"""Where pictures are kept: a folder of this machine, or memory in tests."""

from marketplace.adapters.object_stores.folder import FolderObjectStore
from marketplace.adapters.object_stores.memory import MemoryObjectStore

__all__ = ["FolderObjectStore", "MemoryObjectStore"]
