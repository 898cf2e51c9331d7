"""Which user of the machine runs PostgreSQL: it refuses root, and Doorstep makes no users of its own."""

import functools
import os
import pwd
from pathlib import Path

from marketplace.adapters.embedded.process import run_to_end
from marketplace.adapters.embedded.server_user import OURSELVES, ServerUser

NOBODY = 65534


def choose_server_user(data_folder: Path) -> ServerUser:
    """Chooses who runs PostgreSQL on a data folder, which may not exist yet."""
    if os.geteuid() != 0:
        # initdb wants a name for its user; in a namespace everybody is called nobody.
        return OURSELVES if _has_name(os.geteuid()) or not _may_use_namespaces() else ServerUser(is_in_namespace=True)
    if data_folder.exists() and (found := data_folder.stat()).st_uid != 0:
        return ServerUser(uid=found.st_uid, gid=found.st_gid)
    if _may_use_namespaces():
        return ServerUser(is_in_namespace=True)
    return ServerUser(uid=NOBODY, gid=NOBODY)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _may_use_namespaces() -> bool:
    return os.environ.get("DOORSTEP_NO_USERNS") != "1" and _are_namespaces_allowed()


@functools.cache
def _are_namespaces_allowed() -> bool:
    try:
        is_allowed, _ = run_to_end(["unshare", "--user", "true"])
    except FileNotFoundError:  # no such command here, as on macOS
        return False
    return is_allowed
