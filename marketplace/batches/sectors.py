"""What a sector asks of every delivery, published in one table: a line may ask for more, and some for less."""

from collections.abc import Collection
from enum import StrEnum

from marketplace.batches.states import Requirement
from marketplace.core.errors import Invalid


class Sector(StrEnum):
    """The trade that a delivery is for."""

    PARCEL = "PARCEL"
    RETAIL = "RETAIL"
    GROCERY = "GROCERY"
    PHARMACY = "PHARMACY"
    HEALTHCARE = "HEALTHCARE"
    MANUFACTURING = "MANUFACTURING"


BUNDLES: dict[Sector, frozenset[Requirement]] = {
    Sector.PARCEL: frozenset(),
    Sector.RETAIL: frozenset(),
    Sector.GROCERY: frozenset({Requirement.COLD, Requirement.TEMPERATURE_LOG}),
    Sector.PHARMACY: frozenset({Requirement.PHARMACY, Requirement.IDENTITY_CHECK, Requirement.CHAIN_OF_CUSTODY}),
    Sector.HEALTHCARE: frozenset(
        {Requirement.PHARMACY, Requirement.CHAIN_OF_CUSTODY, Requirement.TEMPERATURE_LOG, Requirement.COLD}
    ),
    Sector.MANUFACTURING: frozenset({Requirement.TWO_PERSON, Requirement.HEAVY}),
}
"""What each sector asks for where a line says nothing else."""
BINDING = frozenset({Sector.PHARMACY})
"""Sectors whose bundle is the law's and not the shipper's: nothing of it can be waived."""


OUT_OF_COLD_S = {Sector.GROCERY: 45 * 60, Sector.HEALTHCARE: 30 * 60}
"""How long what each sector cools may be out of the cold in all, where a line names no limit of its own."""


class BundleIsBinding(Invalid):
    """A line waives what its sector does not let anybody waive."""

    code = "BUNDLE_IS_BINDING"


def requirements_of(
    sector: Sector | None, asked: Collection[Requirement], waived: Collection[Requirement]
) -> frozenset[Requirement]:
    """All that a line asks for: the bundle of its sector without what it waives, and what it asks for by itself."""
    bundle = BUNDLES[sector] if sector is not None else frozenset()
    if sector in BINDING and bundle & set(waived):
        raise BundleIsBinding(f"nothing of what {sector} asks for can be waived", field="waivedRequirements")
    return (bundle - set(waived)) | set(asked)
