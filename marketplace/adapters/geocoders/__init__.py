"""Geocoders: a Photon server by its URL, and the streets of the city pack where there is none."""

from marketplace.adapters.geocoders.photon import PhotonGeocoder
from marketplace.adapters.geocoders.streets import StreetGeocoder

__all__ = ["PhotonGeocoder", "StreetGeocoder"]
