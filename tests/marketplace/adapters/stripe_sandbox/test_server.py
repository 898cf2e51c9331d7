"""The stand-in as a server: on loopback only, never in production, and it says why when it cannot start."""

import asyncio
import socket

import httpx
import pytest
from pydantic import SecretStr

from marketplace.adapters.stripe_sandbox.server import run, running
from marketplace.core.errors import CannotStart, NotAllowed
from marketplace.core.settings import Mode, Settings


def test_production_refuses_the_stand_in() -> None:
    production = Settings(mode=Mode.PRODUCTION, secret=SecretStr("s" * 32))

    with pytest.raises(NotAllowed, match="production mode"):
        run(production, port=0, folder=None, say=lambda _: None)


async def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotStart, match=str(port)):
            async with running(port=port):
                raise AssertionError("it must not start")


async def test_only_this_machine_is_answered() -> None:
    async with running() as stand_in:
        assert stand_in.url.startswith("http://127.0.0.1:")


async def test_a_caller_that_leaves_while_it_waits_does_no_harm() -> None:
    async with running() as stand_in, httpx.AsyncClient(base_url=stand_in.url, trust_env=False) as http:
        await http.post("/_sandbox/faults", json={"fault": "timeout_after", "match": "POST /v1/customers"})
        headers = {"Authorization": "Bearer sk_test_x", "Idempotency-Key": "op"}

        with pytest.raises(httpx.ReadTimeout):
            await http.post("/v1/customers", headers=headers, timeout=0.2)
        await asyncio.sleep(0.1)
        answer = await http.post("/v1/customers", headers=headers)

    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")


async def test_a_request_that_is_too_large_is_refused() -> None:
    async with running() as stand_in, httpx.AsyncClient(base_url=stand_in.url, trust_env=False) as http:
        answer = await http.post(
            "/v1/customers", headers={"Authorization": "Bearer sk_test_x"}, content=b"name=" + b"x" * 1_000_001
        )

    assert answer.status_code == 413
