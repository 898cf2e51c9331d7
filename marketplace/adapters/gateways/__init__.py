"""Payment gateways: stand-ins for tests and demo, which can be told to fail, and none at all."""

from marketplace.adapters.gateways.closed import ClosedGateway
from marketplace.adapters.gateways.faults import GatewayFault
from marketplace.adapters.gateways.folder import FolderGateway
from marketplace.adapters.gateways.memory import InMemoryGateway

__all__ = ["ClosedGateway", "FolderGateway", "GatewayFault", "InMemoryGateway"]
