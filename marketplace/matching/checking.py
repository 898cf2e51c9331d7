"""Refuses a planning request that breaks a rule, before any solver sees a number of it.

Both doors lead through here: requests read from JSON and requests built in Python.
"""

from collections import Counter
from collections.abc import Sequence

from marketplace.core.money import MAX_MINOR
from marketplace.matching.limits import (
    MAX_DELIVERIES,
    MAX_DRIVERS,
    MAX_ID_LENGTH,
    MAX_PRIORITY,
    MAX_REQUEST_ID_LENGTH,
    MAX_SERVICE_S,
    MAX_STOPS,
    MAX_TIME,
    MAX_WINDOWS,
    listed,
    number,
    one_of,
    text,
    truth,
    whole,
)
from marketplace.matching.refusals import BadRequest
from marketplace.matching.request import (
    DriverKind,
    DriverPay,
    LockedStep,
    Objective,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
    ShiftEndCovers,
    StepKind,
)

_OBJECTIVES = tuple(map(str, Objective))
_DRIVER_KINDS = tuple(map(str, DriverKind))
_STEP_KINDS = tuple(map(str, StepKind))
_COVERS = tuple(map(str, ShiftEndCovers))


def check_request(request: PlanRequest, places: int) -> None:
    """Refuses the first value that breaks a limit; `places` is how many places the matrix or the points have."""
    check_request_id(request.request_id)
    whole(request.now, "now", 0, MAX_TIME)
    check_options(request.options)
    listed(request.deliveries, "deliveries", MAX_DELIVERIES)
    listed(request.drivers, "drivers", MAX_DRIVERS)
    for i, delivery in enumerate(request.deliveries):
        _check_delivery(delivery, f"deliveries[{i}]", places)
    for i, driver in enumerate(request.drivers):
        _check_driver(driver, f"drivers[{i}]", places)
    _check_unique([delivery.id for delivery in request.deliveries], "deliveries")
    _check_unique([driver.id for driver in request.drivers], "drivers")
    _check_dimensions(request)
    _check_locked(request)


def check_request_id(request_id: object) -> None:
    """Refuses a request id that is neither a short string nor a whole number; Python callers may leave it out."""
    if request_id is None or type(request_id) is int:
        return
    text(request_id, "request_id", MAX_REQUEST_ID_LENGTH)


def check_options(options: object) -> None:
    """Refuses options outside their limits."""
    if not isinstance(options, PlanOptions):
        raise BadRequest("options", "options must be PlanOptions")
    one_of(options.objective, "options.objective", _OBJECTIVES)
    number(options.time_limit_s, "options.time_limit_s", 0.01, 600)
    whole(options.threads, "options.threads", 1, 64)
    whole(options.seed, "options.seed", 0, MAX_TIME)
    truth(options.one_origin_per_route, "options.one_origin_per_route")
    whole(options.zone_limit, "options.zone_limit", 1, 1000)
    one_of(options.shift_end_covers, "options.shift_end_covers", _COVERS)


def _check_delivery(delivery: object, field: str, places: int) -> None:
    if not isinstance(delivery, PlanDelivery):
        raise BadRequest(field, "a delivery must be a PlanDelivery")
    text(delivery.id, f"{field}.id", MAX_ID_LENGTH)
    _check_stop(delivery.pickup, f"{field}.pickup", places)
    _check_stop(delivery.dropoff, f"{field}.dropoff", places)
    if delivery.pickup.due_at is not None:
        raise BadRequest(f"{field}.pickup.due_at", "only a drop-off is due")
    if delivery.dropoff.ready_at is not None:
        raise BadRequest(f"{field}.dropoff.ready_at", "only a pickup can be waited for")
    _check_amounts(delivery.load, f"{field}.load")
    _check_skills(delivery.skills, f"{field}.skills")
    whole(delivery.priority, f"{field}.priority", 0, MAX_PRIORITY)
    if delivery.posted_at is not None:
        whole(delivery.posted_at, f"{field}.posted_at", 0, MAX_TIME)
    if delivery.out_of_cold_s is not None:
        whole(delivery.out_of_cold_s, f"{field}.out_of_cold_s", 0, MAX_SERVICE_S)


def _check_stop(stop: object, field: str, places: int) -> None:
    if not isinstance(stop, PlanStop):
        raise BadRequest(field, "a stop must be a PlanStop")
    _check_place(stop.location, f"{field}.location", places)
    whole(stop.service_s, f"{field}.service_s", 0, MAX_SERVICE_S)
    if stop.ready_at is not None:
        whole(stop.ready_at, f"{field}.ready_at", 0, MAX_TIME)
    if stop.due_at is not None:
        whole(stop.due_at, f"{field}.due_at", 0, MAX_TIME)
    listed(stop.windows, f"{field}.windows", MAX_WINDOWS)
    for i, window in enumerate(stop.windows):
        _check_window(window, f"{field}.windows[{i}]")


def _check_window(window: object, field: str) -> None:
    if not isinstance(window, list | tuple) or len(window) != 2:
        raise BadRequest(field, "a window is [from, to]")
    whole(window[0], field, 0, MAX_TIME)
    whole(window[1], field, 0, MAX_TIME)
    if window[0] > window[1]:
        raise BadRequest(field, "a window must not end before it begins")


def _check_driver(driver: object, field: str, places: int) -> None:
    if not isinstance(driver, PlanDriver):
        raise BadRequest(field, "a driver must be a PlanDriver")
    text(driver.id, f"{field}.id", MAX_ID_LENGTH)
    one_of(driver.kind, f"{field}.kind", _DRIVER_KINDS)
    _check_place(driver.location, f"{field}.location", places)
    if driver.end_location is not None:
        _check_place(driver.end_location, f"{field}.end_location", places)
    if driver.available_at is not None:
        whole(driver.available_at, f"{field}.available_at", 0, MAX_TIME)
    whole(driver.shift_end, f"{field}.shift_end", 0, MAX_TIME)
    _check_amounts(driver.capacity, f"{field}.capacity")
    _check_skills(driver.skills, f"{field}.skills")
    if driver.max_stops is not None:
        whole(driver.max_stops, f"{field}.max_stops", 1, MAX_STOPS)
    number(driver.accept_prob, f"{field}.accept_prob", 0, 1)
    truth(driver.keeps_cold, f"{field}.keeps_cold")
    _check_pay(driver.pay, f"{field}.pay")
    listed(driver.locked, f"{field}.locked")
    for i, step in enumerate(driver.locked):
        _check_locked_step(step, f"{field}.locked[{i}]", places)


def _check_pay(pay: object, field: str) -> None:
    if not isinstance(pay, DriverPay):
        raise BadRequest(field, "pay must be a DriverPay")
    for name in ("fixed_cents", "per_stop_cents", "per_hour_cents", "per_km_cents"):
        whole(getattr(pay, name), f"{field}.{name}", 0, MAX_MINOR)


def _check_locked_step(step: object, field: str, places: int) -> None:
    if not isinstance(step, LockedStep):
        raise BadRequest(field, "a locked step must be a LockedStep")
    text(step.delivery_id, f"{field}.delivery_id", MAX_ID_LENGTH)
    one_of(step.kind, f"{field}.kind", _STEP_KINDS)
    _check_place(step.location, f"{field}.location", places)


def _check_place(value: object, field: str, places: int) -> None:
    if type(value) is not int:
        raise BadRequest(field, "a location must be a whole number")
    if not 0 <= value < places:
        raise BadRequest(field, f"there is no location {value}: the request has {places}, counted from 0")


def _check_amounts(amounts: object, field: str) -> None:
    listed(amounts, field)
    assert isinstance(amounts, Sequence)
    for i, amount in enumerate(amounts):
        whole(amount, f"{field}[{i}]", 0)


def _check_skills(skills: object, field: str) -> None:
    listed(skills, field)
    assert isinstance(skills, Sequence)
    for i, skill in enumerate(skills):
        text(skill, f"{field}[{i}]")


def _check_unique(ids: Sequence[str], field: str) -> None:
    seen: set[str] = set()
    for i, name in enumerate(ids):
        if name in seen:
            raise BadRequest(f"{field}[{i}].id", f"the id {name} is taken by an earlier entry")
        seen.add(name)


def _check_dimensions(request: PlanRequest) -> None:
    """Loads and capacities count the same dimensions; the most common length is taken as the one that is meant."""
    lengths = {f"deliveries[{i}].load": len(delivery.load) for i, delivery in enumerate(request.deliveries)}
    lengths |= {f"drivers[{i}].capacity": len(driver.capacity) for i, driver in enumerate(request.drivers)}
    if len(set(lengths.values())) > 1:
        meant = Counter(lengths.values()).most_common(1)[0][0]
        field = next(field for field, length in lengths.items() if length != meant)
        raise BadRequest(field, f"every load and capacity of a request has the same length; most have {meant}")


def _check_locked(request: PlanRequest) -> None:
    """Committed steps name known deliveries at their own places, each once, in an order that can be driven."""
    deliveries = {delivery.id: delivery for delivery in request.deliveries}
    carried_by: dict[str, int] = {}
    for i, driver in enumerate(request.drivers):
        done: set[tuple[str, str]] = set()
        for k, step in enumerate(driver.locked):
            field = f"drivers[{i}].locked[{k}]"
            delivery = deliveries.get(step.delivery_id)
            if delivery is None:
                raise BadRequest(f"{field}.delivery_id", f"there is no delivery {step.delivery_id}")
            stop = delivery.pickup if step.kind == StepKind.PICKUP else delivery.dropoff
            if step.location != stop.location:
                raise BadRequest(f"{field}.location", f"the delivery has its {step.kind} at location {stop.location}")
            if carried_by.setdefault(step.delivery_id, i) != i:
                raise BadRequest(f"{field}.delivery_id", "another driver is committed to this delivery")
            if (step.delivery_id, str(step.kind)) in done:
                raise BadRequest(field, "this step is locked twice")
            if step.kind == StepKind.PICKUP and (step.delivery_id, "dropoff") in done:
                raise BadRequest(field, "a delivery cannot be picked up after it was dropped off")
            done.add((step.delivery_id, str(step.kind)))
