"""Words to operations by Apprise: chats, pagers and mail, whatever its addresses name.

The package is read only where a setting names addresses, so nobody else needs it. Addresses hold passwords and tokens:
they stand in no log, no message of a failure and no repr, and Apprise's own log, which may hold them, is silenced.
"""

import asyncio
import importlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog

from marketplace.adapters.notifiers.http import NotifierUnavailable
from marketplace.core.errors import CannotStart
from marketplace.core.notifier import Message
from marketplace.core.work import outside

AT_ONCE = 4
TIME_OUT_S = 10.0
TITLE = "Doorstep"

log = structlog.get_logger(__name__)


class AppriseNotifier:
    """Tells every address; a message has left when one of them took it, for a second one would tell the first twice."""

    def __init__(self, urls: Sequence[str]) -> None:
        apprise = _load()
        asset = apprise.AppriseAsset(
            async_mode=False, http_redirects=False, allow_templates=False, service_timeout=TIME_OUT_S
        )
        self._places = [_place(apprise, asset, url, number) for number, url in enumerate(urls, start=1)]
        # It blocks and it waits: in threads of its own, so that slow chats never keep the default ones from others.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apprise")

    async def send(self, message: Message) -> None:
        """Hands one message to all; raises Unavailable when nobody took it."""
        outside()
        outcomes = await asyncio.gather(*(self._tell(place, message.text) for place in self._places))
        if not any(outcomes):
            raise NotifierUnavailable("none of the places where operations look took the message")
        if not all(outcomes):
            log.warning("some places of operations took no message", missed=outcomes.count(False), of=len(outcomes))

    async def aclose(self) -> None:
        """Lets go of its threads; what hangs in one ends with its time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _tell(self, place: Any, text: str) -> bool:
        call = partial(place.notify, body=text, title=TITLE, body_format="text", timeout=TIME_OUT_S)
        try:
            async with asyncio.timeout(2 * TIME_OUT_S):
                return bool(await asyncio.get_running_loop().run_in_executor(self._threads, call))
        except TimeoutError:
            return False


def _load() -> Any:
    try:
        apprise = importlib.import_module("apprise")
    except ImportError as failure:
        raise CannotStart("DOORSTEP_APPRISE_URLS needs the package apprise: pip install apprise==2.2.0") from failure
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise


def _place(apprise: Any, asset: Any, url: str, number: int) -> Any:
    place = apprise.Apprise(asset=asset)
    if not place.add(url):
        raise CannotStart(f"DOORSTEP_APPRISE_URLS: Apprise does not understand address number {number}")
    return place
