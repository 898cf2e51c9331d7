"""PostgreSQL and Valkey on a machine that has neither: the market brings its own servers, without root's help.

A folder has one server. The first process that starts it really starts it, later ones find it, and the last one that
stops it switches it off; a server whose owner was killed is found and taken over. Servers listen on private Unix
sockets only. Throw-away servers, for tests, live in memory and die with their owner.
"""

from marketplace.adapters.embedded.errors import (
    EarlierServerLingers,
    FolderNotUsable,
    OtherMajorVersion,
    ServerNotInstalled,
    ServerUnavailable,
    SocketTaken,
    StartFailed,
    StopFailed,
)
from marketplace.adapters.embedded.places import socket_folder
from marketplace.adapters.embedded.postgres import EmbeddedPostgres
from marketplace.adapters.embedded.valkey import EmbeddedValkey

__all__ = [
    "EarlierServerLingers",
    "EmbeddedPostgres",
    "EmbeddedValkey",
    "FolderNotUsable",
    "OtherMajorVersion",
    "ServerNotInstalled",
    "ServerUnavailable",
    "SocketTaken",
    "StartFailed",
    "StopFailed",
    "socket_folder",
]
