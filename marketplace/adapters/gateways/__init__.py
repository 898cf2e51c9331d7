"""Payment gateways: the stand-ins of tests and demo, which pay nobody and can be told to fail."""

from marketplace.adapters.gateways.faults import GatewayFault
from marketplace.adapters.gateways.folder import FolderGateway
from marketplace.adapters.gateways.memory import InMemoryGateway

__all__ = ["FolderGateway", "GatewayFault", "InMemoryGateway"]
