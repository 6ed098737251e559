"""Phone numbers, in the many spellings that carriers and people use."""

import re
from typing import Final

import phonenumbers

from voicekit.errors import InvalidInput

_MOBILE: Final = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    phonenumbers.PhoneNumberType.UNKNOWN,
)
_INDIAN: Final = re.compile(r"^(?:\+?91|0)?([1-9]\d{9})$")


def indian_mobile(number: str) -> str:
    """Return `number` as "+919999900012"; `InvalidInput` unless it is a mobile number in India."""
    try:
        parsed = phonenumbers.parse(number, "IN")
    except phonenumbers.NumberParseException as error:
        raise InvalidInput("is no phone number", "phone_number") from error
    # New ranges appear before any list knows them, so only what is known to be something else is left out.
    digits, kind = str(parsed.national_number), phonenumbers.number_type(parsed)
    if parsed.country_code != 91 or len(digits) != 10 or digits[0] not in "6789" or kind not in _MOBILE:
        raise InvalidInput("is no mobile number in India", "phone_number")
    return f"+91{digits}"


def same_form(number: str) -> str:
    """Return an Indian number as "+91..." whatever its spelling, so that two can be compared; empty when it is none."""
    found = _INDIAN.match(re.sub(r"[\s()-]", "", number))
    return f"+91{found.group(1)}" if found else ""
