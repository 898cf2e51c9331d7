"""When things of stock are wanted, where a tier says when: that is known before it is known where they come from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches.request import DeliveryRequest, LocalWindow
from marketplace.batches.tiers import level_of, promised_windows
from marketplace.core.errors import Invalid
from marketplace.core.window import Window, zone
from marketplace.hubs import Opening
from marketplace.shippers import KeptLevel, Tier


def rows_with_windows(
    rows: Mapping[int, DeliveryRequest],
    levels: Mapping[Tier, KeptLevel],
    *,
    hubs: Mapping[UUID, asyncpg.Record],
    time_zone: str,
    asked_at: datetime,
) -> tuple[dict[int, DeliveryRequest], dict[int, Invalid]]:
    """The rows with the windows of their tiers, where those that come from stock name none; and why one has none.

    Which hub a thing comes from depends on when, and when a tier promises it on the hub. So a hub that serves every day
    stands for those that are not known yet: only hubs that are open then are chosen, and the one that is promises for
    itself.
    """
    wanted, refused = dict(rows), dict[int, Invalid]()
    for i, row in rows.items():
        if not row.items or row.tier is None:
            continue
        try:
            hub = hubs.get(row.hub_id) if row.hub_id is not None else None
            promised = promised_windows(
                level_of(row, levels).level, row, opening=opening_of(hub), time_zone=time_zone, now=asked_at
            )
            wanted[i] = replace(
                row,
                pickup_window=_local(promised.pickup, time_zone),
                dropoff_window=_local(promised.dropoff, time_zone),
            )
        except Invalid as refusal:
            refused[i] = refusal
            del wanted[i]
    return wanted, refused


def opening_of(hub: asyncpg.Record | None) -> Opening:
    """When a hub serves; every day where none is named, or nobody has said when it does."""
    return Opening.of(orjson.loads(hub["opening"]) if hub is not None and hub["opening"] else None)


def _local(window: Window, time_zone: str) -> LocalWindow:
    opens, closes = (
        moment.astimezone(zone(time_zone)).replace(tzinfo=None) for moment in (window.opens_at, window.closes_at)
    )
    return LocalWindow(opens=opens, closes=max(opens, closes))  # an hour may be there twice
