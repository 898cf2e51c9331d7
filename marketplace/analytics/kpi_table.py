"""The figures as a table for spreadsheets: RFC 4180, with a mark that tells UTF-8, and no cell taken for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from marketplace.analytics.drivetrains import DRIVETRAINS
from marketplace.analytics.kpi_row import COLUMNS, KpiRow
from marketplace.core.ids import to_wire
from marketplace.fleet import ContractKind
from marketplace.payouts import safe_cell

BYTE_ORDER_MARK = "\ufeff"
OF_VEHICLES = tuple(f"{one.column}_{figure}" for one in DRIVETRAINS for figure in ("m", "delivered", "co2_g"))
SHARED = ("driver_days", "idle_minutes", "offers_per_online_hour", "gini", "pay_per_engaged_hour_minor")
OF_KINDS = tuple(f"{kind.lower()}_{figure}" for kind in ContractKind for figure in SHARED)


def kpi_lines(rows: Iterable[KpiRow]) -> Iterator[bytes]:
    """The head and then line after line, so that a long table is sent as it is made."""
    yield BYTE_ORDER_MARK.encode() + _line((*COLUMNS, *OF_VEHICLES, *OF_KINDS))
    for row in rows:
        yield _line((*(_cell(name, getattr(row, name)) for name in COLUMNS), *_vehicles(row), *_kinds(row)))


def _cell(name: str, value: Any) -> Any:
    """Numbers stay numbers, below nothing too; whatever people may have written is made harmless."""
    if value is None or isinstance(value, int | float):
        return value
    if name in {"hub_id", "shipper_id"}:
        return to_wire(name.removesuffix("_id"), value)
    return safe_cell(str(value))


def _vehicles(row: KpiRow) -> Iterator[int]:
    found = {(one.vehicle, one.is_electric): one for one in row.vehicles}
    for drivetrain in DRIVETRAINS:
        one = found.get((drivetrain.vehicle, drivetrain.is_electric))
        yield from (one.distance_m, one.delivered, one.co2_g) if one else (0, 0, 0)


def _kinds(row: KpiRow) -> Iterator[float | None]:
    found = {one.contract_kind: one for one in row.fairness}
    for kind in ContractKind:
        yield from (getattr(found.get(kind), figure, None) for figure in SHARED)


def _line(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
