"""What can go wrong with a fetch of an address that somebody else chose.

EgressError
├── EgressRefusedError     we don't go there: scheme, port, address, redirect         permanent
├── ContentRefusedError    too large, or packed although we asked for plain bytes     permanent
├── StatusRefusedError     the other side answered, but not with the content          by status
└── TransferFailedError    name, connection, time or transfer failed on the way       transient
"""

from typing import Final

_TRANSIENT_STATUSES: Final = frozenset({401, 407, 408, 421, 423, 425, 429})


class EgressError(Exception):
    """A fetch failed. ``code`` is stable; ``permanent`` says that asking again can't help."""

    def __init__(self, code: str, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.code = code
        self.permanent = permanent


class EgressRefusedError(EgressError):
    """The address is none we fetch from: ``url_refused``, ``address_refused`` or ``redirect_refused``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, permanent=True)


class ContentRefusedError(EgressError):
    """The content is none that we take: ``too_large`` or ``encoding_refused``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, permanent=True)


class StatusRefusedError(EgressError):
    """Not 200: ``expired`` (403, 404, 410), ``throttled``, ``server_error`` or ``http_status``.

    401 counts as transient: a credential is the operator's to mend, so the content isn't lost yet.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        permanent = 400 <= status < 500 and status not in _TRANSIENT_STATUSES
        super().__init__(_status_code(status), f"the server answered {status}", permanent=permanent)


class TransferFailedError(EgressError):
    """It broke on the way: ``name_unknown``, ``connect_failed``, ``timeout`` or ``interrupted``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, permanent=False)


def _status_code(status: int) -> str:
    if status in {403, 404, 410}:
        return "expired"
    if status == 429:
        return "throttled"
    return "server_error" if status >= 500 else "http_status"
