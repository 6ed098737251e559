"""Words of listening in the eleven languages: said while another speaks, they ask for nobody's floor."""

import re
from typing import Final

_LISTENING: Final = {
    "en-IN": "yes yeah yep ya ok okay right sure fine alright hmm hm mm mmm mhm uh huh uhhuh i see",
    "hi-IN": "हाँ हां हा जी हाँजी हांजी हम्म हूँ हूं हुं हम अच्छा ठीक है सही ओके haan han haa ha haanji ji hmm achha acha accha "
    "theek thik hai sahi",
    "mr-IN": "हो होय हं हम्म बरं ठीक आहे अच्छा ho hoy bara",
    "gu-IN": "હા હં હમ્મ જી સારું બરાબર ઠીક છે અચ્છા ઓકે haa saru barabar",
    "bn-IN": "হ্যাঁ হ্যা হাঁ হুম হুঁ জি জী আচ্ছা ঠিক আছে ওকে hyan hum accha thik ache",
    "ta-IN": "ஆமா ஆமாம் ஆமாங்க ஆம் ம் ம்ம் ஹ்ம் சரி சரிங்க ஓகே aama aamaam sari seri",
    "te-IN": "అవును అవునండి ఆ హా ఊ ఊఁ సరే సరి అలాగే ఓకే avunu sare",
    "ml-IN": "അതെ ഉം ഉവ്വ് ശരി ആ ഓക്കെ ഓകെ athe sheri",
    "kn-IN": "ಹೌದು ಹೂಂ ಹೂ ಹ್ಞಾ ಹಾ ಸರಿ ಆಯ್ತು ಓಕೆ houdu sari aaytu",
    "pa-IN": "ਹਾਂ ਹਾਂਜੀ ਜੀ ਅੱਛਾ ਠੀਕ ਹੈ ਹੂੰ ਓਕੇ",
    "or-IN": "ହଁ ହ ହଉ ଆଜ୍ଞା ଠିକ୍ ଠିକ ଅଛି ଆଚ୍ଛା ଓକେ han hau",
}
_REFUSING: Final = (
    "no nope nahi nahin na नहीं नही ना जी नाही नको ના નથી না নেই இல்ல இல்லை வேண்டாம் లేదు కాదు వద్దు "
    "ഇല്ല അല്ല വേണ്ട ಇಲ್ಲ ಬೇಡ ਨਹੀਂ ਨਾ ନା ନାହିଁ"
)
_PUNCTUATION: Final = re.compile(r"[\s.,;:!?…।॥\-–—'\"\u200b-\u200d]+")
_DRAWN_OUT: Final = re.compile(r"(m|म्)\1+")


def _plain(word: str) -> str:
    return _DRAWN_OUT.sub(r"\1", word)


LISTENING: Final = frozenset(_plain(word) for words in _LISTENING.values() for word in words.split())
COMPLETE: Final = LISTENING | frozenset(_REFUSING.split())


def words_of(text: str) -> list[str]:
    """Return the words of a text, plain enough to be compared."""
    return [_plain(word) for word in _PUNCTUATION.split(text.lower()) if word]


def only_listens(text: str) -> bool:
    """Tell whether all that was said are words of listening; true of nothing said."""
    return all(word in LISTENING for word in words_of(text))


def says_more(text: str, *, words: int = 1) -> bool:
    """Tell whether a text holds so many words that are more than listening."""
    return sum(word not in LISTENING for word in words_of(text)) >= words


def is_complete(text: str) -> bool:
    """Tell whether a text is a yes or a no, to which nothing need be added."""
    said = words_of(text)
    return bool(said) and all(word in COMPLETE for word in said)
