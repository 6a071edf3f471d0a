"""Why a webhook is not taken: each refusal has a stable code that the HTTP side turns into a status."""


class Refused(Exception):
    """Base of all refusals: nothing was stored or said."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownProvider(Refused):
    """No such provider, or one that sends no webhooks."""

    code = "provider_not_found"


class InvalidToken(Refused):
    """The address is incomplete, or its token was made by none of the valid secrets."""

    code = "invalid_token"


class InvalidSignature(Refused):
    """The provider signs its webhooks, and this one's signature is missing, wrong or too old."""

    code = "invalid_signature"


class BodyTooLarge(Refused):
    """More than `MAX_BODY_BYTES`."""

    code = "body_too_large"


class BodyTooSlow(Refused):
    """The body did not arrive in time."""

    code = "body_timeout"


class Busy(Refused):
    """Too much waits to be written already: come again."""

    code = "overloaded"
