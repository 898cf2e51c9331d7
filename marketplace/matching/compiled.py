"""The one door to numba: inner loops of the matcher that are compiled to machine code, once, and kept in a folder.

Compiling takes many seconds, so it happens when Doorstep is installed (see `warming`) and
the result is read back in a fraction of a second. The folder is named by a digest of all compiled files: numba itself
looks only at the file of the outermost function, and would run yesterday's code after a change to any other.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

COMPILED_FILES = ("annealing", "arrays", "driving", "recreating", "ruining")
HERE = Path(__file__).parent

_compile: Any = numba.njit  # its types do not know the setting below
"""Arrays are neither made nor counted by compiled code: without numba's memory management it is ten times faster."""

Given = ParamSpec("Given")
Made = TypeVar("Made")


def compiled(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """Makes a function of numbers and arrays fast; the first call with new types compiles it or reads it back."""
    made: Callable[Given, Made] = _compile(cache=True, error_model="numpy", _nrt=False)(function)
    return made


def _folder() -> Path:
    """Where compiled code is kept: beside the code, else in the user's cache, else for a while."""
    digest = hashlib.sha256(b"".join((HERE / f"{name}.py").read_bytes() for name in COMPILED_FILES)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    places = (HERE / "__pycache__", cache / "doorstep", Path(tempfile.gettempdir()) / f"doorstep-{os.getuid()}")
    names = [place / f"compiled-{digest[:16]}" for place in places]
    return next((name for name in names if _is_ours_to_write(name)), None) or Path(tempfile.mkdtemp())


def _is_ours_to_write(folder: Path) -> bool:
    """What lies there is run, so nobody else may have put it there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return all(_is_ours(each) for each in (folder, folder.parent))
    except OSError:
        return False


def _is_ours(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & stat.S_IWOTH


FOLDER = _folder()
_settings: Any = numba.config
_settings.CACHE_DIR = str(FOLDER)
