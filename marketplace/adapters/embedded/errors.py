"""Why an embedded server is not there, and what the reader should do about it."""

from marketplace.core.errors import Unavailable


class ServerUnavailable(Unavailable):
    """An embedded server of the market cannot be used now."""

    code = "SERVER_UNAVAILABLE"


class ServerNotInstalled(ServerUnavailable):
    """This machine has no binaries of the server."""

    code = "SERVER_NOT_INSTALLED"
    retryable = False


class FolderNotUsable(ServerUnavailable):
    """The folder of the server cannot be opened, or another process is busy with it for too long."""

    code = "SERVER_FOLDER_NOT_USABLE"


class OtherMajorVersion(ServerUnavailable):
    """The data folder was made by another major version, which this server cannot read."""

    code = "SERVER_DATA_OF_OTHER_VERSION"
    retryable = False


class SocketTaken(ServerUnavailable):
    """Something else answers where our server should answer."""

    code = "SERVER_SOCKET_TAKEN"


class StartFailed(ServerUnavailable):
    """The server did not come up; the message ends with the last lines of its log."""

    code = "SERVER_START_FAILED"


class EarlierServerLingers(StartFailed):
    """A server that ran in this folder before has not quite gone: trying again soon may pass."""

    code = "SERVER_EARLIER_LINGERS"


class StopFailed(ServerUnavailable):
    """The server still runs although it was told to stop."""

    code = "SERVER_STOP_FAILED"
