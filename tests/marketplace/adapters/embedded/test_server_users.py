"""PostgreSQL refuses root; the market runs it all the same, for root and for ordinary users, and makes no users."""

import shutil
from pathlib import Path

import pytest

from marketplace.adapters.embedded.binaries import find_postgres
from marketplace.adapters.embedded.places import SHELF
from marketplace.adapters.embedded.server_user import ServerUser
from marketplace.adapters.embedded.user_choice import NOBODY
from tests.marketplace.adapters.embedded.conftest import OwnerMaker, PostgresMaker
from tests.marketplace.adapters.embedded.observe import (
    binary_of,
    fetch,
    is_root,
    owner_and_mode,
    postmaster_pid,
    run,
    user_of,
    users_of_the_machine,
)

pytestmark = [
    pytest.mark.skipif(not is_root(), reason="only root may start processes of other users"),
    pytest.mark.usefixtures("shelf_as_before"),
]
UNNAMED = 54321  # a user without a name in /etc/passwd, as containers have them


async def test_without_user_namespaces_nobody_runs_the_server(
    open_folder: Path, postgres: PostgresMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_NO_USERNS", "1")
    users_before = users_of_the_machine()
    server = postgres(open_folder)

    url = await server.start()

    assert user_of(postmaster_pid(server.data_folder)) == NOBODY
    assert server.data_folder.stat().st_uid == NOBODY
    assert not server.data_folder.is_symlink()
    assert owner_and_mode(open_folder) == (0, 0o755)
    assert users_of_the_machine() == users_before
    assert await fetch(url, "SELECT current_user") == "market"


async def test_without_user_namespaces_a_private_project_folder_stays_private(
    open_folder: Path, postgres: PostgresMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = open_folder / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("DOORSTEP_PG_BINARIES", str(copy_binaries(private / "environment")))
    monkeypatch.setenv("DOORSTEP_NO_USERNS", "1")
    server = postgres(private / "pg")

    url = await server.start()
    await run(url, "CREATE TABLE parcel (id int)", "INSERT INTO parcel VALUES (1)")
    await server.stop()
    await server.start()

    pid = postmaster_pid(server.data_folder)
    assert user_of(pid) == NOBODY
    assert binary_of(pid).is_relative_to(SHELF)
    assert server.data_folder.readlink().is_relative_to(SHELF)
    assert owner_and_mode(private) == (0, 0o700)
    assert await fetch(url, "SELECT count(*) FROM parcel") == 1


async def test_in_a_folder_of_another_user_root_keeps_the_data_elsewhere(
    open_folder: Path, postgres: PostgresMaker
) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    shutil.chown(home, UNNAMED, UNNAMED)
    server = postgres(home / "pg")

    url = await server.start()

    assert server.data_folder.readlink().is_relative_to(SHELF)
    assert owner_and_mode(home) == (UNNAMED, 0o700)
    assert await fetch(url, "SELECT 1") == 1


@pytest.mark.parametrize("uid", [NOBODY, UNNAMED], ids=["named", "unnamed"])
async def test_an_ordinary_user_starts_and_takes_over_servers(open_folder: Path, own: OwnerMaker, uid: int) -> None:
    folder = open_folder / "project"
    folder.mkdir()
    shutil.chown(folder, uid, uid)
    binaries = find_postgres().reachable_by(ServerUser(uid=uid, gid=uid)).folder
    environment = {"DOORSTEP_PG_BINARIES": str(binaries)}

    first = await own("postgres", folder, "--uid", str(uid), environment=environment)
    await run(first.url, "CREATE TABLE parcel (id int)", "INSERT INTO parcel VALUES (1)")
    pid = postmaster_pid(first.data_folder)
    first.kill()
    second = await own("postgres", folder, "--uid", str(uid), environment=environment)

    assert user_of(pid) == uid
    assert (first.was_adopted, second.was_adopted) == (False, True)
    assert postmaster_pid(second.data_folder) == pid
    assert await fetch(second.url, "SELECT count(*) FROM parcel") == 1
    assert await second.leave() == 0


async def test_root_runs_the_server_of_an_ordinary_users_data_as_that_user(
    open_folder: Path, own: OwnerMaker, postgres: PostgresMaker
) -> None:
    folder = open_folder / "project"
    folder.mkdir()
    shutil.chown(folder, NOBODY, NOBODY)
    binaries = find_postgres().reachable_by(ServerUser(uid=NOBODY, gid=NOBODY)).folder
    owner = await own("postgres", folder, "--uid", str(NOBODY), environment={"DOORSTEP_PG_BINARIES": str(binaries)})
    await run(owner.url, "CREATE TABLE parcel (id int)", "INSERT INTO parcel VALUES (1)")
    await owner.leave()
    server = postgres(folder)

    url = await server.start()

    assert server.was_adopted is False
    assert user_of(postmaster_pid(server.data_folder)) == NOBODY
    assert await fetch(url, "SELECT count(*) FROM parcel") == 1


def copy_binaries(there: Path) -> Path:
    """Copies the installation as pip would have put it into another environment."""
    here = find_postgres().folder
    package = here.parent.parent
    for part in ("bin", "lib", "share"):
        shutil.copytree(here.parent / part, there / package.name / "pginstall" / part, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), there / f"{package.name}.libs")
    return there / package.name / "pginstall" / "bin"
