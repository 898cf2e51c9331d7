"""A user of the machine as the one who runs a server."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ServerUser:
    """A way to run a server: as ourselves, in a user namespace, or as another user."""

    uid: int | None = None  # None: the user who starts it
    gid: int | None = None
    is_in_namespace: bool = False

    @property
    def command_prefix(self) -> list[str]:
        """The command that steps into a user namespace, where even root is nobody and files stay root's."""
        return ["unshare", "--user"] if self.is_in_namespace else []

    @property
    def groups(self) -> list[int] | None:
        """No supplementary groups for another user; our own otherwise."""
        return None if self.uid is None else []

    @property
    def owner(self) -> tuple[int, int] | None:
        """The user and group that the server's files are given to, where those are not ours anyway."""
        return None if self.uid is None or self.gid is None else (self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Tells whether every folder on the way, and the path itself, lets this user pass."""
        if self.uid is None and not self.is_in_namespace:
            return True
        resolved = path.resolve()
        return all(self._may_pass(place) for place in (resolved, *resolved.parents))

    def take_over(self, folder: Path) -> None:
        """Gives a folder that is the server's own, and everything in it, to this user."""
        if self.owner is None:
            return
        os.chown(folder, *self.owner, follow_symlinks=False)
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(place) / name, *self.owner, follow_symlinks=False)

    def _may_pass(self, place: Path) -> bool:
        # Root in a namespace has lost root's power over the files of others, but not its own files and groups.
        uid = os.geteuid() if self.uid is None else self.uid
        groups = {os.getegid(), *os.getgroups()} if self.uid is None else {self.gid}
        found = place.stat()
        if found.st_uid == uid:
            return bool(found.st_mode & 0o100)
        if found.st_gid in groups:
            return bool(found.st_mode & 0o010)
        return bool(found.st_mode & 0o001)


OURSELVES = ServerUser()
