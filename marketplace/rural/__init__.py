"""Rural zones: far places of a market that are served together, on days of their own and for a surcharge.

A zone is dated and never edited. Who posts a delivery into it hears on which day it goes and what that costs more; all
that goes there on a day waits for the zone's cut-off and is planned together, so that it shares its way.
"""

from marketplace.rural.queries import (
    KeptZone,
    list_rural_zones,
    rural_zone_of,
    rural_zone_version,
    rural_zones_at,
    terms_now,
    zone_around,
)
from marketplace.rural.set_rural_zone import set_rural_zone
from marketplace.rural.zone import BadRuralZone, RuralZone, local_day

__all__ = [
    "BadRuralZone",
    "KeptZone",
    "RuralZone",
    "list_rural_zones",
    "local_day",
    "rural_zone_of",
    "rural_zone_version",
    "rural_zones_at",
    "set_rural_zone",
    "terms_now",
    "zone_around",
]
