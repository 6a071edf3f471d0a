"""What can be wrong with the catalog's own data."""


class CatalogError(Exception):
    """A data file can't be used. The message starts with `file:line:`."""


class PriceError(Exception):
    """A price rule can't be evaluated: unknown kind or malformed values."""
