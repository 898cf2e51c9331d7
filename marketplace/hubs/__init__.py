"""A hub is a place where parcels wait for a driver: a micro-fulfilment hub, or a shipper's own store."""

from marketplace.hubs.create import create_hub
from marketplace.hubs.queries import hubs_of_market, hubs_open_to

__all__ = ["create_hub", "hubs_of_market", "hubs_open_to"]
