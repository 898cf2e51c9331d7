"""The limits of single values in a planning request; whatever breaks one is refused with the path of the value."""

import marshal
from collections.abc import Collection, Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from marketplace.matching.refusals import BadRequest
from marketplace.matching.request import NO_WAY_S

MAX_TIME = 2**32 - 1
MAX_DELIVERIES = 20_000
MAX_DRIVERS = 20_000
MAX_WINDOWS = 10
MAX_SERVICE_S = 1_000_000
MAX_PRIORITY = 100
MAX_STOPS = 1_000
MAX_ID_LENGTH = 64
MAX_REQUEST_ID_LENGTH = 100
MAX_DISTANCE_M = 1_000_000_000

_PLAIN_FORM = 2
"""The version of `marshal` in which equal values are written out each time."""
_ENTRY = np.dtype([("mark", "u1"), ("value", "<i4")])


def whole(value: object, field: str, low: int, high: int | None = None) -> None:
    """Refuses what is not a whole number between the limits: a float, a string and a bool are none."""
    if type(value) is not int:
        raise BadRequest(field, f"{last_name(field)} must be a whole number")
    if value < low or (high is not None and value > high):
        _refuse_range(field, low, high)


def number(value: object, field: str, low: float, high: float) -> None:
    """Refuses what is not a number between the limits; NaN and the infinities lie between none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(field, f"{last_name(field)} must be a number")
    if not low <= value <= high:
        _refuse_range(field, low, high)


def text(value: object, field: str, longest: int | None = None) -> None:
    """Refuses what is not a string; with a limit of length, also an empty or too long one."""
    if type(value) is not str:
        raise BadRequest(field, f"{last_name(field)} must be a string")
    if longest is not None and not 1 <= len(value) <= longest:
        raise BadRequest(field, f"{last_name(field)} must have between 1 and {longest} characters")


def one_of(value: object, field: str, names: Collection[str]) -> None:
    """Refuses what is not one of the known names."""
    if not isinstance(value, str) or value not in names:
        raise BadRequest(field, f"{last_name(field)} must be one of {', '.join(names)}")


def truth(value: object, field: str) -> None:
    """Refuses what is neither true nor false."""
    if type(value) is not bool:
        raise BadRequest(field, f"{last_name(field)} must be true or false")


def listed(value: object, field: str, at_most: int | None = None) -> None:
    """Refuses what is not a list, or one that is too long."""
    if not isinstance(value, list | tuple):
        raise BadRequest(field, f"{last_name(field)} must be a list")
    if at_most is not None and len(value) > at_most:
        raise BadRequest(field, f"{last_name(field)} must have at most {at_most} entries")


def whole_matrix(rows: object, field: str, high: int = NO_WAY_S) -> npt.NDArray[np.int64]:
    """A square matrix of whole numbers from 0 to `high` as a fresh array, or a refusal that names the row."""
    if isinstance(rows, np.ndarray):
        return _checked_array(rows, field, high)
    table = _read_at_once(rows)
    if table is not None and (not table.size or (table.min() >= 0 and table.max() <= high)):
        return table
    listed(rows, field)
    assert isinstance(rows, Sequence)
    for i, row in enumerate(rows):
        listed(row, f"{field}[{i}]")
        if len(row) != len(rows):
            raise BadRequest(f"{field}[{i}]", f"{field} must be square: {len(rows)} numbers in each row")
        if row and (set(map(type, row)) != {int} or min(row) < 0 or max(row) > high):
            raise BadRequest(f"{field}[{i}]", f"{field} must hold whole numbers between 0 and {high}")
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(rows))


def point_array(rows: object, field: str) -> npt.NDArray[np.float64]:
    """Places as an array of [latitude, longitude] in degrees, or a refusal that names the place."""
    if isinstance(rows, np.ndarray):
        return _checked_points(rows, field)
    listed(rows, field)
    assert isinstance(rows, Sequence)
    for i, row in enumerate(rows):
        place = f"{field}[{i}]"
        listed(row, place)
        if len(row) != 2:
            raise BadRequest(place, "a point is [latitude, longitude]")
        number(row[0], place, -90, 90)
        number(row[1], place, -180, 180)
    return np.array(rows, dtype=np.float64).reshape(len(rows), 2)


def last_name(field: str) -> str:
    """The last name of a path, for the sentence: `threads` of `options.threads`."""
    return field.rpartition(".")[2]


def _read_at_once(rows: object) -> npt.NDArray[np.int64] | None:
    """A square list of lists of whole numbers as an array; None for everything else, which is looked at row by row.

    Written by `marshal`, a list is a mark and its length, and a whole number of 32 bits is a mark and its value. So one
    look at the marks tells that there is nothing else among the numbers, five times faster than asking each of them.
    """
    if type(rows) is not list:
        return None
    try:
        written = marshal.dumps(rows, _PLAIN_FORM)
    except ValueError:
        return None
    if len(written) != _ENTRY.itemsize * (1 + len(rows) + len(rows) ** 2):
        return None
    entries = np.frombuffer(written, dtype=_ENTRY)[1:].reshape(len(rows), len(rows) + 1)
    is_plain = (entries["mark"][:, :1] == ord("[")).all() and (entries["mark"][:, 1:] == ord("i")).all()
    is_square = (entries["value"][:, :1] == len(rows)).all()
    return entries["value"][:, 1:].astype(np.int64) if is_plain and is_square else None


def _checked_array(rows: npt.NDArray[np.int64], field: str, high: int) -> npt.NDArray[np.int64]:
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1]:
        raise BadRequest(field, f"{field} must be square")
    if not np.issubdtype(rows.dtype, np.integer):
        raise BadRequest(field, f"{field} must hold whole numbers between 0 and {high}")
    wrong = np.flatnonzero(((rows < 0) | (rows > high)).any(axis=1))
    if wrong.size:
        raise BadRequest(f"{field}[{wrong[0]}]", f"{field} must hold whole numbers between 0 and {high}")
    return np.ascontiguousarray(rows, dtype=np.int64)


def _checked_points(rows: npt.NDArray[np.float64], field: str) -> npt.NDArray[np.float64]:
    if rows.ndim != 2 or rows.shape[1] != 2 or not np.issubdtype(rows.dtype, np.number):
        raise BadRequest(field, f"{field} must hold [latitude, longitude] pairs")
    wrong = np.flatnonzero(~((np.abs(rows[:, 0]) <= 90) & (np.abs(rows[:, 1]) <= 180)))
    if wrong.size:
        raise BadRequest(f"{field}[{wrong[0]}]", "a latitude is within 90 degrees, a longitude within 180")
    return np.ascontiguousarray(rows, dtype=np.float64)


def _refuse_range(field: str, low: float, high: float | None) -> NoReturn:
    limits = f"at least {low}" if high is None else f"between {low} and {high}"
    raise BadRequest(field, f"{last_name(field)} must be {limits}")
