"""Money is integers: micro-credits. 1 credit = 1 000 000 micro-credits = 0.01 of the currency."""

MICRO_PER_CREDIT = 1_000_000

CREDIT = "credit"
"""The asset that is bought and spent."""

TEST = "test"
"""The asset of test keys: it buys simulator work only."""

DEFAULT_LOT = "default"
"""The one lot (bucket) that credits come from and go back to until plans bring more."""
