"""An app's way to the internet: it can be lost for a while, and calls that fail are tried again with growing pauses."""

import asyncio
from random import Random

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0


class Unreachable(Exception):
    """The marketplace does not answer, or there is no network; what was to be said may be said again, unchanged."""


class Network:
    """The network of one app, up unless it is lost on purpose."""

    def __init__(self) -> None:
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._up.set()

    @property
    def is_up(self) -> bool:
        """Whether calls get out."""
        return self._up.is_set()

    def lose(self) -> None:
        """From now on nothing gets out or in."""
        self._up.clear()
        self._down.set()

    def restore(self) -> None:
        """The network is back."""
        self._down.clear()
        self._up.set()

    async def until_up(self) -> None:
        """Waits until calls get out."""
        await self._up.wait()

    async def until_lost(self) -> None:
        """Waits until the network is lost."""
        await self._down.wait()


class Tunnel:
    """A stretch of road without network, entered after a number of stops and left again by itself."""

    def __init__(self, network: Network, *, after_stops: int, lasts_s: float) -> None:
        """`lasts_s` is in seconds of machine time."""
        self._network = network
        self._stops_left = after_stops
        self._lasts_s = lasts_s

    def pass_stop(self) -> None:
        """Counts a stop of the driver; after the last one before the tunnel the network is lost."""
        self._stops_left -= 1
        if self._stops_left == 0:
            self._network.lose()
            asyncio.get_running_loop().call_later(self._lasts_s, self._network.restore)


def pause_s(attempt: int, source: Random) -> float:
    """How long to wait after failure number `attempt`, from 0: doubling, bounded, and never in step with other apps."""
    return min(FIRST_PAUSE_S * 2.0 ** min(attempt, 10), LONGEST_PAUSE_S) * source.uniform(0.5, 1.0)
