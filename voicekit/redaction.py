"""Takes out of words what must be kept nowhere: numbers of cards and of Aadhaar, and codes such as an OTP.

Digits of every Indian script are seen, and digits that are spoken one by one, in eleven languages, also in English
words that a recogniser wrote in an Indian script.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

_HIDDEN: Final = "[hidden]"

_NEXT: Final = r"(?:[ \-.,]{0,2}\d)"
_LONG: Final = re.compile(rf"(?<!\d)\d{_NEXT}{{11,18}}(?!\d)")
_CODE_NAMES: Final = (
    r"(?<![a-z])(?:otp|o\.t\.p|pin|cvv|cvc|passcode|password)(?![a-z])"
    "|ओटीपी|ओ टी पी|पिन|सीवीवी|पासवर्ड|ওটিপি|পিন|সিভিভি|পাসওয়ার্ড|ઓટીપી|પિન|સીવીવી|પાસવર્ડ|ਓਟੀਪੀ|ਪਿੰਨ|ਪਿਨ|ਸੀਵੀਵੀ|ਪਾਸਵਰਡ"
    "|ଓଟିପି|ପିନ|ସିଭିଭି|ପାସୱାର୍ଡ|ஓடிபி|ஓடிபீ|பின்|சிவிவி|பாஸ்வேர்ட்|ఓటీపీ|పిన్|సీవీవీ|పాస్‌వర్డ్|ಓಟಿಪಿ|ಪಿನ್|ಸಿವಿವಿ|ಪಾಸ್‌ವರ್ಡ್"
    "|ഒടിപി|ഒറ്റിപി|പിൻ|സിവിവി|പാസ്‌വേഡ്"
)
_CODE: Final = re.compile(rf"(?:{_CODE_NAMES})[^\d]{{0,20}}(?P<secret>\d{_NEXT}{{2,5}})(?!\d)", re.IGNORECASE)
_CODE_FIRST: Final = re.compile(
    rf"(?<!\d)(?P<secret>\d{_NEXT}{{3,5}})[^\d]{{0,12}}(?:{_CODE_NAMES})(?![^\d]{{0,20}}\d)", re.IGNORECASE
)
_AADHAAR: Final = re.compile(
    r"(?:aadhaa?r|adhaa?r|आधार|আধার|આધાર|ਆਧਾਰ|ଆଧାର|ஆதார்|ఆధార్|ಆಧಾರ್|ആധാർ)"
    rf"[^\d]{{0,30}}(?P<secret>\d{_NEXT}{{7,11}})(?!\d)",
    re.IGNORECASE,
)

_DIGITS: Final = (
    "zero oh shunya sunya sifar जीरो ज़ीरो झिरो शून्य शुन्य শূন্য জিরো શૂન્ય ઝીરો ਸਿਫ਼ਰ ਸਿਫਰ ਜ਼ੀਰੋ ଶୂନ ଶୂନ୍ୟ ଜିରୋ பூஜ்யம் பூஜ்ஜியம்"
    " சைபர் ஜீரோ సున్నా జీరో ಸೊನ್ನೆ ಜೀರೋ ಝೀರೋ പൂജ്യം സീറോ",
    "one ek onnu ondu okati एक वन এক ওয়ান એક વન ਇੱਕ ਇਕ ਵਨ ଏକ ୱାନ୍ ஒன்று ஒன்னு ஒண்ணு ஒன் ஒரு ఒకటి వన్ ಒಂದು ಒನ್ ಒಂದ್ ഒന്ന് വൺ",
    "two do don be dui rendu irandu eradu दो दोन टू দুই টু બે ટુ ટૂ ਦੋ ਟੂ ଦୁଇ ଟୁ இரண்டு ரெண்டு டூ రెండు టూ ಎರಡು ಟೂ രണ്ട് ടൂ",
    "three teen tin tran moonu mudu mooru तीन थ्री তিন থ্রি ત્રણ થ્રી ਤਿੰਨ ਥ੍ਰੀ ତିନି ଥ୍ରି மூன்று மூணு த்ரீ మూడు త్రీ ಮೂರು ತ್ರೀ മൂന്ന് ത്രീ",
    "four char chaar naalu nalugu nalku चार फोर চার ফোর ચાર ફોર ਚਾਰ ਫੋਰ ଚାରି ଫୋର୍ நான்கு நாலு ஃபோர் నాలుగు ఫోర్ ನಾಲ್ಕು ಫೋರ್ നാല് ഫോർ",
    "five paanch panch anju aidu पाँच पांच पाच फाइव पाइव পাঁচ ফাইভ પાંચ ફાઇવ ਪੰਜ ਫਾਈਵ ପାଞ୍ଚ ଫାଇଭ୍ ஐந்து அஞ்சு ஃபைவ் ఐదు ఫైవ్ ಐದು ಫೈವ್"
    " അഞ്ച് ഫൈവ്",
    "six chhe chah chhah aaru छह छः छे सहा सिक्स ছয় সিক্স છ સિક્સ ਛੇ ਸਿਕਸ ଛଅ ସିକ୍ସ ஆறு சிக்ஸ் ఆరు సిక్స్ ಆರು ಸಿಕ್ಸ್ ആറ് സിക്സ്",
    "seven saat sat ezhu edu elu सात सेवन সাত সেভেন સાત સેવન ਸੱਤ ਸੈਵਨ ସାତ ସେଭେନ୍ ஏழு செவன் ఏడు సెవెన్ ಏಳು ಸೆವೆನ್ ഏഴ് സെവൻ",
    "eight aath ettu enimidi entu आठ एट ऐट আট এইট આઠ એઇટ ਅੱਠ ਏਟ ଆଠ ଏଟ୍ எட்டு எய்ட் ఎనిమిది ఎయిట్ ಎಂಟು ಏಟ್ എട്ട് എയ്റ്റ്",
    "nine nau onbathu tommidi ombattu नौ नऊ नाइन নয় নাইন નવ નાઇન ਨੌਂ ਨੌ ਨਾਈਨ ନଅ ନାଇନ୍ ஒன்பது ஒம்பது நைன் తొమ్మిది నైన్ ಒಂಬತ್ತು ನೈನ್"
    " ഒമ്പത് ഒൻപത് നൈൻ",
)
"""Zero to nine, as they are read out one by one."""
_TIMES: Final = {
    "double": 2,
    "triple": 3,
    "डबल": 2,
    "ट्रिपल": 3,
    "ডবল": 2,
    "டபுள்": 2,
    "డబుల్": 2,
    "ಡಬಲ್": 2,
    "ഡബിൾ": 2,
    "ડબલ": 2,
}

_MARKS: Final = "".join(dict.fromkeys(".,;:!?()[]\"'-।॥"))
_SILENT: Final = "".join(dict.fromkeys("््్್്୍"))
"""The signs that end a word without a vowel."""

_VERHOEFF_TIMES: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_VERHOEFF_TURN: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def redact(text: str) -> str:
    """Return `text` without what must not be kept; everything else stays as it was written.

    Hidden are numbers of 13 to 19 digits that pass the Luhn check; of 12 digits that pass that of Aadhaar, or are
    called so; and 3 to 6 digits beside the name of a code: OTP, PIN, CVV, password.

    Source: PCI DSS 3.2, by way of the rules for recordings.
    """
    seen, places = _seen(text)
    for start, end in sorted(_secrets(seen), reverse=True):
        text = text[: places[start][0]] + _HIDDEN + text[places[end - 1][1] :]
    return text


def _secrets(seen: str) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand, none inside another."""
    ends: list[tuple[int, int]] = []
    for pattern in (_LONG, _AADHAAR, _CODE, _CODE_FIRST):
        for found in pattern.finditer(seen):
            secret = "secret" if "secret" in pattern.groupindex else 0
            start, end = found.span(secret)
            if pattern is _LONG and not _is_number_of_somebody(found[0]):
                continue
            if all(end <= other[0] or other[1] <= start for other in ends):
                ends.append((start, end))
                yield start, end


def _seen(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return `text` with ASCII digits, also for those in words, and for each character where it came from."""
    seen: list[str] = []
    places: list[tuple[int, int]] = []
    times, since = 1, 0
    for found in re.finditer(r"\s+|[^\s]+", text):
        word = _bare(found[0])
        if word in _TIMES:
            times, since = _TIMES[word], found.start()
            continue
        if times > 1 and found[0].isspace():
            continue
        digit = _digit_words().get(word) or (_ascii(found[0]) if times > 1 and len(found[0]) == 1 else None)
        begins = since if times > 1 else found.start()
        if digit:
            seen += digit * times
            places += [(begins, found.end())] * times
        else:
            if times > 1:
                seen.append(" ")
                places.append((since, found.start()))
            seen += _ascii(found[0])
            places += [(at, at + 1) for at in range(found.start(), found.end())]
        times = 1
    return "".join(seen), places


def _ascii(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text)


def _bare(word: str) -> str:
    """Return a word without the marks around it, and without what recognisers write now so and now so."""
    word = unicodedata.normalize("NFC", word.casefold()).translate({0x200C: None, 0x200D: None})
    return word.strip(_MARKS).rstrip(_SILENT)


@cache
def _digit_words() -> dict[str, str]:
    return {_bare(word): str(digit) for digit, words in enumerate(_DIGITS) for word in words.split()}


def _is_number_of_somebody(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    return _is_aadhaar(digits) if len(digits) == 12 else _is_card(digits)


def _is_card(digits: list[int]) -> bool:
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_aadhaar(digits: list[int]) -> bool:
    """Tell whether twelve digits pass the check of Verhoeff's, as those of Aadhaar do."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        turned = digit
        for _ in range(place % 8):
            turned = _VERHOEFF_TURN[turned]
        check = _VERHOEFF_TIMES[check][turned]
    return check == 0 and digits[0] >= 2
