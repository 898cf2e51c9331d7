"""A headless browser for the tests of our pages, driven over its own socket; there is no library in between."""

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.waiting import until

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 30.0
LOOKS = ("light", "dark")
PALE_TEXTS = """
(() => {
  // Mixed colours are told in parts of one, others in parts of 255.
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number)
    .map((part, i) => (text.startsWith("color(") && i < 3 ? part * 255 : part));
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    const isNoText = node.closest("[aria-hidden=true], .leaflet-pane, noscript, svg, script, :disabled");
    if (!hasText || !node.checkVisibility() || isNoText) continue;
    const [one, other] = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) bad.push(`${node.tagName} ${node.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return bad;
})()
"""
"""Texts that stand out less than 4.5 to 1 from what is behind them, with their ratio."""
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
)


def find_browser() -> str | None:
    """The path of an installed browser, if any."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class PageFailed(AssertionError):
    """A script of the page, or one of ours inside it, threw; or the page was gone before it could answer."""


class Page:
    """One page in a context of its own, with everything that it asked for and complained about."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self._browser = browser
        self._session = session
        self.complaints: list[str] = []
        self.addresses: list[str] = []

    @property
    def hosts(self) -> set[str]:
        """Every host and port that the page asked for something."""
        return {urlsplit(address).netloc for address in self.addresses if not address.startswith(("data:", "blob:"))}

    async def call(self, method: str, **parameters: Any) -> Any:
        """One command of the DevTools protocol."""
        return await self._browser.call(method, parameters, self._session)

    async def open(self, address: str) -> None:
        """Goes to an address."""
        await self.call("Page.navigate", url=address)

    async def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise PageFailed(answer["exceptionDetails"].get("exception", {}).get("description", script))
        return answer["result"].get("value")

    async def until(self, script: str) -> None:
        """Waits until an expression is true; while the page is being loaded it is not."""

        async def is_true() -> bool:
            with suppress(PageFailed):
                return bool(await self.ask(script))
            return False

        await until(is_true, patience_s=PATIENCE_S)

    async def press(self, key: str) -> None:
        """Presses a key."""
        for kind in ("rawKeyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    async def resize(self, *, width: int, height: int) -> None:
        """Makes the page as large as that."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    async def look(self, scheme: str | None) -> None:
        """Shows the page as somebody sees it who has chosen light or dark; None is as it was."""
        features = [{"name": "prefers-color-scheme", "value": scheme}] if scheme else []
        await self.call("Emulation.setEmulatedMedia", features=features)

    async def keep_picture(
        self, name: str, *, when: str = "true", after_s: float = 0.3, is_whole: bool = False
    ) -> None:
        """Keeps what is seen, light and dark, in the folder DOORSTEP_PICTURES, where somebody wants to look at it."""
        folder = os.environ.get("DOORSTEP_PICTURES")
        if folder is None:
            return
        await self.until(when)
        await asyncio.sleep(after_s)  # what moves comes to rest
        for scheme in LOOKS:
            await self.look(scheme)
            await asyncio.sleep(0.3)
            picture = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=is_whole)
            path = Path(folder) / f"{name}-{scheme}.png"
            await asyncio.to_thread(path.write_bytes, base64.b64decode(picture["data"]))
        await self.look(None)

    async def pale_texts(self) -> dict[str, list[str]]:
        """The texts in sight that are too pale to read, light and dark."""
        found = {}
        for scheme in LOOKS:
            await self.look(scheme)
            found[scheme] = await self.ask(PALE_TEXTS)
        await self.look(None)
        return found

    def hear(self, method: str, parameters: dict[str, Any]) -> None:
        """Notes what the browser tells of this page."""
        match method:
            case "Network.requestWillBeSent":
                self.addresses.append(parameters["request"]["url"])
            case "Network.webSocketCreated":
                self.addresses.append(parameters["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in {"error", "warning"}:
                self.complaints.append(str(parameters["args"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(parameters["entry"]["text"])


class Browser:
    """A running browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._pages: dict[str, Page] = {}

    async def listen(self) -> None:
        """Hands out answers and news until the browser has gone."""
        with suppress(ConnectionClosed):
            while True:
                message = json.loads(await self._socket.recv())
                if "id" in message:
                    self._answers.pop(message["id"]).set_result(message)
                elif page := self._pages.get(message.get("sessionId", "")):
                    page.hear(message["method"], message["params"])

    async def call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> Any:
        """Sends one command and returns its result."""
        self._count += 1
        answer = self._answers[self._count] = asyncio.get_running_loop().create_future()
        command = {"id": self._count, "method": method, "params": parameters}
        await self._socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
        async with asyncio.timeout(PATIENCE_S):
            message = await answer
        if "error" in message:  # also of a page that goes elsewhere at this moment
            raise PageFailed(message["error"]["message"])
        return message["result"]

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """A page that shares nothing with any other."""
        context = (await self.call("Target.createBrowserContext", {}))["browserContextId"]
        target = await self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        attached = await self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        page = self._pages[attached["sessionId"]] = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.call(f"{domain}.enable")
        await page.resize(width=1280, height=800)
        yield page
        del self._pages[attached["sessionId"]]
        await self.call("Target.disposeBrowserContext", {"browserContextId": context})


@asynccontextmanager
async def open_browser(path: str, folder: Path) -> AsyncIterator[Browser]:
    """Runs a browser with a profile in that folder until the block ends."""
    process = await asyncio.create_subprocess_exec(
        path,
        *FLAGS,
        f"--user-data-dir={folder}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        where = folder / "DevToolsActivePort"
        await until(lambda: where.is_file() and where.read_text().count("\n") > 0)
        port, door = where.read_text().split()
        async with connect(f"ws://127.0.0.1:{port}{door}", max_size=None, proxy=None) as socket:
            browser = Browser(socket)
            listener = asyncio.create_task(browser.listen())
            yield browser
        await listener
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
