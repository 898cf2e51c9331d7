"""Pages follow one another by cursor, with nothing left out and nothing twice."""

import pytest

from schema.paging import BadPage, after_key, cursor_of, page_of, rows_to_read
from schema.scalars import Cursor
from tests.schema.conftest import Api

TREES = "query($first: Int!, $after: Cursor) {trees(first: $first, after: $after) {edges {cursor node {id}} pageInfo {hasNextPage endCursor}}}"  # noqa: E501


async def test_pages_follow_one_another(api: Api) -> None:
    seen, after, pages = [], None, 0
    while True:
        page = (await api.ask(TREES, {"first": 15, "after": after}))["trees"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        assert after == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == [f"t{i}" for i in range(40)]
    assert pages == 3


async def test_a_page_may_be_empty(api: Api) -> None:
    assert (await api.ask(TREES, {"first": 0}))["trees"] == {
        "edges": [],
        "pageInfo": {"hasNextPage": True, "endCursor": None},
    }


@pytest.mark.parametrize("cursor", ["", "!!", "bm90LWFzY2lpw6Q", cursor_of("a", "b")])
async def test_a_foreign_cursor_is_refused(api: Api, cursor: str) -> None:
    response = await api.send(TREES, {"first": 1, "after": cursor})

    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_PAGE", "retryable": False, "field": "after"}


def test_a_cursor_gives_back_its_key() -> None:
    assert after_key(cursor_of("2026-03-02", "off_1"), parts=2) == ["2026-03-02", "off_1"]
    assert after_key(None) is None
    with pytest.raises(BadPage):
        after_key(Cursor("x" * 3))


def test_one_row_more_is_read_than_is_shown() -> None:
    assert rows_to_read(100) == 101
    page = page_of(["a", "b", "c"], first=2, key=lambda row: [row])
    assert [edge["node"] for edge in page["edges"]] == ["a", "b"]
    assert page["page_info"]["has_next_page"]
    for first in (-1, 101):
        with pytest.raises(BadPage):
            rows_to_read(first)
