"""Amounts as text, exact, from integers."""

from decimal import Decimal


def credits_text(micro: int) -> str:
    """Micro-credits as credits: 6 570 000 is "6.57"."""
    return format(Decimal(micro).scaleb(-6).normalize(), "f")
