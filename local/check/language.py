"""How the language of a call is found: by state, by what the borrower says, and with the model's help."""

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc.aio

from local.check.report import Report
from local.check.speech import Addresses
from services.dialog.__main__ import make_model
from services.dialog.reading import languages_of_state
from services.dialog.settings import Settings
from services.dialog.understand import understand
from voice.customers.v1 import CallBrief
from voice.dialog import v1 as pb
from voicekit.languages import NAMES
from voicekit.rpc import channel

STATES: Final = {
    "Maharashtra": "mr-IN",
    "Karnataka": "kn-IN",
    "Tamil Nadu": "ta-IN",
    "Kerala": "ml-IN",
    "Gujarat": "gu-IN",
    "West Bengal": "bn-IN",
    "Telangana": "te-IN",
    "Punjab": "pa-IN",
    "Odisha": "or-IN",
    "Bihar": "hi-IN",
}
"""States and their languages, as users know them."""
REPLIES: Final = {
    "Yes, speaking. Who is this?": "en-IN",
    "हाँ जी, बोल रहा हूँ": "hi-IN",
    "ஆமாம், நான்தான் பேசுகிறேன்": "ta-IN",
    "అవును, నేనే మాట్లాడుతున్నాను": "te-IN",
    "അതെ, ഞാൻ തന്നെയാണ് സംസാരിക്കുന്നത്": "ml-IN",
    "હા, હું જ બોલું છું": "gu-IN",
    "होय, मीच बोलतोय": "mr-IN",
    "হ্যাঁ, আমিই কথা বলছি, বলুন": "bn-IN",
    "ಹೌದು, ನಾನೇ ಮಾತನಾಡುತ್ತಿದ್ದೇನೆ": "kn-IN",
    "ਹਾਂ ਜੀ, ਮੈਂ ਹੀ ਬੋਲ ਰਿਹਾ ਹਾਂ": "pa-IN",
    "ହଁ, ମୁଁ କହୁଛି": "or-IN",
    "Tamil mein boliye": "ta-IN",
}
"""What borrowers say, and the language in which the call should go on."""
_WITHIN_S: Final = 5.0


async def check_language(report: Report) -> None:
    """Try the rules with a reply in each language, then the service that applies them, then the model."""
    settings = report.settings(Settings)
    _try_the_rules(report)
    await _ask_dialog(report, report.settings(Addresses).dialog_address)
    model = make_model(settings)
    if model is None:
        report.left_out("ask the intent model", "CLAUDE_INTENT_MODEL_ID is empty: the rules decide alone")
        return
    try:
        if await model.warm_up():
            report.good(f"ask {settings.claude_intent_model_id}")
        else:
            wrong = "it does not answer: look at AWS_REGION, the credentials, and the account's access to the model"
            report.bad(f"ask {settings.claude_intent_model_id}", wrong)
    finally:
        model.close()


def _try_the_rules(report: Report) -> None:
    wrong = {state: found for state, right in STATES.items() if (found := languages_of_state(state)[0]) != right}
    _tell(report, f"find the language of {len(STATES)} states", wrong)
    heard = {text: understand(text, language=_other_than(right)).language for text, right in REPLIES.items()}
    _tell(report, f"detect {len(set(REPLIES.values()))} languages", {t: f for t, f in heard.items() if f != REPLIES[t]})


def _other_than(language: str) -> str:
    return "hi-IN" if language != "hi-IN" else "ta-IN"


def _tell(report: Report, tried: str, wrong: dict[str, str]) -> None:
    for what, found in wrong.items():
        report.bad(tried, f"“{what}” is taken for {NAMES.get(found, found)}")
    if not wrong:
        report.good(tried)


async def _ask_dialog(report: Report, address: str) -> None:
    """Have the running service begin in one language, and change to another."""
    tried = f"have dialog at {address} begin in Kannada, and change to Tamil when it is spoken"
    brief = CallBrief(call_id="check", customer_id=1, customer_name="Meena Iyer", lender_name="Asha Finance")
    brief.loan_id, brief.amount_paise, brief.due_date, brief.state = "LN0012", 1250000, "2026-12-05", "Karnataka"

    def played(turn: pb.Turn) -> pb.ConverseRequest:
        return pb.ConverseRequest(played=pb.Played(turn=turn.number, lines_heard=len(turn.lines)))

    async with channel(address, "voice.dialog.v1.DialogService") as connection:
        stub: Any = pb.DialogServiceStub(connection)
        call = stub.Converse(timeout=_WITHIN_S)
        try:
            languages = [language async for language in _converse(call, brief, played)]
        except grpc.aio.AioRpcError as error:
            report.bad(tried, f"{error.code().name}: {error.details()}")
            return
        finally:
            call.cancel()
    if languages[:1] == ["kn-IN"] and languages[-1:] == ["ta-IN"]:
        report.good(tried)
    else:
        report.bad(tried, f"it spoke {', '.join(NAMES.get(each, each) for each in languages)}")


async def _converse(call: Any, brief: CallBrief, played: Any) -> AsyncIterator[str]:
    """Lead the beginning of a conversation; yields the language of each of dialog's turns."""
    await call.write(pb.ConverseRequest(begin=pb.Begin(brief=brief)))
    answered = False
    while (answer := await call.read()) is not grpc.aio.EOF and answer.HasField("turn"):
        yield answer.turn.language
        if answered:
            await call.write(pb.ConverseRequest(finished=pb.ConverseFinished(reason="hung_up")))
            return
        await call.write(played(answer.turn))
        if answer.turn.next == pb.Next.NEXT_LISTEN:
            answered = True
            text = next(text for text, language in REPLIES.items() if language == "ta-IN")
            await call.write(pb.ConverseRequest(heard=pb.Heard(text=text, language="ta-IN")))
