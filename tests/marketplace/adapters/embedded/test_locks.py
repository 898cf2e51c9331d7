"""One process at a time starts or stops the server of a folder, and a killed one never blocks the others."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from marketplace.adapters.embedded import FolderNotUsable
from marketplace.adapters.embedded.locks import FolderLock, alone_in
from marketplace.adapters.embedded.patience import comes_true


def test_many_share_a_lock_and_the_last_one_may_have_it_alone(tmp_path: Path) -> None:
    one, other = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")

    assert one.try_shared()
    assert other.try_shared()
    assert not one.try_exclusive()
    other.release()
    assert one.try_exclusive()
    assert not other.try_shared()
    one.release()
    other.release()


async def test_two_do_not_work_in_a_folder_at_once(tmp_path: Path) -> None:
    inside = 0
    most = 0

    async def work() -> None:
        nonlocal inside, most
        async with alone_in(tmp_path):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.03)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(5)))

    assert most == 1


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock")
    command: list[str | Path] = ["flock", lock.file, "sh", "-c", "echo held; exec sleep 60"]
    holder = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, start_new_session=True)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    assert not lock.try_exclusive()

    os.killpg(holder.pid, signal.SIGKILL)
    await holder.wait()

    assert await comes_true(lock.try_exclusive, within_s=10)
    lock.release()


def test_a_lock_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FolderNotUsable, match="belongs to another user: run Doorstep as that user"):
        FolderLock(tmp_path / "lock").try_exclusive()

    assert not (tmp_path / "elsewhere").exists()
