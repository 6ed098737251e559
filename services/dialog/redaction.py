"""Takes out of words what must be kept nowhere: card numbers, and the codes that go with them."""

import re
import unicodedata
from typing import Final

_CARD: Final = re.compile(r"(?<!\d)\d(?:[ \-.,]?\d){12,18}(?!\d)")
_CODE: Final = re.compile(
    r"((?:otp|o\.t\.p|pin|cvv|cvc|ओटीपी|पिन|सीवीवी|ওটিপি|পিন|সিভিভি|ઓટીપી|પિન|સીવીવી|ਓਟੀਪੀ|ਪਿੰਨ|ਸੀਵੀਵੀ|ଓଟିପି|ପିନ୍|ସିଭିଭି"
    r"|ஓடிபி|பின்|சிவிவி|ఓటీపీ|పిన్|సీవీవీ|ಓಟಿಪಿ|ಪಿನ್|ಸಿವಿವಿ|ഒടിപി|പിൻ|സിവിവി)[^\d]{0,20})\d(?:[ \-]?\d){2,5}(?!\d)",
    re.IGNORECASE,
)
_HIDDEN: Final = "[hidden]"


def redact(text: str) -> str:
    """Return `text` without numbers of 13 to 19 digits that pass the Luhn check, and without codes after OTP, PIN, CVV.

    Digits of any Indian script are seen; they come back as ASCII.

    Source: PCI DSS 3.2, by way of the rules for recordings.
    """
    ascii_digits = "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text)
    without_cards = _CARD.sub(lambda found: _HIDDEN if _passes_luhn(found[0]) else found[0], ascii_digits)
    return _CODE.sub(rf"\1{_HIDDEN}", without_cards)


def _passes_luhn(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
