"""City packs: one city's streets, names and zones, ready to route on, to draw, and to draw addresses from.

A pack is a folder of two files. It comes from the default city (`ensure_city_pack`), from any OpenStreetMap extract
(`import_osm`) or from the generated grid (`make_grid_city`), and is read back with `load_city_pack`. The map gets its
streets from `streets_geojson`, the demo its addresses from `PlaceSampler`.
"""

from marketplace.adapters.city.coquimbo import CityDownloadFailed, ensure_city_pack, fetch_coquimbo, read_coquimbo
from marketplace.adapters.city.grid import make_grid_city
from marketplace.adapters.city.osm import import_osm
from marketplace.adapters.city.pack import BadCityPack, CityMeta, CityPack, load_city_pack
from marketplace.adapters.city.places import Place, PlaceSampler
from marketplace.adapters.city.streets import BadMapArea, Detail, streets_geojson
from marketplace.adapters.city.zones import FlatZones, zones_of

__all__ = [
    "BadCityPack",
    "BadMapArea",
    "CityDownloadFailed",
    "CityMeta",
    "CityPack",
    "Detail",
    "FlatZones",
    "Place",
    "PlaceSampler",
    "ensure_city_pack",
    "fetch_coquimbo",
    "import_osm",
    "load_city_pack",
    "make_grid_city",
    "read_coquimbo",
    "streets_geojson",
    "zones_of",
]
