"""An app's line to the API: sends ready-made operations by HTTP and does not lose one to a crash on the other side.

Whatever is sent again is sent unchanged, with the same idempotency key or client event id, so that it has one effect
however often it arrives. Overload and limits are answered by waiting as long as the API asks for.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

from workers.simulator.documents import operation
from workers.simulator.network import Network, Unreachable, pause_s

PATIENCE_S = 60.0
"""Seconds of machine time for which a call is repeated before it counts as unreachable: longer than a restart takes."""
CALL_WAIT_S = 15.0
CALLS_AT_ONCE = 16
"""Connections that all apps of a process share: fewer than one API process takes in at a time."""
COME_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may pass later."""
LONGEST_WAIT_S = 10.0
"""A longer Retry-After is looked at again after this; nobody in the demo waits for minutes of machine time."""


class Refused(Exception):
    """The marketplace says no, with a code for programs, a sentence for people and the field at fault."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field


class SignedOut(Refused):
    """The session is over and cannot be refreshed; somebody has to sign in again."""


class NotNow(Exception):
    """One try that failed in a way that may pass; `refusal` is what to raise if it never does, else Unreachable."""

    def __init__(self, why: str, *, after_s: float | None = None, refusal: Refused | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after_s = after_s
        self.refusal = refusal


def open_line() -> httpx.AsyncClient:
    """The connections that all apps of a process share; close it when the last of them is done."""
    limits = httpx.Limits(max_connections=CALLS_AT_ONCE, max_keepalive_connections=CALLS_AT_ONCE)
    # A call waits for a free connection as long as its own patience lasts, hence no limit for that here.
    return httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(CALL_WAIT_S, pool=None), trust_env=False)


class ApiClient:
    """One app, signed in by an API key or by the tokens of a session, which it keeps fresh by itself."""

    def __init__(
        self,
        line: httpx.AsyncClient,
        api_url: str,
        *,
        app: str,
        access_token: str,
        refresh_token: str | None = None,
        network: Network | None = None,
        retries: Counter[str] | None = None,
        source: Random | None = None,
    ) -> None:
        """`app` names the folder of its operations; `retries` counts, by reason, what had to be sent again."""
        self.api_url = api_url.rstrip("/")
        self.app = app
        self.access_token = access_token
        self.network = network or Network()
        self.retries = retries if retries is not None else Counter()
        self.source = source or Random()  # noqa: S311 - spreads retries in time, no secret
        self._line = line
        self._refresh_token = refresh_token
        self._refreshing = asyncio.Lock()

    def as_recipient(self, token: str) -> "ApiClient":
        """The page of a tracking link, over the same line."""
        return ApiClient(
            self._line, self.api_url, app="recipient", access_token=token, network=self.network, retries=self.retries
        )

    async def ask(self, name: str, variables: dict[str, Any] | None = None, *, patience_s: float = PATIENCE_S) -> Any:
        """The answer to a ready-made operation: the content of its one field.

        Raises Refused for a no, and Unreachable when no answer came within `patience_s` of machine time. Then nobody
        knows whether the operation took place: ask again with the same variables.
        """
        body = orjson.dumps({"query": operation(self.app, name), "variables": variables or {}})
        return await self._patiently(lambda: self._ask_once(body), patience_s)

    async def put(self, url: str, content: bytes, content_type: str, *, patience_s: float = PATIENCE_S) -> None:
        """Sends a file to a signed address; raises like `ask`."""

        async def once() -> None:
            response = await self._call("PUT", url, content, {"content-type": content_type})
            if response.is_error:
                raise _refusal_of(_content(response))

        await self._patiently(once, patience_s)

    async def visit(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        """Opens a page in the driver's browser, and goes no further where it leads; raises like `ask`."""

        async def once() -> None:
            response = await self._call("GET", url, b"", {})
            if response.is_error:
                raise Refused("PAGE", f"the page answered {response.status_code}")

        await self._patiently(once, patience_s)

    async def submit(self, url: str, form: Mapping[str, str], *, patience_s: float = PATIENCE_S) -> None:
        """Sends the form of a page outside the marketplace, and goes no further where it leads; raises like `ask`."""
        body = urlencode(form).encode()

        async def once() -> None:
            response = await self._call("POST", url, body, {"content-type": "application/x-www-form-urlencoded"})
            if response.is_error:
                raise Refused("PAGE", f"the page answered {response.status_code}")

        await self._patiently(once, patience_s)

    async def renew(self, stale_token: str) -> None:
        """Gets new tokens in place of `stale_token`, once however many calls of this app notice that it has ended."""
        async with self._refreshing:
            if self.access_token != stale_token:
                return
            if self._refresh_token is None:
                raise SignedOut("UNAUTHENTICATED", "this credential is no good and there is nothing to refresh it with")
            variables = {"refreshToken": self._refresh_token}
            body = orjson.dumps({"query": operation(self.app, "refresh_session"), "variables": variables})
            try:
                session = await self._ask_once(body, is_signed=False)
            except Refused as refusal:
                raise SignedOut(refusal.code, refusal.message) from refusal
            self.access_token, self._refresh_token = session["accessToken"], session["refreshToken"]

    async def _patiently(self, once: Callable[[], Awaitable[Any]], patience_s: float) -> Any:
        give_up_at = time.monotonic() + patience_s
        for attempt in itertools.count():
            try:
                return await once()
            except NotNow as failure:
                self.retries[failure.why] += 1
                wait_s = failure.after_s if failure.after_s is not None else pause_s(attempt, self.source)
                if time.monotonic() + wait_s >= give_up_at:
                    raise failure.refusal or Unreachable(failure.why) from failure
                await asyncio.sleep(wait_s)
        raise AssertionError("the loop ends by an answer or by running out of patience")

    async def _ask_once(self, body: bytes, *, is_signed: bool = True) -> Any:
        token = self.access_token
        headers = {"content-type": "application/json"}
        if is_signed:
            headers["authorization"] = f"Bearer {token}"
        response = await self._call("POST", f"{self.api_url}/graphql", body, headers)
        if response.status_code == httpx.codes.UNAUTHORIZED and is_signed:
            await self.renew(token)
            raise NotNow("session refreshed", after_s=0.0)
        content = _content(response)
        if content.get("errors"):
            raise _refusal_of(content)
        (answer,) = content["data"].values()
        if isinstance(answer, dict) and "retryable" in answer:
            refusal = Refused(answer["code"], answer["message"], answer["field"])
            raise NotNow(refusal.code) if answer["retryable"] else refusal
        return answer

    async def _call(self, method: str, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        if not self.network.is_up:
            raise Unreachable("this app has no network")
        try:
            response = await self._line.request(method, url, content=content, headers=headers)
        except httpx.TransportError as failure:
            raise NotNow(type(failure).__name__) from failure
        if not self.network.is_up:
            # The network was lost while the answer was on its way: whether the call took place is not known here.
            raise Unreachable("this app has no network")
        if response.status_code in COME_AGAIN:
            # An error of the marketplace's own may pass with a restart; if it stays, it is told as what it is.
            is_fault = response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
            refusal = _refusal_of(_content(response)) if is_fault else None
            raise NotNow(str(response.status_code), after_s=_retry_after_s(response), refusal=refusal)
        return response


def _content(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; something else comes from a proxy on the way, not from the marketplace."""
    try:
        content = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        content = None
    return content if isinstance(content, dict) else {}


def _refusal_of(content: dict[str, Any]) -> Refused:
    errors: list[dict[str, Any]] = content.get("errors") or [{"message": "this answer is not the marketplace's"}]
    error = errors[0]
    details: dict[str, Any] = error.get("extensions") or {}
    return Refused(details.get("code", "UNKNOWN"), error["message"], details.get("field"))


def _retry_after_s(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT_S) if text.isdecimal() else None
