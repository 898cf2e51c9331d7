"""PostgreSQL's data folder: made whole or not at all, checked for its version, never changed by hand."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from marketplace.adapters.embedded.answers import USER
from marketplace.adapters.embedded.binaries import PostgresBinaries
from marketplace.adapters.embedded.errors import FolderNotUsable, OtherMajorVersion, StartFailed
from marketplace.adapters.embedded.places import own_place, shelf
from marketplace.adapters.embedded.process import run_to_end
from marketplace.adapters.embedded.server_user import ServerUser

INITDB_OPTIONS = ("-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync")


def prepare_data_folder(data_folder: Path, binaries: PostgresBinaries, user: ServerUser, *, is_throwaway: bool) -> None:
    """Makes the data folder where it is missing, and refuses one that this PostgreSQL cannot read."""
    if (data_folder / "PG_VERSION").exists():
        check_major_version(data_folder, binaries)
        _hand_over(data_folder.resolve(), user)
        return
    if data_folder.exists() and any(data_folder.iterdir()):
        raise FolderNotUsable(
            f"{data_folder} is not empty, yet no data folder of PostgreSQL: it has no PG_VERSION. Nothing was changed. "
            "Restore it, or move it away to begin empty."
        )
    being_made = _fresh_folder(data_folder, user)
    template = _template_folder(binaries) if is_throwaway else None
    if template is not None and template.exists():
        shutil.copytree(template, being_made, symlinks=True, dirs_exist_ok=True)
    else:
        _run_initdb(being_made, binaries, user)
        if template is not None:
            _keep_as_template(being_made, template)
    user.take_over(being_made)
    _put_in_place(being_made, data_folder)


def check_major_version(data_folder: Path, binaries: PostgresBinaries) -> None:
    """Refuses a data folder of another major version, which PostgreSQL can neither read nor convert by itself."""
    major = (data_folder / "PG_VERSION").read_text(encoding="ascii").strip()
    if major != binaries.major:
        raise OtherMajorVersion(
            f"{data_folder} holds data of PostgreSQL {major}, but this is PostgreSQL {binaries.version}. Nothing was "
            f"changed. To keep the data, set DOORSTEP_PG_BINARIES to the bin folder of a PostgreSQL {major}, write "
            f"them out with its pg_dumpall and load them into a new folder. To begin empty, move {data_folder} away."
        )


@dataclass(frozen=True)
class PostmasterFile:
    """What a running PostgreSQL, or one that was killed, has written into its data folder."""

    pid: int
    socket_folder: Path


def read_postmaster_file(data_folder: Path) -> PostmasterFile | None:
    """Reads `postmaster.pid`; None when there is none, or it is only half written."""
    try:
        lines = (data_folder / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return PostmasterFile(pid=int(lines[0]), socket_folder=Path(lines[4]))
    except (OSError, ValueError, IndexError):
        return None


def _hand_over(data_folder: Path, user: ServerUser) -> None:
    if not user.can_reach(data_folder.parent):
        raise FolderNotUsable(
            f"{data_folder} was made by root, but the user who runs PostgreSQL here may not pass to it. "
            "Move the project to a folder where every user may pass, or set DATABASE_URL to another PostgreSQL."
        )
    if user.uid is not None and data_folder.stat().st_uid != user.uid:
        user.take_over(data_folder)


def _fresh_folder(data_folder: Path, user: ServerUser) -> Path:
    if data_folder.is_symlink():
        data_folder.unlink()  # what it named is gone
    if user.can_reach(data_folder.parent):
        for left in data_folder.parent.glob("data-being-made-*"):
            shutil.rmtree(left)  # its maker was killed
        being_made = Path(tempfile.mkdtemp(prefix="data-being-made-", dir=data_folder.parent))
    else:
        being_made = Path(tempfile.mkdtemp(prefix="data-", dir=shelf()))
    user.take_over(being_made)
    return being_made


def _put_in_place(being_made: Path, data_folder: Path) -> None:
    if being_made.parent == data_folder.parent:
        being_made.rename(data_folder)
    else:
        data_folder.symlink_to(being_made)


def _run_initdb(folder: Path, binaries: PostgresBinaries, user: ServerUser) -> None:
    command: list[str | Path] = [*user.command_prefix, binaries.folder / "initdb", "-D", folder, *INITDB_OPTIONS]
    is_made, said = run_to_end(command, user=user)
    if not is_made:
        raise StartFailed(f"PostgreSQL could not make its data folder {folder}. It said:\n{said}")


def _template_folder(binaries: PostgresBinaries) -> Path | None:
    place = own_place(Path(tempfile.gettempdir()))
    words = f"{os.fsdecode(binaries.folder)} {' '.join(INITDB_OPTIONS)}"
    name = hashlib.sha256(words.encode(errors="surrogateescape")).hexdigest()[:8]
    return None if place is None else place / f"template-{binaries.version}-{name}"


def _keep_as_template(data_folder: Path, template: Path) -> None:
    being_made = Path(tempfile.mkdtemp(prefix="template-being-made-", dir=template.parent))
    shutil.copytree(data_folder, being_made, symlinks=True, dirs_exist_ok=True)
    try:
        being_made.rename(template)
    except OSError:  # another process was faster
        shutil.rmtree(being_made)
