"""Budgets: what one caller may ask for in a time, counted in the cost of operations.

What keeps accepted work moving has a budget of its own behind the common one, so that an app that reads too much can
still accept, deliver and go offline: those are the last to be refused.

Every process counts for itself and keeps a bounded number of callers, the latest ones; no other server is needed.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from schema.refusals import RateLimited

KNOWN_CALLERS = 20_000


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a caller may spend at once, and how fast it comes back."""

    burst_units: float
    units_per_s: float


DUTIES = Budget(burst_units=4_000, units_per_s=200)
"""Some thirty accepts or fifty reports at once, and one or two each second for as long as one likes."""


@dataclass(slots=True)
class _Account:
    units: float
    counted_at: float


class Budgets:
    """The budgets of many callers of one kind."""

    def __init__(
        self, budget: Budget, *, known_callers: int = KNOWN_CALLERS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.budget = budget
        self.known_callers = known_callers
        self._now = now
        self._accounts: OrderedDict[object, _Account] = OrderedDict()

    def spend(self, caller: object, units: float) -> int:
        """Takes units from the caller's budget and returns what is left; raises RateLimited when they are not there.

        A refused request takes nothing. With no units it only asks whether anything is left at all.
        """
        account = self._account(caller)
        # Something dearer than the whole budget passes when the budget is full, and leaves a debt.
        needed = min(max(units, 1.0), self.budget.burst_units)
        if account.units < needed:
            wait_s = max(1, math.ceil((needed - account.units) / self.budget.units_per_s))
            raise RateLimited(f"your budget is used up; try again in {wait_s} seconds", retry_after_s=wait_s)
        account.units -= units
        return max(0, int(account.units))

    def charge(self, caller: object, units: float) -> None:
        """Takes units whether or not they are there; a debt is at most one whole budget."""
        account = self._account(caller)
        account.units = max(account.units - units, -self.budget.burst_units)

    def _account(self, caller: object) -> _Account:
        now = self._now()
        account = self._accounts.get(caller)
        if account is None:
            account = self._accounts[caller] = _Account(self.budget.burst_units, now)
            if len(self._accounts) > self.known_callers:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(caller)
            filled = account.units + (now - account.counted_at) * self.budget.units_per_s
            account.units = min(self.budget.burst_units, filled)
            account.counted_at = now
        return account


@dataclass(frozen=True, slots=True)
class Rates:
    """The budgets of a process: one for each known caller, one for each address that has not said who it is.

    `duties` are a further one for each known caller, for priority operations when the first is used up.
    """

    callers: Budgets
    addresses: Budgets
    duties: Budgets = field(default_factory=lambda: Budgets(DUTIES))


def usual_rates(*, caller_units_per_s: float = 2_000) -> Rates:
    """What a process grants: drivers and portals never notice it, and guessing gets nowhere."""
    return Rates(
        callers=Budgets(Budget(burst_units=10 * caller_units_per_s, units_per_s=caller_units_per_s)),
        addresses=Budgets(Budget(burst_units=2_000, units_per_s=20)),
    )


@lru_cache(maxsize=KNOWN_CALLERS)
def address_key(host: str) -> str:
    """What counts as one address: a whole /64 network for IPv6, since one person has that many addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else host
