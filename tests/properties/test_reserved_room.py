"""Whatever others do, a reserved place is there for its shipper, and nobody takes more than a place has."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.window import Window
from marketplace.hubs import DayHours, Opening
from marketplace.reservations import Place, Reserved, Room, Taken, Terms

DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 2, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
NEAR, FAR = UUID(int=1), UUID(int=2)
PER_DAY = {NEAR: 12, FAR: 9, None: 15}
HOURS = tuple(DayHours(day=day, opens=time(8), closes=time(20)) for day in range(1, 8))
PLACES = {
    key: Place(time_zone="UTC", opening=Opening(hours=HOURS, places_per_day=PER_DAY[key])) for key in (NEAR, FAR)
} | {None: Place(time_zone="UTC", per_day=PER_DAY[None])}

shippers = st.integers(10, 13).map(lambda number: UUID(int=number))
whence = st.sampled_from([NEAR, FAR, None])
windows = st.tuples(st.integers(8, 17), st.integers(1, 3)).map(
    lambda hours: Window(MIDNIGHT + timedelta(hours=hours[0]), MIDNIGHT + timedelta(hours=sum(hours)))
)
wishes = st.lists(st.tuples(shippers, whence, windows), max_size=60)


def agreed(shares: list[tuple[UUID, UUID | None, int, bool]]) -> list[Reserved]:
    """Reservations as far as there is room for them, one of each shipper and place."""
    kept: dict[tuple[UUID, UUID | None], Reserved] = {}
    for number, (shipper, hub_id, places, is_morning) in enumerate(shares):
        together = [one for one in kept.values() if hub_id is None or one.hub_id == hub_id]
        whole = sum(one.places for one in kept.values()) + places
        if (shipper, hub_id) in kept or whole > PER_DAY[None]:
            continue
        if sum(one.places for one in together) + places > PER_DAY[hub_id]:
            continue
        terms = Terms(first_day=DAY, places=places, opens=time(8), closes=time(12)) if is_morning else None
        kept[shipper, hub_id] = Reserved(
            reservation_id=UUID(int=100 + number),
            shipper_id=shipper,
            hub_id=hub_id,
            day=DAY,
            span=(terms or Terms(first_day=DAY, places=places)).span(DAY, "UTC"),
            is_of_hours=is_morning,
            places=places,
            released_at=NOW + timedelta(hours=18),
        )
    return list(kept.values())


@settings(deadline=None, max_examples=120)
@given(shares=st.lists(st.tuples(shippers, whence, st.integers(1, 6), st.booleans()), max_size=8), wishes=wishes)
def test_what_is_reserved_stays_there_and_no_place_gives_more_than_it_has(
    shares: list[tuple[UUID, UUID | None, int, bool]], wishes: list[tuple[UUID, UUID | None, Window]]
) -> None:
    reserved = agreed(shares)
    room = Room.of(NOW, PLACES, reserved, ())
    taken: list[UUID | None] = []

    for shipper, hub_id, window in wishes:
        if room.left(shipper, hub_id, window) > 0:
            room.take(Taken(shipper_id=shipper, hub_id=hub_id, window=window))
            taken.append(hub_id)
    for one in reserved:
        for _ in range(one.unused):
            window = Window(one.span.closes_at - timedelta(hours=1), one.span.closes_at)
            assert room.left(one.shipper_id, one.hub_id, window) > 0
            room.take(Taken(shipper_id=one.shipper_id, hub_id=one.hub_id, window=window))
            taken.append(one.hub_id)

    assert [one.unused for one in reserved] == [0] * len(reserved)
    assert taken.count(NEAR) <= PER_DAY[NEAR]
    assert taken.count(FAR) <= PER_DAY[FAR]
    assert len(taken) <= PER_DAY[None]
