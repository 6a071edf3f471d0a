"""What goes wrong on our side of a provider protocol. Answers of providers are outcomes, never exceptions."""


class ProviderError(Exception):
    """Base: a request can't be built, or a protocol isn't known. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownProtocolError(ProviderError, KeyError):
    """No adapter speaks the named protocol."""


class WebhookError(ProviderError):
    """A webhook can't be read: `invalid_body`, or `webhooks_unsupported` by the protocol."""
