"""What a shipper wants posted again and again, as a checked value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson

from marketplace.batches import MOST_DELIVERIES, BadDelivery, DeliveryRequest, is_storable
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.window import local_instant, local_window
from marketplace.core.work import Work
from marketplace.hubs import hubs_open_to
from marketplace.markets import dials
from marketplace.points import open_points
from marketplace.recurring_batches.queries import INSERT_VERSION
from marketplace.recurring_batches.rule import BadRecurrence
from marketplace.recurring_batches.terms import Terms

LONGEST_NAME = 80
LONGEST_REFERENCE = 89
"""What is left of an externalId's 100 characters beside the day that is put behind it."""
FARTHEST_WINDOW = timedelta(days=14)
FARTHEST_START = timedelta(days=730)
"""Whoever plans further ahead than this plans nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A name for people, terms, and 1 to 1,000 rows with the windows of the first day."""

    name: str
    terms: Terms
    rows: Sequence[DeliveryRequest]

    @property
    def hub_ids(self) -> list[UUID]:
        """The hubs that its rows name."""
        return sorted({row.hub_id for row in self.rows if row.hub_id is not None})

    async def check(self, work: Work, *, shipper_id: UUID, market_id: UUID) -> str:
        """Refuses what could never be posted, and returns the time zone of the market."""
        time_zone = (await dials(work, market_id=market_id)).time_zone
        if not 1 <= len(self.name) <= LONGEST_NAME or not is_storable(self.name):
            raise BadRecurrence(f"a name has 1 to {LONGEST_NAME} characters", field="name")
        if not 1 <= len(self.rows) <= MOST_DELIVERIES:
            raise BadRecurrence(f"a batch has 1 to {MOST_DELIVERIES} deliveries", field="deliveries")
        starts_at = local_instant(self.terms.starts_at, time_zone)
        if not work.now <= starts_at <= work.now + FARTHEST_START:
            raise BadRecurrence("it starts now or later, within two years", field="startsAt")
        if not self.terms.recurrence(time_zone).days_from(self.terms.starts_at.date(), at_most=1):
            raise BadRecurrence("this rule has no day from its start on", field="rule")
        hubs = await hubs_open_to(work, shipper_id=shipper_id, hub_ids=self.hub_ids)
        if any(hub_id not in hubs or hubs[hub_id]["market_id"] != market_id for hub_id in self.hub_ids):
            raise NotFound("there is no such hub", field="hubId")
        named = {row.hand_over_point_id for row in self.rows if row.hand_over_point_id is not None}
        if named - (await open_points(work, market_id=market_id, shipper_id=shipper_id, ids=named)).keys():
            raise NotFound("there is no such hand-over point", field="handOverPointId")
        self._check_rows(time_zone)
        self._check_tiers()
        return time_zone

    def _check_rows(self, time_zone: str) -> None:
        seen = set[str]()
        for i, row in enumerate(self.rows):
            try:
                row.check()
                self._check_row(row, time_zone)
                if row.external_id in seen:
                    raise BadDelivery("this externalId stands twice in the request", field="externalId")
            except Invalid as refusal:
                field = f"deliveries[{i}]" + (f".{refusal.field}" if refusal.field else "")
                raise type(refusal)(refusal.message, field=field) from None
            seen.add(row.external_id)

    def _check_row(self, row: DeliveryRequest, time_zone: str) -> None:
        if len(row.external_id) > LONGEST_REFERENCE:
            raise BadDelivery(
                f"an externalId that recurs has at most {LONGEST_REFERENCE} characters", field="externalId"
            )
        if row.is_appointed:
            raise BadDelivery("a place at a dock is one of one day; leave the appointment out", field="dropoffWindow")
        if row.tier is None and row.dropoff_window is None:
            raise BadDelivery("what recurs names its windows, or a tier", field="dropoffWindow")
        for name, window in (("pickupWindow", row.pickup_window), ("dropoffWindow", row.dropoff_window)):
            if window is None:
                continue
            if abs(window.opens - self.terms.starts_at) > FARTHEST_WINDOW:
                raise BadDelivery("windows are those of the day of startsAt", field=name)
            local_window(window.opens, window.closes, time_zone)

    def _check_tiers(self) -> None:
        """Refuses a lead with which a tier, that promises by the moment of posting, would promise another day."""
        starts_on = self.terms.starts_at.date()
        posted_on = (self.terms.starts_at - timedelta(seconds=self.terms.lead_s)).date()
        for row in self.rows:
            if row.tier is None:
                continue
            first = posted_on + timedelta(days=row.tier.days_ahead)
            wanted = row.dropoff_window.opens.date() if row.dropoff_window is not None else starts_on
            if first > wanted or (row.dropoff_window is None and first < wanted):
                raise BadRecurrence(f"with this lead {row.tier} promises another day; see leadS", field="leadS")


async def write_version(
    work: Work, template: Template, *, market_id: UUID, shipper_id: UUID, recurring_batch_id: UUID, number: int
) -> None:
    """Keeps a version of a recurring batch."""
    terms = template.terms
    await work.execute(
        INSERT_VERSION,
        work.new_id(),
        market_id,
        shipper_id,
        recurring_batch_id,
        number,
        terms.starts_at.isoformat(timespec="seconds"),
        terms.rule,
        sorted(terms.except_days),
        terms.lead_s,
        terms.on_closed_day.value,
        terms.may_split,
        template.hub_ids,
        orjson.dumps(list(template.rows), default=str).decode(),
        work.now,
    )
