"""Phone numbers in the three forms that India and the provider write them in."""

import re

from emulators.exotel.variant import Variant


def normalise(number: str) -> str:
    """Bring an Indian number to `+91` and ten digits; `ValueError` when it is none.

    Takes `+91...`, `91...`, `0...` and ten bare digits, with spaces and dashes.
    """
    digits = re.sub(r"[ \-()]", "", number).removeprefix("+")
    if not re.fullmatch(r"(91|0)?[1-9]\d{9}", digits):
        raise ValueError("not an Indian phone number")
    return "+91" + digits[-10:]


def written(number: str, variant: Variant) -> str:
    """Write a normalised number in the variant's form."""
    return variant.number_form + number[-10:]
