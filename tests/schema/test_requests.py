"""Only a JSON object with a query is a request; everything else hears why, in a form that programs can read."""

import asyncio
from typing import Any

import pytest

from schema.refusals import BodyTooSlow
from schema.requests import ClientGone, read_body
from tests.schema.conftest import Api, Caller

DEEP = b'{"query":"{__typename}","variables":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"

MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "number": b"7",
    "text": b'"{__typename}"',
    "list of requests": b'[{"query":"{__typename}"}]',
    "cut off": b'{"query": "{__typename}"',
    "two objects": b'{"query":"{__typename}"}{}',
    "not UTF-8": b'{"query":"\xff\xfe\x00"}',
    "UTF-16": '{"query":"{__typename}"}'.encode("utf-16"),
    "not a number": b'{"query":"{__typename}","variables":{"a":NaN}}',
    "infinity": b'{"query":"{__typename}","variables":{"a":Infinity}}',
    "half a surrogate pair": b'{"query":"{__typename}","variables":{"a":"\\ud800"}}',
    "zero character": b'{"query":"{__typename}","variables":{"a":{"b":["x\\u0000y"]}}}',
    "zero character as a name": b'{"query":"{__typename}","variables":{"a\\u0000":1}}',
    "zero character in a literal": b'{"query":"{echo(text:\\"a\\\\u0000\\")}"}',
    "zero character in braces": b'{"query":"{echo(text:\\"a\\\\u{000}\\")}"}',
    "fifty thousand levels": DEEP,
    "no query": b"{}",
    "query is null": b'{"query":null}',
    "query is a number": b'{"query":1}',
    "query is blank": b'{"query":" \\n"}',
    "operationName is a number": b'{"query":"{__typename}","operationName":1}',
    "operationName is endless": b'{"query":"{__typename}","operationName":"' + b"x" * 300 + b'"}',
    "variables is a list": b'{"query":"{__typename}","variables":[]}',
    "variables is a text": b'{"query":"{__typename}","variables":"{}"}',
    "extensions is a number": b'{"query":"{__typename}","extensions":1}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_body_is_refused_with_a_code(api: Api, body: bytes) -> None:
    response = await api.http.post("/graphql", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_REQUEST"]
    assert response.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "text/plain; application/json",
        "application/json; charset=utf-16",
        "application/jsonp",
    ],
)
async def test_a_form_of_a_foreign_page_is_no_request(api: Api, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    response = await api.http.post("/graphql", content=b'{"query":"{__typename}"}', headers=headers)

    assert response.status_code == 415
    assert response.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_in_utf8_is_read(api: Api, content_type: str) -> None:
    response = await api.http.post(
        "/graphql", content=b'{"query":"{__typename}"}', headers={"content-type": content_type}
    )

    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
async def test_only_post_carries_operations(api: Api, method: str) -> None:
    response = await api.http.request(method, "/graphql?query={__typename}")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_no_other_origin_may_read_answers(api: Api) -> None:
    response = await api.send("{__typename}", headers={"origin": "https://evil.example"})

    assert "access-control-allow-origin" not in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert len(response.headers["x-request-id"]) == 32


async def test_a_body_over_one_mebibyte_is_refused_announced_or_not(api: Api) -> None:
    body = b'{"query":"{__typename}","variables":{"a":"' + b"x" * 1_048_576 + b'"}}'

    async def in_parts() -> Any:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    announced = await api.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    streamed = await api.http.post("/graphql", content=in_parts(), headers={"content-type": "application/json"})

    for response in (announced, streamed):
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_a_body_in_parts_is_put_together(api: Api) -> None:
    async def in_parts() -> Any:
        for part in (b'{"query":"{__type', b'name}"', b"}"):
            yield part

    response = await api.http.post("/graphql", content=in_parts(), headers={"content-type": "application/json"})

    assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_credential_that_comes_twice_is_refused(api: Api, driver: Caller) -> None:
    response = await api.http.post(
        "/graphql",
        content=b'{"query":"{__typename}"}',
        headers=[("content-type", "application/json"), *[("authorization", f"Bearer {driver.credential}")] * 2],
    )

    assert response.status_code == 400


async def test_a_length_that_is_none_is_refused(api: Api) -> None:
    for length in ("-1", "1e3", "", "9" * 20):
        response = await api.http.post(
            "/graphql",
            content=b'{"query":"{__typename}"}',
            headers={"content-type": "application/json", "content-length": length},
        )

        assert response.status_code == 400


async def test_variables_may_hold_what_looks_like_an_escape(api: Api) -> None:
    answer = await api.ask("query($t: String) {echo(text: $t)}", {"t": "C:\\u0000"})

    assert answer == {"echo": repr([None, None, None, None, "C:\\u0000", None])}


def arriving(*messages: dict[str, Any]) -> Any:
    """Hands out messages one by one, and then none for ever."""
    pending = list(messages)

    async def receive() -> dict[str, Any]:
        if not pending:
            await asyncio.Event().wait()
        return pending.pop(0)

    return receive


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    receive = arriving({"type": "http.request", "body": b"{", "more_body": True})

    with pytest.raises(BodyTooSlow):
        await read_body(receive, wait_s=0.01)


async def test_a_client_that_leaves_is_not_answered() -> None:
    gone = {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        await read_body(arriving(gone))
    with pytest.raises(ClientGone):
        await read_body(arriving({"type": "http.request", "body": b"{", "more_body": True}, gone))
