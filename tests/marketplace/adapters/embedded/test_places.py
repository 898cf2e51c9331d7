"""Sockets and copies lie in short folders of our own, wherever the project lies and whoever else uses the machine."""

import os
import shutil
from pathlib import Path

import pytest

from marketplace.adapters.embedded import socket_folder
from marketplace.adapters.embedded.places import own_place
from tests.marketplace.adapters.embedded.observe import is_root


@pytest.mark.parametrize("name", ["plain", "with spaces", "ñandú", "x" * 250, "a'b\"c,d"])
def test_a_socket_folder_is_short_private_and_always_the_same(name: str) -> None:
    project = Path("/srv") / name / name

    folder = socket_folder(project)

    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 103
    assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (os.geteuid(), 0o700)
    assert socket_folder(project) == folder
    assert socket_folder(project / "other") != folder
    folder.rmdir()
    socket_folder(project / "other").rmdir()


@pytest.mark.parametrize("name", ["t" * 100, "with spaces", "comma,"])
def test_an_unsuitable_temporary_folder_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    temporary = tmp_path / name
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    folder = socket_folder(tmp_path)

    assert not folder.is_relative_to(temporary)
    assert list(temporary.iterdir()) == []
    folder.rmdir()


def test_a_place_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    planted = tmp_path / f"doorstep-{os.geteuid()}"
    planted.mkdir()
    planted.chmod(0o777)

    assert own_place(tmp_path) is None
    assert planted.stat().st_mode & 0o777 == 0o777


def test_a_place_that_leads_elsewhere_is_not_used(tmp_path: Path) -> None:
    (tmp_path / f"doorstep-{os.geteuid()}").symlink_to(tmp_path)

    assert own_place(tmp_path) is None


@pytest.mark.skipif(not is_root(), reason="only root may give a folder to another user")
def test_a_place_of_another_user_is_not_used(tmp_path: Path) -> None:
    planted = tmp_path / f"doorstep-{os.geteuid()}"
    planted.mkdir(mode=0o755)
    shutil.chown(planted, 54321, 54321)

    assert own_place(tmp_path) is None


def test_our_own_place_lets_servers_of_other_users_pass_but_not_look(tmp_path: Path) -> None:
    place = own_place(tmp_path)

    assert place == tmp_path / f"doorstep-{os.geteuid()}"
    assert place.stat().st_mode & 0o777 == 0o711
    assert own_place(tmp_path) == place
