"""What drivers drive, told apart by what it runs on: each kind of vehicle as it is known, and as an electric one.

A driver's vehicle is electric where the check of it has found an electric drive.
"""

from dataclasses import dataclass

from marketplace.fleet import Vehicle

ELECTRIC_DRIVE = "ELECTRIC_DRIVE"
"""The word for it among the equipment that a check finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivetrain:
    """A kind of vehicle, and whether it runs on electricity."""

    vehicle: Vehicle
    is_electric: bool

    @property
    def column(self) -> str:
        """How the columns of its sums begin."""
        return f"electric_{self.vehicle.lower()}" if self.is_electric else self.vehicle.lower()


DRIVETRAINS = tuple(
    Drivetrain(vehicle=vehicle, is_electric=is_electric) for is_electric in (False, True) for vehicle in Vehicle
)
