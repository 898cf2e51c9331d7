"""Which papers and equipment a driver needs, and until when what was checked carries: pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from marketplace.fleet.states import SKILLS, DocumentKind, Vehicle

OF_MOTOR_VEHICLES = (DocumentKind.DRIVING_LICENCE, DocumentKind.INSURANCE, DocumentKind.REGISTRATION)
CARRIED_IN = {"COLD": "COLD_BOX", "HEAVY": "HAND_TRUCK", "TAIL_LIFT": "TAIL_LIFT"}
"""What a vehicle must be equipped with for a skill to count, once the driver has named the vehicle of the day."""
OF_THE_VEHICLE = frozenset({"TAIL_LIFT"})
"""Equipment that is a skill by itself: whoever drives the vehicle has it, without a certificate."""
EQUIPMENT = frozenset(
    {"COLD_BOX", "HAND_TRUCK", "TAIL_LIFT", "STRAPS", "FIRE_EXTINGUISHER", "REFLECTIVE_VEST", "ELECTRIC_DRIVE"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was found good of one kind of paper, and when the last one was taken back."""

    until: datetime | None
    revoked_at: datetime | None

    @property
    def end(self) -> datetime | None:
        """When it carries no more; a paper that was taken back carried until then."""
        return self.until or self.revoked_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenVehicle:
    """The vehicle of the day: its equipment, and when its check ends."""

    equipment: frozenset[str]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """What the drivers' table keeps, so that each search for a driver needs only the clock."""

    skills: Sequence[str]
    skills_until: Sequence[datetime | None] | None
    documents_until: datetime | None
    vehicle_until: datetime | None


def needed_papers(vehicle: Vehicle) -> tuple[DocumentKind, ...]:
    """Papers without which nobody is approved: an identity, and for what has a motor three more."""
    return (DocumentKind.IDENTITY,) + (() if vehicle is Vehicle.BICYCLE else OF_MOTOR_VEHICLES)


def eligibility(
    skills: Sequence[str], shown: Mapping[DocumentKind, Shown], vehicle: ChosenVehicle | None, now: datetime
) -> Eligibility:
    """Until when papers, skills and vehicle carry. A skill without any certificate was agreed by hand, without end."""
    brought = OF_THE_VEHICLE & vehicle.equipment if vehicle is not None else frozenset()
    kinds = sorted({*skills, *(kind.value for kind in shown if kind.value in SKILLS), *brought})
    ends: list[datetime | None] = []
    for skill in kinds:
        certificate = shown.get(DocumentKind(skill)) if skill in SKILLS else None
        end = certificate.end if certificate else None
        tool = CARRIED_IN.get(skill)
        if vehicle is not None and tool is not None and tool not in vehicle.equipment:
            end = min(end, now) if end else now
        ends.append(end)
    papers = [one.end for kind, one in shown.items() if kind.value not in SKILLS and one.end]
    return Eligibility(
        skills=kinds,
        skills_until=ends if any(ends) else None,
        documents_until=min(papers, default=None),
        vehicle_until=vehicle.until if vehicle else None,
    )
