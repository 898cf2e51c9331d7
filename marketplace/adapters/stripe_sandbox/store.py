"""The one place where the stand-in keeps its state: records by table and id, changed in drafts.

A draft is kept whole or not at all. With a journal, what a draft changed is on the disk before anybody hears of it.
"""

from collections import defaultdict
from collections.abc import Iterator

import orjson

from marketplace.adapters.stripe_sandbox.journal import Change, Journal
from marketplace.adapters.stripe_sandbox.records import Record, copy_of

Table = dict[str, Record]


class Store:
    """Every record of the stand-in. Rows keep the order in which they were added."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.tables: defaultdict[str, Table] = defaultdict(dict)
        self._journal = journal
        if journal is not None:
            for changes in journal.replay():
                self._apply(changes)

    def draft(self) -> "Draft":
        """Begins a set of changes."""
        return Draft(self)

    def keep(self, changes: list[Change], *, is_synced: bool = True) -> None:
        """Makes changes final: first on the disk, then in memory."""
        if not changes:
            return
        if self._journal is not None:
            self._journal.append(changes)
            if is_synced:
                self._journal.sync()
        self._apply(changes)

    def _apply(self, changes: list[Change]) -> None:
        for table, key, record in changes:
            if record is None:
                self.tables[table].pop(key, None)
            else:
                self.tables[table][key] = record


class Draft:
    """Changes on the way. A record that `get` or `add` gave may be changed in place; `rows` are to be read only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[tuple[str, str], Record | None] = {}

    def get(self, table: str, key: str) -> Record | None:
        """A record to read or to change, or None where there is none."""
        if (table, key) not in self._open:
            kept = self._store.tables[table].get(key)
            if kept is None:
                return None
            self._open[table, key] = copy_of(kept)
        return self._open[table, key]

    def add(self, table: str, record: Record) -> Record:
        """Puts a record in place, new or instead of the one with its id."""
        self._open[table, record["id"]] = record
        return record

    def remove(self, table: str, key: str) -> None:
        """Takes a record away."""
        self._open[table, key] = None

    def rows(self, table: str) -> Iterator[Record]:
        """Every record of a table as this draft sees it, newest first."""
        kept = self._store.tables[table]
        for (name, key), record in reversed(list(self._open.items())):
            if name == table and key not in kept and record is not None:
                yield record
        for key in reversed(kept):
            record = self._open.get((table, key), kept[key])
            if record is not None:
                yield record

    def keep(self, *, is_synced: bool = True) -> list[Change]:
        """Makes what was really changed final and returns it."""
        changes: list[Change] = []
        for (table, key), record in self._open.items():
            kept = self._store.tables[table].get(key)
            if record is not kept and (record is None or kept is None or _differs(record, kept)):
                changes.append((table, key, record))
        self._store.keep(changes, is_synced=is_synced)
        self._open = {}
        return changes


def _differs(record: Record, kept: Record) -> bool:
    return orjson.dumps(record) != orjson.dumps(kept)
