"""Lock files between processes of one machine; the kernel lets go of them when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from marketplace.adapters.embedded.errors import FolderNotUsable
from marketplace.adapters.embedded.patience import comes_true

ALONE_PATIENCE_S = 180  # another process may be making the data folder or replaying a log


class FolderLock:
    """A lock on one file, shared by many or held by one; it belongs to the open file, so a child can inherit it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.descriptor: int | None = None

    def try_exclusive(self) -> bool:
        """Takes the lock for this holder alone, or turns a shared hold into that; False when others hold it."""
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Takes the lock together with other sharers; False when somebody holds it alone."""
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        """Lets go of the lock, also for children that inherited the file."""
        if self.descriptor is not None:
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)
            self.forget()

    def forget(self) -> None:
        """Closes our side only: a child that inherited the file keeps holding the lock until it ends."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def _try(self, kind: int) -> bool:
        if self.descriptor is None:
            self.descriptor = self._open()
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _open(self) -> int:
        try:
            return os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FolderNotUsable(
                f"{self.file} cannot be opened ({error.strerror}). The folder probably belongs to another user: "
                "run Doorstep as that user, or choose another folder."
            ) from error


@asynccontextmanager
async def alone_in(folder: Path) -> AsyncIterator[None]:
    """Lets one process at a time start or stop the server of a folder."""
    lock = FolderLock(folder / "start.lock")
    try:
        if not await comes_true(lock.try_exclusive, within_s=ALONE_PATIENCE_S):
            raise FolderNotUsable(
                f"Another process has been starting or stopping the server in {folder} for {ALONE_PATIENCE_S} s. "
                "Wait for it, or end it, and start again."
            )
        yield
    finally:
        lock.forget()
