"""What every object store does, whatever it keeps things in."""

import asyncio
from pathlib import Path

import pytest

from marketplace.adapters.object_stores import FolderObjectStore, MemoryObjectStore
from marketplace.core.work import Works
from marketplace.routes.object_store import BadObjectKey, ObjectKey, ObjectMissing, ObjectStore

KINDS = ("folder", "memory")


def key(number: int = 1) -> ObjectKey:
    return ObjectKey.build("proofs", random_hex=f"{number:032x}", digest_hex=f"{number + 7:032x}")


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return FolderObjectStore(tmp_path / "objects") if request.param == "folder" else MemoryObjectStore()


@pytest.mark.parametrize("content", [b"", b"\x00", b"picture" * 1000, bytes(10 * 1024 * 1024)])
async def test_what_is_put_can_be_got(store: ObjectStore, content: bytes) -> None:
    await store.put(key(), content)

    assert await store.get(key()) == content


async def test_a_second_put_replaces_the_first(store: ObjectStore) -> None:
    await store.put(key(), b"a longer first")
    await store.put(key(), b"second")

    assert await store.get(key()) == b"second"


async def test_objects_do_not_mix(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(key(number), str(number).encode()) for number in range(50)))

    found = await asyncio.gather(*(store.get(key(number)) for number in range(50)))
    assert found == [str(number).encode() for number in range(50)]


async def test_what_was_never_put_is_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing) as refused:
        await store.get(key(5))

    assert refused.value.code == "OBJECT_MISSING"


async def test_what_is_deleted_is_missing_and_can_be_deleted_again(store: ObjectStore) -> None:
    await store.put(key(), b"x")

    await store.delete(key())
    await store.delete(key())

    with pytest.raises(ObjectMissing):
        await store.get(key())


async def test_nobody_reads_half_an_object(store: ObjectStore) -> None:
    versions = [bytes([number]) * 300_000 for number in range(8)]
    await store.put(key(), versions[0])

    async def read_often() -> set[bytes]:
        return {await store.get(key()) for _ in range(20)}

    writing = asyncio.gather(*(store.put(key(), version) for version in versions))
    seen = await read_often()
    await writing
    assert seen <= set(versions)


async def test_a_store_is_not_asked_while_a_work_is_open(store: ObjectStore, works: Works) -> None:
    async with works.open():
        with pytest.raises(AssertionError):
            await store.put(key(), b"x")


async def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    await FolderObjectStore(tmp_path / "objects").put(key(), b"x")

    assert await FolderObjectStore(tmp_path / "objects").get(key()) == b"x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "proofs/../../etc/passwd.jpg",
        "/etc/passwd",
        "../x.jpg",
        f"proofs/aa/{'0' * 30}/{'0' * 32}.jpg\n",
        f"proofs/aa/{'0' * 30}/{'0' * 32}.png",
        f"proofs/AA/{'0' * 30}/{'0' * 32}.jpg",
        f"proofs/aa/{'0' * 30}/{'..' * 16}.jpg",
        f"proofs/aa/{'0' * 30}/{'٣' * 32}.jpg",
        f"proofs\x00/aa/{'0' * 30}/{'0' * 32}.jpg",
    ],
)
def test_only_keys_of_ours_are_keys(text: str) -> None:
    with pytest.raises(BadObjectKey):
        ObjectKey(text)


def test_a_key_holds_its_digest() -> None:
    assert key(1).digest_hex == f"{8:032x}"
