"""The stand-in without a network: the stripe package speaks to it within one process, for simulations and tests."""

import httpx

from marketplace.adapters.stripe_sandbox.exchange import Answer, Door, Request
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox


class SandboxTransport(httpx.AsyncBaseTransport):
    """Carries requests of an HTTP client to the front door; what hangs or is slow is lost at once, and nobody waits."""

    def __init__(self, sandbox: Sandbox, *, patience_s: float = 20.0) -> None:
        """Answers that would take longer than `patience_s` come too late."""
        self._door = Door(sandbox)
        self._patience_s = patience_s

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request and its answer."""
        admitted = self._door.admit(
            Request(
                method=request.method,
                path=request.url.path,
                query=request.url.query.decode(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=await request.aread(),
            )
        )
        if isinstance(admitted, Answer):
            return _response(admitted)
        answer = self._door.finish(admitted)
        if answer.loss == "reset":
            raise httpx.ReadError("the connection was reset", request=request)
        if answer.loss is not None or admitted.slow_s > self._patience_s:
            raise httpx.ReadTimeout("no answer came in time", request=request)
        return _response(answer)


def _response(answer: Answer) -> httpx.Response:
    return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
