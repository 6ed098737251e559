"""All that borrowers say in these stories: the emulated recogniser knows these phrases and no others."""

from typing import Final

from emulators.sarvam import Phrase

YES_HINDI: Final = Phrase("हाँ जी, बोल रहा हूँ", "hi-IN")
NO_HINDI: Final = Phrase("नहीं, ज़रूरत नहीं है", "hi-IN")
CONNECT_HINDI: Final = Phrase("हाँ, बात करवा दीजिए", "hi-IN")
HMM_HINDI: Final = Phrase("अच्छा", "hi-IN")
PAID_HINDI: Final = Phrase("मैंने पैसे पहले ही भर दिए हैं", "hi-IN")
WRONG_NUMBER_HINDI: Final = Phrase("गलत नंबर है, यहाँ कोई कमला नहीं है", "hi-IN")
MUMBLED_HINDI: Final = Phrase("वो मौसम बहुत ठंडा", "hi-IN")
TELUGU_PLEASE_HINDI: Final = Phrase("हिंदी नहीं आती, तेलुगु में बोलिए", "hi-IN")

YES_TAMIL: Final = Phrase("ஆமாங்க, நான் தான் பேசுறேன் சொல்லுங்க", "ta-IN")
IT_IS_I_TAMIL: Final = Phrase("ஆமா, நான் தான் பேசுறேன்", "ta-IN")
NO_TAMIL: Final = Phrase("வேண்டாம், நன்றி", "ta-IN")

ENGLISH_PLEASE: Final = Phrase("I don't understand Marathi, please speak in English", "en-IN")
YES_ENGLISH: Final = Phrase("Yes, I am speaking", "en-IN")
NO_ENGLISH: Final = Phrase("No, thank you", "en-IN")
NOT_AVAILABLE: Final = Phrase("The person you are calling is not available at the moment", "en-IN")
LEAVE_A_MESSAGE: Final = Phrase("Please leave a message after the tone", "en-IN")

YES_ODIA: Final = Phrase("ହଁ, ମୁଁ କହୁଛି", "or-IN")
NO_ODIA: Final = Phrase("ନାହିଁ, ଦରକାର ନାହିଁ", "or-IN")

YES_BENGALI_MIXED: Final = Phrase("হ্যাঁ ওকে, আমিই বলছি", "bn-IN")
NO_BENGALI_MIXED: Final = Phrase("না, এজেন্ট দরকার নেই", "bn-IN")

YES_TELUGU: Final = Phrase("అవును, నేనే మాట్లాడుతున్నాను", "te-IN")
NO_TELUGU: Final = Phrase("వద్దు, అవసరం లేదు", "te-IN")

PHRASES: Final = [value for value in globals().values() if isinstance(value, Phrase)]
