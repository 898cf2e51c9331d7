"""Carries letters by HTTPS: looks the host up once, refuses what is not public, and connects to that very address.

Checking a name and then connecting to the name would look it up twice, and its owner could answer differently. So the
request goes to the number that was checked, with the name in the Host header and in the certificate's check. No
connection is kept: two hosts may share a number, and what was proven for one must not carry messages of the other.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import httpx

from marketplace.adapters.webhooks.addresses import is_public
from marketplace.core.clock import machine
from marketplace.core.work import outside
from marketplace.webhooks import ANSWER_WITHIN_S, KEPT_OF_ANSWER, LONGEST_ANSWER, Answer, Failure, Letter, UnsafeUrl

LONGEST_URL = 500
CONNECTIONS = 256
"""Connections that one process has open to receivers at most: four for each of its senders."""
LOOKUPS = 64
"""Names that are looked up at the same time; a name server that does not answer holds one of them for a while."""
SENT_WITH = {"content-type": "application/json", "user-agent": "Doorstep-Webhooks/1", "accept-encoding": "identity"}


class _Failed(Exception):
    """A letter that did not arrive."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class HttpCourier:
    """Posts to receivers; `may_loop_back` lets it talk to this machine, without encryption, for development.

    `only_loop_back_to` lets it do so for one host and port and no other, such as `127.0.0.1:41234`.
    """

    def __init__(
        self,
        *,
        may_loop_back: bool = False,
        certificates: ssl.SSLContext | None = None,
        look_up: Callable[[str, int], list[str]] | None = None,
        longest_url: int = LONGEST_URL,
        only_loop_back_to: str | None = None,
    ) -> None:
        self._only_loop_back_to = only_loop_back_to
        self._may_loop_back = may_loop_back
        self._longest_url = longest_url
        self._numbers_of = look_up or numbers_of
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="webhook-lookup")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}
        self._client = httpx.AsyncClient(
            verify=certificates or True,
            trust_env=False,
            follow_redirects=False,
            timeout=ANSWER_WITHIN_S,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0),
        )

    async def check(self, url: str) -> None:
        """Raises UnsafeUrl for an address to which nothing would be sent."""
        outside()
        target = self._read(url)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._address_of(target)
        except _Failed as failed:
            raise UnsafeUrl(_sentence(failed.failure), field="url") from None
        except TimeoutError:
            raise UnsafeUrl("this host cannot be found; check its name", field="url") from None

    async def post(self, letter: Letter) -> Answer:
        """Hands a letter over, and reads the answer as far as it may go."""
        outside()
        loop = asyncio.get_running_loop()
        began = loop.time()
        heard: list[httpx.Response] = []
        failure: Failure | None
        text = bytearray()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._exchange(letter, heard, text)
            failure = _failure_of(heard[0].status_code)
        except _Failed as failed:
            failure = failed.failure
        except UnsafeUrl:
            failure = Failure.REFUSED_ADDRESS
        except (TimeoutError, httpx.TimeoutException):
            failure = Failure.TIMEOUT
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError):
            failure = Failure.CONNECTION
        response = heard[0] if heard else None
        return Answer(
            status=response.status_code if response else None,
            failure=failure,
            latency_ms=round((loop.time() - began) * 1000),
            text=_shown(text),
            retry_after_s=_retry_after_s(response) if response else None,
        )

    async def aclose(self) -> None:
        """Gives back its connections; names that are still looked up are not waited for."""
        await self._client.aclose()
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def _exchange(self, letter: Letter, heard: list[httpx.Response], text: bytearray) -> None:
        """Sends, and notes the head of the answer in `heard` and the first of its body in `text` as they come."""
        target = self._read(letter.url)
        address = await self._address_of(target)
        request = self._client.build_request(
            "POST",
            target.copy_with(host=address),
            headers={**SENT_WITH, **letter.headers, "host": target.netloc.decode("ascii")},
            content=letter.body,
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )
        response = await self._client.send(request, stream=True)
        heard.append(response)
        count = 0
        try:
            async for piece in response.aiter_raw():
                count += len(piece)
                text += piece[: max(0, 4 * KEPT_OF_ANSWER - len(text))]
                if count > LONGEST_ANSWER:
                    raise _Failed(Failure.ANSWER_TOO_LONG)
        finally:
            await response.aclose()

    def _read(self, url: str) -> httpx.URL:
        """The parts of an address whose form is right; raises UnsafeUrl."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):
            raise UnsafeUrl("this is not an address", field="url") from None
        schemes = {"https", "http"} if self._leads_home(target) else {"https"}
        if target.scheme not in schemes or not target.host or len(url) > self._longest_url or not url.isascii():
            raise UnsafeUrl(
                f"an address begins with https:// and has at most {self._longest_url} characters", field="url"
            )
        if target.port is not None and not 1 <= target.port <= 65_535:
            raise UnsafeUrl("a port is 1 to 65535", field="url")
        if target.userinfo or target.fragment:
            raise UnsafeUrl("an address holds no password and no fragment", field="url")
        return target

    async def _address_of(self, target: httpx.URL) -> str:
        """The number that a host has now; a host of which any number is not public gets nothing."""
        port = target.port or (443 if target.scheme == "https" else 80)
        addresses = await self._look_up(target.host, port)
        if not addresses:
            raise _Failed(Failure.UNKNOWN_HOST)
        if not all(self._may_talk_to(target, address) for address in addresses):
            raise _Failed(Failure.REFUSED_ADDRESS)
        return addresses[0]

    def _may_talk_to(self, target: httpx.URL, address: str) -> bool:
        return is_public(address) or (self._leads_home(target) and ip_address(address).is_loopback)

    def _leads_home(self, target: httpx.URL) -> bool:
        """Whether it may be on this machine."""
        return self._may_loop_back or target.netloc.decode("ascii") == self._only_loop_back_to

    async def _look_up(self, host: str, port: int) -> list[str]:
        """All numbers of a host. Who asks while somebody else does waits for the same answer."""
        key = (host, port)
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._lookups, self._numbers_of, host, port)
            self._asked[key] = asked
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        return await asyncio.shield(asked)


def numbers_of(host: str, port: int) -> list[str]:
    """All numbers that a host has by this machine's name servers; none for a host that is not known."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _failure_of(status: int) -> Failure | None:
    if 200 <= status < 300:
        return None
    return Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS


def _shown(text: bytearray) -> str:
    """The first of an answer as the log can keep it."""
    return text.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:KEPT_OF_ANSWER]


def _retry_after_s(response: httpx.Response) -> float | None:
    """How long the receiver wants to be left in peace, in seconds or until a date."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) <= 9:
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - machine()).total_seconds())


def _sentence(failure: Failure) -> str:
    if failure is Failure.UNKNOWN_HOST:
        return "this host cannot be found; check its name"
    return "this host is not on the open network; nothing is sent there"
