"""What can go wrong with the object storage."""


class ObjectStoreError(Exception):
    """The object storage failed. Always worth another try: it is the operator's own.

    ``code`` is the S3 error code, or ``unreachable``, ``incomplete``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
