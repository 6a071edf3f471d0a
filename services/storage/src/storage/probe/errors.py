"""What a probe worker says of a file that it can't use."""


class UnreadableError(Exception):
    """The file can't be decoded from beginning to end as what it is."""
