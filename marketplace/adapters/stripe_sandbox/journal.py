"""The journal: one line for each set of changes, on the disk before the answer leaves; read again at the start.

It makes the stand-in safe from kill -9: what it has answered is still true when it comes back, as at Stripe.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import orjson

from marketplace.adapters.embedded.locks import FolderLock
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.core.errors import CannotStart

Change = tuple[str, str, Record | None]
"""A table, an id, and the record that now stands there; None where it was taken away."""


class Journal:
    """An append-only file of changes in a folder that one stand-in uses at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(folder / "stripe-sandbox.lock")
        if not self._lock.try_exclusive():
            raise CannotStart(f"another Stripe stand-in keeps its state in {folder}; give this one another folder")
        self.file = folder / "stripe-sandbox.jsonl"
        self._descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def replay(self) -> Iterator[list[Change]]:
        """Every set of changes in order. A last line that a kill has cut short was never answered, and is cut off."""
        whole = 0
        with self.file.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield [(table, key, record) for table, key, record in orjson.loads(line)]
        os.ftruncate(self._descriptor, whole)

    def append(self, changes: list[Change]) -> None:
        """Writes changes; `sync` follows before anybody is told."""
        line = memoryview(orjson.dumps(changes, option=orjson.OPT_APPEND_NEWLINE))
        while line:
            line = line[os.write(self._descriptor, line) :]

    def sync(self) -> None:
        """Returns when the disk has everything."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Lets go of the folder."""
        os.close(self._descriptor)
        self._lock.forget()
