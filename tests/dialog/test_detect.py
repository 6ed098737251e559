"""Which language a reply is in, and when the call changes to it."""

import pytest

from services.dialog import data
from services.dialog.detect import Detection, Reason, detect_language, stand_in
from tests.dialog.corpus_reader import listed
from voicekit.languages import LANGUAGES

# The eleven names in the mouth of each language, and its ways to ask ({} takes the name) and to turn one away.
NAMES = {
    "en-IN": "English Hindi Tamil Telugu Malayalam Gujarati Marathi Bengali Kannada Punjabi Odia",
    "hi-IN": "अंग्रेज़ी हिंदी तमिल तेलुगु मलयालम गुजराती मराठी बांग्ला कन्नड़ पंजाबी उड़िया",
    "ta-IN": "ஆங்கிலம் இந்தி தமிழ் தெலுங்கு மலையாளம் குஜராத்தி மராத்தி வங்காளம் கன்னடம் பஞ்சாபி ஒடியா",
    "te-IN": "ఇంగ్లీష్ హిందీ తమిళం తెలుగు మలయాళం గుజరాతీ మరాఠీ బెంగాలీ కన్నడ పంజాబీ ఒడియా",
    "ml-IN": "ഇംഗ്ലീഷ് ഹിന്ദി തമിഴ് തെലുങ്ക് മലയാളം ഗുജറാത്തി മറാഠി ബംഗാളി കന്നഡ പഞ്ചാബി ഒഡിയ",
    "gu-IN": "અંગ્રેજી હિન્દી તમિલ તેલુગુ મલયાલમ ગુજરાતી મરાઠી બંગાળી કન્નડ પંજાબી ઓડિયા",
    "mr-IN": "इंग्रजी हिंदी तमिळ तेलुगू मल्याळम गुजराती मराठी बंगाली कन्नड पंजाबी ओडिया",
    "bn-IN": "ইংরেজি হিন্দি তামিল তেলুগু মালয়ালম গুজরাটি মারাঠি বাংলা কন্নড় পাঞ্জাবি ওড়িয়া",
    "kn-IN": "ಇಂಗ್ಲಿಷ್ ಹಿಂದಿ ತಮಿಳು ತೆಲುಗು ಮಲಯಾಳಂ ಗುಜರಾತಿ ಮರಾಠಿ ಬಂಗಾಳಿ ಕನ್ನಡ ಪಂಜಾಬಿ ಒಡಿಯಾ",
    "pa-IN": "ਅੰਗਰੇਜ਼ੀ ਹਿੰਦੀ ਤਮਿਲ ਤੇਲਗੂ ਮਲਿਆਲਮ ਗੁਜਰਾਤੀ ਮਰਾਠੀ ਬੰਗਾਲੀ ਕੰਨੜ ਪੰਜਾਬੀ ਉੜੀਆ",
    "or-IN": "ଇଂରାଜୀ ହିନ୍ଦୀ ତାମିଲ ତେଲୁଗୁ ମାଲାୟଲମ ଗୁଜରାଟୀ ମରାଠୀ ବଙ୍ଗଳା କନ୍ନଡ଼ ପଞ୍ଜାବୀ ଓଡ଼ିଆ",
}
ORDER = ["en-IN", "hi-IN", "ta-IN", "te-IN", "ml-IN", "gu-IN", "mr-IN", "bn-IN", "kn-IN", "pa-IN", "or-IN"]
ASK = {
    "en-IN": "please speak in {}",
    "hi-IN": "{} में बात कीजिए",
    "ta-IN": "{} பேசுங்க",
    "te-IN": "{} మాట్లాడండి",
    "ml-IN": "{} സംസാരിക്കൂ",
    "gu-IN": "{}માં બોલો",
    "mr-IN": "{} मध्ये बोला",
    "bn-IN": "{} বলুন",
    "kn-IN": "{} ಮಾತಾಡಿ",
    "pa-IN": "{} ਵਿੱਚ ਬੋਲੋ",
    "or-IN": "{}ରେ କୁହନ୍ତୁ",
}
TURN_AWAY = {
    "en-IN": "I don't know {}",
    "hi-IN": "{} नहीं आती",
    "ta-IN": "{} தெரியாது",
    "te-IN": "{} రాదు",
    "ml-IN": "{} അറിയില്ല",
    "gu-IN": "{} નથી આવડતું",
    "mr-IN": "{} कळत नाही",
    "bn-IN": "{} বুঝি না",
    "kn-IN": "{} ಬರಲ್ಲ",
    "pa-IN": "{} ਨਹੀਂ ਆਉਂਦੀ",
    "or-IN": "{} ଆସେ ନାହିଁ",
}
PAIRS = [(speaks, wanted) for speaks in ORDER for wanted in ORDER]


def name(wanted: str, speaks: str) -> str:
    return NAMES[speaks].split()[ORDER.index(wanted)]


def other_than(*languages: str) -> str:
    return next(language for language in ORDER if language not in languages)


@pytest.mark.parametrize(("speaks", "wanted"), PAIRS)
def test_a_language_asked_for_in_any_other_is_the_one_to_go_on_in(speaks: str, wanted: str) -> None:
    current = other_than(wanted)
    found = detect_language(ASK[speaks].format(name(wanted, speaks)), current=current)
    assert (found.language, found.switch, found.reason) == (wanted, True, Reason.REQUESTED)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("speaks", "wanted"), PAIRS)
def test_the_language_wanted_counts_and_not_the_one_named_as_unknown(speaks: str, wanted: str, backwards: bool) -> None:
    unknown = other_than(wanted)
    parts = [TURN_AWAY[speaks].format(name(unknown, speaks)), ASK[speaks].format(name(wanted, speaks))]
    for joint in (", ", " "):
        found = detect_language(joint.join(reversed(parts) if backwards else parts), current=unknown)
        assert found.language == wanted


@pytest.mark.parametrize(("speaks", "asks"), PAIRS)
def test_one_sentence_may_mix_two_languages(speaks: str, asks: str) -> None:
    """Says in one language what they do not know, asks in another for a third."""
    unknown = other_than(asks, speaks)
    wanted = other_than(unknown, asks)
    text = f"{TURN_AWAY[speaks].format(name(unknown, speaks))}, {ASK[asks].format(name(wanted, asks))}"
    assert detect_language(text, current=unknown).language == wanted


@pytest.mark.parametrize(
    "text",
    [
        "I am Tamil",
        "I read a Hindi newspaper",
        "मैं तमिल हूँ",
        "நான் தமிழ்நாடு",
        "I live in Tamil Nadu",
        "my Telugu teacher is ill",
    ],
)
def test_a_name_without_asking_is_no_request(text: str) -> None:
    assert not detect_language(text, current="kn-IN").requested


@pytest.mark.parametrize(
    ("text", "current", "wanted"),
    [
        ("तमिल नहीं समझता, कन्नड़ में बात करो", "hi-IN", "kn-IN"),
        ("तमिल नहीं समझता कन्नड़ में बात करो", "hi-IN", "kn-IN"),
        ("I don't know Hindi, speak in Tamil", "hi-IN", "ta-IN"),
        ("speak in Tamil I don't know Hindi", "hi-IN", "ta-IN"),
        ("Hindi I don't know please speak Telugu", "hi-IN", "te-IN"),
        ("not Hindi, Marathi", "hi-IN", "mr-IN"),
        ("Hindi nahi aati Tamil mein boliye", "hi-IN", "ta-IN"),
        ("Tamil la pesunga", "hi-IN", "ta-IN"),
        ("kannadadalli matadi", "hi-IN", "kn-IN"),
        ("malayalathil parayu", "hi-IN", "ml-IN"),
        ("can we continue in English please", "hi-IN", "en-IN"),
        ("Odia", "hi-IN", "or-IN"),
        ("இங்கிலீஷ்ல பேசுவீங்களா", "ta-IN", "en-IN"),
        ("प्लीज़ स्पीक इन इंग्लिश", "hi-IN", "en-IN"),
    ],
)
def test_requests_as_callers_make_them(text: str, current: str, wanted: str) -> None:
    found = detect_language(text, current=current)
    assert (found.requested_language, found.switch) == (wanted, True)


def test_who_refuses_the_present_language_in_another_is_answered_in_that() -> None:
    assert detect_language("எனக்கு இந்தி தெரியாது", current="hi-IN").language == "ta-IN"


@pytest.mark.parametrize("text", ["मुझे हिंदी नहीं आती", "change language please", "भाषा बदल दो"])
def test_a_wish_that_names_no_language_changes_nothing_yet(text: str) -> None:
    found = detect_language(text, current="hi-IN")
    assert (found.requested, found.switch, found.reason) == (True, False, Reason.NONE_NAMED)


@pytest.mark.parametrize(
    ("text", "code"), [("Urdu mein baat karo", "ur-IN"), ("असमिया में बोलिए", "as-IN"), ("konkani madhe bola", "kok-IN")]
)
def test_a_language_that_is_not_spoken_here_is_told_apart(text: str, code: str) -> None:
    found = detect_language(text, current="hi-IN")
    assert (found.reason, found.unsupported, found.language, found.switch) == (
        Reason.NOT_SUPPORTED,
        code,
        "hi-IN",
        False,
    )


SHORT = [
    *("yes", "no", "ok", "hello", "ok sir", "thank you", "haan", "haan ji", "nahi", "hello hello", "payment"),
    *("EMI loan bank", "call back later please", "customer care agent", "wrong number sir", "Google Pay"),
    *("one minute hold please", "busy in meeting"),
]


@pytest.mark.parametrize("current", LANGUAGES)
@pytest.mark.parametrize("text", SHORT)
def test_short_words_and_loan_words_change_no_language(text: str, current: str) -> None:
    assert not detect_language(text, current=current).switch


@pytest.mark.parametrize("current", LANGUAGES)
def test_a_bare_yes_or_no_in_any_language_changes_nothing_even_twice(current: str) -> None:
    for listed_as, reply in listed():
        if listed_as in ("yes", "no") and len(reply.text.split()) == 1:
            found = detect_language(reply.text, current=current, history=[reply.language])
            assert not found.switch, reply.text


HEARD = {
    "en-IN": "I am at my office and cannot talk",
    "hi-IN": "मैं अभी ऑफिस में बैठा हूँ",
    "ta-IN": "நான் இப்ப ஆபீஸ்ல இருக்கேன்",
    "te-IN": "నేను ఇప్పుడు ఆఫీసులో ఉన్నాను",
    "ml-IN": "ഞാൻ ഇപ്പോൾ ഓഫീസിൽ ഇരിക്കുന്നു",
    "gu-IN": "હું અત્યારે ઓફિસમાં બેઠો છું",
    "mr-IN": "मी आता ऑफिसमध्ये बसलो आहे",
    "bn-IN": "আমি এখন অফিসে বসে আছি",
    "kn-IN": "ನಾನು ಈಗ ಆಫೀಸಿನಲ್ಲಿ ಇದ್ದೇನೆ",
    "pa-IN": "ਮੈਂ ਹੁਣ ਦਫ਼ਤਰ ਵਿੱਚ ਬੈਠਾ ਹਾਂ",
    "or-IN": "ମୁଁ ଏବେ ଅଫିସରେ ବସିଛି",
}


@pytest.mark.parametrize("current", LANGUAGES)
@pytest.mark.parametrize("spoken", LANGUAGES)
def test_a_sentence_in_another_language_changes_the_call(spoken: str, current: str) -> None:
    found = detect_language(HEARD[spoken], current=current)
    assert (found.language, found.switch) == (spoken, spoken != current)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("mujhe abhi samajh nahi aa raha hai aap kya bol rahe ho", "hi-IN"),
        ("naan ippo office la irukken enakku puriyala", "ta-IN"),
        ("nenu ippudu office lo unnanu meeru evaru", "te-IN"),
        ("njan ippo officil aanu enikku manassilayilla", "ml-IN"),
        ("hu atyare kam ma chu mane samjayu nahi", "gu-IN"),
        ("mala kahi kalat nahi tumhi kon aahe", "mr-IN"),
        ("ami ekhon byasto achi apni ke bolchen", "bn-IN"),
        ("nanage artha agalilla neevu yaaru", "kn-IN"),
        ("mainu samajh nahi aayi tusi kaun ho", "pa-IN"),
        ("mun ebe ghare achi apana kie kahuchanti", "or-IN"),
    ],
)
@pytest.mark.parametrize("current", ["en-IN", "kn-IN", "hi-IN", "or-IN"])
def test_romanised_sentences_are_told_apart(text: str, language: str, current: str) -> None:
    assert detect_language(text, current=current).language == language


def test_english_in_an_indian_script_is_english() -> None:
    found = detect_language("आई एम इन ऑफिस", current="hi-IN")
    assert (found.language, found.switch) == ("en-IN", True)


@pytest.mark.parametrize(
    "text",
    [
        "EMI कट गया है",
        "मेरा payment हो गया already",
        "main office mein hoon please call later",
        "நான் busy ah இருக்கேன் call me later",
    ],
)
def test_code_mixed_speech_is_no_english(text: str) -> None:
    current = "ta-IN" if "இ" in text else "hi-IN"
    assert not detect_language(text, current=current).switch


@pytest.mark.parametrize(
    ("text", "current", "language"),
    [
        ("मला आत्ता वेळ नाही", "hi-IN", "mr-IN"),
        ("मुझे अभी समय नहीं है", "mr-IN", "hi-IN"),
        ("हो बोला", "hi-IN", "hi-IN"),
        ("हो बोला", "mr-IN", "mr-IN"),
        ("नको", "hi-IN", "mr-IN"),
        ("ठीक", "mr-IN", "mr-IN"),
    ],
)
def test_hindi_and_marathi_are_told_by_words_that_only_one_has(text: str, current: str, language: str) -> None:
    assert detect_language(text, current=current).language == language


def test_the_recogniser_is_believed_where_the_words_are_silent() -> None:
    text = "ramesh suresh mahesh office"
    sure = detect_language(text, current="hi-IN", recogniser="ta-IN", recogniser_confidence=0.9)
    unsure = detect_language(text, current="hi-IN", recogniser="ta-IN", recogniser_confidence=0.4)
    assert (sure.language, sure.switch) == ("ta-IN", True)
    assert (unsure.language, unsure.switch, unsure.reason) == ("ta-IN", False, Reason.UNSURE)


def test_an_unsure_turn_is_settled_by_a_second_of_the_same_kind() -> None:
    first = detect_language("ramesh suresh mahesh", current="hi-IN", recogniser="ta-IN", recogniser_confidence=0.4)
    second = detect_language(
        "ramesh suresh mahesh", current="hi-IN", recogniser="ta-IN", recogniser_confidence=0.4, history=[first.language]
    )
    assert (second.switch, second.reason) == (True, Reason.HEARD_TWICE)


def test_the_third_change_needs_asking() -> None:
    text = HEARD["ta-IN"]
    assert detect_language(text, current="hi-IN", switches=1).switch
    assert detect_language(text, current="hi-IN", switches=2).reason is Reason.LIMIT
    assert detect_language("Tamil la pesunga", current="hi-IN", switches=2).switch


def test_a_recogniser_that_echoes_the_call_does_not_hide_another_script() -> None:
    assert detect_language(HEARD["ta-IN"], current="hi-IN", recogniser="hi-IN", recogniser_confidence=0.9).switch


@pytest.mark.parametrize(
    ("code", "current", "stands_for"),
    [
        ("od-IN", "or-IN", "or-IN"),
        ("ur-IN", "ta-IN", "hi-IN"),
        ("mai-IN", "ta-IN", "hi-IN"),
        ("as-IN", "bn-IN", "bn-IN"),
        ("as-IN", "ta-IN", "hi-IN"),
        ("kok-IN", "mr-IN", "mr-IN"),
        ("kok-IN", "kn-IN", "hi-IN"),
        ("sd-IN", "kn-IN", "kn-IN"),
        (None, "kn-IN", None),
    ],
)
def test_a_code_outside_the_eleven_stands_for_a_near_one(
    code: str | None, current: str, stands_for: str | None
) -> None:
    assert stand_in(code, current) == stands_for


def test_odia_by_the_providers_code_is_no_change() -> None:
    found = detect_language("ନମସ୍କାର ଆପଣ କେମିତି ଅଛନ୍ତି", current="or-IN", recogniser="od-IN", recogniser_confidence=0.99)
    assert (found.language, found.switch) == ("or-IN", False)


def test_assamese_is_never_taken_for_bengali() -> None:
    assert detect_language("মই এতিয়া ঘৰত আছো", current="hi-IN").language == "hi-IN"
    assert detect_language("মই এতিয়া ঘৰত আছো", current="bn-IN").language == "bn-IN"


def test_nothing_said_tells_nothing() -> None:
    assert detect_language("", current="ta-IN") == Detection(
        "ta-IN", False, "none", 0.3, False, Reason.SAME, spoken="ta-IN"
    )


def test_every_name_of_a_language_has_one_meaning() -> None:
    lists = data.load("languages")
    owners: dict[str, set[str]] = {}
    for code, text in {**lists["names"], **lists["unsupported"]}.items():
        for word in text.split():
            owners.setdefault(word, set()).add(code)
    assert {word: codes for word, codes in owners.items() if len(codes) > 1} == {}
