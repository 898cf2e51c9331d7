"""What one request reads and changes: a draft of the state, the moment, the account, and the checked parameters."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from marketplace.adapters.stripe_sandbox.errors import StripeError, missing
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record
from marketplace.adapters.stripe_sandbox.store import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the stand-in, or one thing that time or a person at the control has done."""

    draft: Draft
    now: int
    new_id: Callable[[str], str]
    account: str = PLATFORM
    path: dict[str, str] = field(default_factory=dict)
    params: Record = field(default_factory=dict)
    origin: str = ""
    """Where the stand-in listens, for the links that it hands out."""
    request_id: str | None = None
    idempotency_key: str | None = None

    def on(self, account: str) -> "Call":
        """The same call, acting on another account's books."""
        return replace(self, account=account)

    def at(self, moment: int) -> "Call":
        """The same call at another moment."""
        return replace(self, now=moment)

    def find(self, table: str, key: str, *, param: str = "id", status: int = 404) -> Record:
        """An object of this account; another account's, or a deleted one, looks the same as none."""
        record = self.draft.get(table, key)
        if record is None or record["_account"] != self.account or record.get("deleted"):
            raise missing(table, key, param=param, status=status)
        return record

    def named(self, table: str, name: str) -> Record:
        """The object that a path names, such as `{transfer}`."""
        return self.find(table, self.path[name], param=name)

    def given(self, table: str, name: str) -> Record:
        """The object that a parameter names; a wrong one is the caller's mistake, not a missing page."""
        return self.find(table, self.needed(name), param=name, status=400)

    def needed(self, name: str) -> Any:
        """A parameter that the specification leaves open, but without which nothing can be done."""
        if name not in self.params:
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return self.params[name]

    def add(self, table: str, record: Record) -> Record:
        """Keeps a new object for this account."""
        return self.draft.add(table, record | {"_account": self.account})

    def rows(self, table: str) -> list[Record]:
        """This account's objects of a kind, newest first; to be read only."""
        return [record for record in self.draft.rows(table) if record["_account"] == self.account]

    def take(self, *names: str) -> dict[str, Any]:
        """Those of the named parameters that were given, None for the others."""
        return {name: self.params.get(name) for name in names}


def merged_metadata(kept: Record, given: Record | str | None) -> Record:
    """Metadata after an update: an empty value takes a name away, an empty string takes all away."""
    if given is None:
        return kept
    if isinstance(given, str):
        return {}
    return {name: value for name, value in (kept | given).items() if value != ""}
