"""Where servers keep what is not in their own folder: short socket folders, memory for throw-away data, copies.

A Unix socket's address holds about 107 bytes (103 on macOS), so a socket cannot lie in a deep project folder. All
shared places are folders named `doorstep-<user>` that belong to the user who starts the server, or they are not used.
"""

import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from marketplace.adapters.embedded.errors import FolderNotUsable
from marketplace.adapters.embedded.locks import FolderLock, alone_in

SOCKET_ADDRESS_BYTES = 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
MEMORY = Path("/dev/shm")  # noqa: S108 - only folders that are checked to be our own are used below it
MEMORY_NEEDED_BYTES = 1 << 30  # containers often give 64 MB there, which one test run would fill
SHELF = Path("/var/lib/doorstep")
PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")  # needs no quoting in a URL, nor in a server's list of folders


def socket_folder(folder: Path, *, owner: tuple[int, int] | None = None) -> Path:
    """Makes the short, private folder for the sockets of the server that lives in `folder`; the same one each time."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    for base in _bases_for_sockets():
        place = base / f"doorstep-{os.geteuid()}" / name
        is_short = len(os.fsencode(place / LONGEST_SOCKET_NAME)) <= SOCKET_ADDRESS_BYTES
        if is_short and PLAIN.fullmatch(str(place)) and own_place(base) is not None:
            place.mkdir(mode=0o700, exist_ok=True)
            _give(place, owner or (os.geteuid(), os.getegid()))
            return place
    raise FolderNotUsable(
        "No short folder for the servers' sockets: none of the temporary folders lets this user keep a private "
        f"folder doorstep-{os.geteuid()}. Set TMPDIR to a writable folder with a path below 60 bytes."
    )


def _give(place: Path, owner: tuple[int, int]) -> None:
    if place.lstat().st_uid != owner[0]:
        os.chown(place, *owner, follow_symlinks=False)


def _bases_for_sockets() -> Iterator[Path]:
    # XDG_RUNTIME_DIR comes last: it is wiped when its user logs out, and a server may live longer than that.
    yield Path(tempfile.gettempdir())
    yield from (Path("/tmp"), Path("/var/tmp"), MEMORY)  # noqa: S108 - see own_place
    if runtime_folder := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime_folder)


def own_place(base: Path) -> Path | None:
    """Makes `doorstep-<user>` below a folder that everybody may write to; None when it cannot be trusted."""
    place = base / f"doorstep-{os.geteuid()}"
    try:
        place.mkdir(mode=0o711, exist_ok=True)
        found = place.lstat()
        # Somebody else may have made it first, to read along or to lead us astray.
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if is_ours and found.st_mode & 0o777 != 0o711:
            place.chmod(0o711)
    except OSError:
        return None
    return place if is_ours else None


def throwaway_folder(folder: Path, kind: str, *, memory: Path = MEMORY) -> Path:
    """Names a fresh folder for one throw-away server, in memory when there is enough of it, else below `folder`."""
    name = f"{kind}-{secrets.token_hex(4)}"
    try:
        has_memory = shutil.disk_usage(memory).free >= MEMORY_NEEDED_BYTES
    except OSError:
        has_memory = False
    place = own_place(memory) if has_memory else None
    return (place or folder.resolve()) / "throw-away" / name


async def claim_throwaway(folder: Path, in_use: FolderLock) -> None:
    """Makes a throw-away folder and holds it; folders whose holder was killed are swept away on the way."""
    folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    async with alone_in(folder.parent):  # nobody sweeps away a folder that is not held yet
        _sweep_and_make(folder)
        in_use.try_shared()


def _sweep_and_make(folder: Path) -> None:
    for left in [place for place in folder.parent.iterdir() if place.is_dir()]:
        with suppress(FolderNotUsable):  # its holder removes it this moment
            _remove_if_left(left)
    folder.mkdir(mode=0o711)


def _remove_if_left(folder: Path) -> None:
    in_use = FolderLock(folder / "in-use.lock")
    if in_use.try_exclusive():
        remove_folder(folder)
    in_use.forget()


def remove_folder(folder: Path) -> None:
    """Removes a throw-away folder, its data wherever they lie, and its sockets."""
    data_folder = folder / "data"
    if data_folder.is_symlink():
        shutil.rmtree(data_folder.resolve(), ignore_errors=True)
    shutil.rmtree(socket_folder(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def shelf() -> Path:
    """Makes the folder that root uses when another user's server cannot reach the project's own folders."""
    try:
        SHELF.mkdir(mode=0o755, exist_ok=True)
        found = SHELF.lstat()
    except OSError as error:
        raise FolderNotUsable(
            f"{SHELF} cannot be made ({error.strerror}). Put the project where every user may pass, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise FolderNotUsable(f"{SHELF} is not a folder that only root can write to. Mend that, then start again.")
    return SHELF
