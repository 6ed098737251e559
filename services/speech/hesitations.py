"""Words after which a speaker of the eleven languages is not done: joining words and fillers."""

from typing import Final

_WORDS: Final = {
    "en-IN": "and but so because or if um uh umm uhh er the a an my to of for with i",
    "hi-IN": "और लेकिन मगर पर तो कि क्योंकि मतलब अगर या फिर अम्म aur lekin magar to toh ki kyunki matlab agar ya phir",
    "mr-IN": "आणि पण म्हणजे कारण तर की किंवा मग aani pan mhanje karan",
    "gu-IN": "અને પણ એટલે કારણ કે તો અથવા પછી ane etle karanke",
    "bn-IN": "আর এবং কিন্তু মানে কারণ যে তাহলে বা ar ebong kintu mane karon",
    "ta-IN": "மற்றும் ஆனா ஆனால் அப்புறம் ஏன்னா அதாவது aana aanaal appuram",
    "te-IN": "మరియు కానీ అంటే ఎందుకంటే అయితే తర్వాత kani ante enduku",
    "ml-IN": "പക്ഷേ പക്ഷെ പിന്നെ എന്നാൽ അതായത് കാരണം pakshe pinne",
    "kn-IN": "ಮತ್ತು ಆದರೆ ಅಂದ್ರೆ ಅಂದರೆ ಯಾಕಂದ್ರೆ ಆಮೇಲೆ aadre andre mattu",
    "pa-IN": "ਅਤੇ ਤੇ ਪਰ ਮਤਲਬ ਕਿਉਂਕਿ ਜੇ ਫਿਰ ate par",
    "or-IN": "ଏବଂ ଆଉ କିନ୍ତୁ ମାନେ କାରଣ ଯେ ebam kintu",
}
HESITATIONS: Final = frozenset(word for words in _WORDS.values() for word in words.split())


def goes_on(text: str) -> bool:
    """Tell whether somebody who has said `text` will probably say more."""
    words = text.lower().rstrip(" .।?!").split()
    if not words:
        return False
    return text.rstrip().endswith((",", "…", "...", "-")) or words[-1].strip(",…-") in HESITATIONS
