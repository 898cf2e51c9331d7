"""Facts about how busy it is."""

from dataclasses import dataclass

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeChanged(Event):
    """In these cells, named in order, drivers' bonus and shippers' surcharge are now others than at the last look.

    The three lists go together: cell, bonus of a drop-off in minor units, surcharge in hundredths of a percent.
    """

    cells: tuple[str, ...]
    driver_bonus_minor: tuple[int, ...]
    surcharge_basis_points: tuple[int, ...]
    currency: str
