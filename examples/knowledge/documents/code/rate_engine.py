"""Prices of parcels: tariff by zone and weight, and what comes on top."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

DIM_DIVISOR = 5000
REMOTE_AREA_SURCHARGE = 950


@dataclass(frozen=True)
class Parcel:
    grams: int
    length_mm: int
    width_mm: int
    height_mm: int


def dimensional_grams(parcel: Parcel) -> int:
    """Weight by volume: cubic centimetres divided by DIM_DIVISOR are kilograms."""
    cubic_cm = parcel.length_mm * parcel.width_mm * parcel.height_mm / 1000
    return round(cubic_cm / DIM_DIVISOR * 1000)


def billable_grams(parcel: Parcel) -> int:
    """Carriers charge by the greater of real and dimensional weight, in steps of 500 g, rounded up."""
    greater = max(parcel.grams, dimensional_grams(parcel))
    return -(-greater // 500) * 500


def fuel_surcharge(base: int, percent: Decimal) -> int:
    """Rounded half to even once, at the end: see decision 6."""
    return int((Decimal(base) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


class TariffMissing(Exception):
    """No price for this zone and weight: the carrier does not offer it."""


def quote(tariff: dict[tuple[str, int], int], zone: str, parcel: Parcel, fuel_percent: Decimal, remote: bool) -> int:
    grams = billable_grams(parcel)
    try:
        base = tariff[(zone, grams)]
    except KeyError as missing:
        raise TariffMissing(f"{zone} {grams}") from missing
    return base + fuel_surcharge(base, fuel_percent) + (REMOTE_AREA_SURCHARGE if remote else 0)
