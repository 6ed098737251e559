import asyncio
from pathlib import Path

import pytest

from emulators.audio import rms
from emulators.exotel.exchange import Exotel
from emulators.exotel.flow import Connect, Flow, Passthru, Voicebot, load_flows
from emulators.exotel.persona import Agent, Pickup
from emulators.voices import synthesise
from tests.emulators.exotel.product import Account, Bot, Product

pytestmark = pytest.mark.virtual_time

AGENT = "+919999911111"
OTHER_AGENT = "+919999911112"


async def hands_over(bot: Bot) -> None:
    await bot.next("start")
    await bot.says(synthesise("I will connect you.", "en-IN"), "t.1")
    await bot.next("mark")


@pytest.fixture(autouse=True)
def transferring(product: Product) -> None:
    product.bot = hands_over
    product.passthru_status = 200
    product.plan = {
        "fetch_after_attempt": False,
        "destination": {"numbers": [AGENT]},
        "outgoing_phone_number": "+918045670001",
        "record": True,
        "recording_channels": "dual",
        "max_ringing_duration": 20,
        "max_conversation_duration": 1800,
        "music_on_hold": {"type": "operator_tone"},
        "start_call_playback": {"playback_to": "callee", "type": "text", "value": "From the assistant"},
        "parallel_ringing": {"activate": False, "max_parallel_attempts": 1},
        "dial_passthru_event_url": product.url + "/dial-events",
    }


async def test_a_transfer_reaches_an_agent_on_the_same_call(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.set_agent(AGENT, Agent(pickup=Pickup(after_s=6), talk_s=480))
    sid = await account.call()
    call = await exotel.next_call()
    assert await call.ends() == "completed"
    assert call.findings.view() == []
    (asked,) = product.params("/connect")
    assert asked["CallSid"] == sid
    assert product.headers["/connect"]["Exotel-Version"] == "1.0"
    events = product.params("/dial-events")
    assert [event["EventType"] for event in events] == ["Dial", "Ringing", "Answered", "Terminal"]
    assert {event["DialWhomNumber"] for event in events} == {AGENT}
    assert call.transfer.call_type == "completed"
    (leg,) = call.transfer.legs
    assert leg.ended_at is not None
    assert leg.answered_at is not None
    assert leg.ended_at - leg.answered_at == pytest.approx(480)
    (after,) = product.params("/after-agent")
    assert after["DialCallStatus"] == "completed"
    assert after["Legs[0][OnCallDuration]"] == "480"
    assert "Stream[Status]" not in after
    assert after["Legs[0][DisconnectedBy]"] == "agent"
    details = await account.get(f"/Calls/{sid}.json", details="true")
    assert details["Call"]["Details"]["ConversationDuration"] == 480


async def test_without_a_decision_no_agent_is_asked_for(exotel: Exotel, account: Account, product: Product) -> None:
    product.passthru_status = 302
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert product.params("/connect") == []
    assert call.transfer.call_type == "call-attempt"


@pytest.mark.parametrize("status", [404, 500])
async def test_any_other_answer_of_passthru_never_rings_an_agent(
    exotel: Exotel, account: Account, product: Product, status: int
) -> None:
    product.passthru_status = status
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert product.params("/connect") == []
    assert call.findings.rules("error") == {"passthru-status"}


async def test_a_passthru_that_is_never_answered_never_rings_an_agent(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.passthru_delay_s = 20
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert product.params("/connect") == []
    assert call.findings.rules() == {"passthru-status", "slow-passthru"}


async def test_when_no_agent_answers_the_bot_comes_back(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.set_agent(AGENT, Agent(pickup=Pickup(kind="no-answer")))
    sid = await account.call()
    call = await exotel.next_call()
    await call.ends()
    first, second = product.bots
    assert first.stream_sid != second.stream_sid
    assert [bot.messages[1]["start"]["call_sid"] for bot in (first, second)] == [sid, sid]
    assert call.transfer.call_type == "incomplete"
    (leg,) = call.transfer.legs
    assert leg.status == "no-answer"
    assert leg.ended_at == pytest.approx(leg.dialled_at + 20)
    assert [event["EventType"] for event in product.params("/dial-events")] == ["Dial", "Ringing", "Terminal"]
    resolved = product.params("/ws-url")
    assert [params["CallType"] for params in resolved] == ["call-attempt", "incomplete"]


async def test_an_empty_list_of_numbers_dials_nobody(exotel: Exotel, account: Account, product: Product) -> None:
    product.plan = {"destination": {"numbers": []}}
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert call.transfer.legs == []
    assert len(product.bots) == 2


async def test_the_customer_gives_up_while_the_agent_rings(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.set_agent(AGENT, Agent(pickup=Pickup(after_s=15)))
    await account.call()
    call = await exotel.next_call()
    await call.happens("agent_ringing")
    await asyncio.sleep(5)
    await call.caller.hangs_up()
    await call.ends()
    assert call.transfer.call_type == "client-hangup"
    assert call.transfer.legs[0].status == "canceled"
    assert len(product.bots) == 1
    assert product.params("/dial-events")[-1]["EventType"] == "Terminal"


async def test_the_customer_ends_the_talk_with_the_agent(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.set_agent(AGENT, Agent(talk_s=600))
    await account.call()
    call = await exotel.next_call()
    await call.happens("agent_answered")
    await asyncio.sleep(30)
    await call.caller.hangs_up()
    await call.ends()
    assert call.transfer.legs[0].ended_by == "customer"
    assert product.params("/after-agent")[0]["Legs[0][OnCallDuration]"] == "30"


async def test_agents_are_tried_in_the_order_of_the_list(exotel: Exotel, account: Account, product: Product) -> None:
    product.plan = {"destination": {"numbers": [AGENT, OTHER_AGENT]}}
    exotel.set_agent(AGENT, Agent(pickup=Pickup(kind="busy")))
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert [(leg.number, leg.status) for leg in call.transfer.legs] == [(AGENT, "busy"), (OTHER_AGENT, "completed")]


async def test_agents_that_ring_together_are_won_by_the_first(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.plan = {
        "destination": {"numbers": [AGENT, OTHER_AGENT]},
        "parallel_ringing": {"activate": True, "max_parallel_attempts": 2},
    }
    exotel.set_agent(AGENT, Agent(pickup=Pickup(after_s=12)))
    exotel.set_agent(OTHER_AGENT, Agent(pickup=Pickup(after_s=5)))
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert [leg.status for leg in call.transfer.legs] == ["canceled", "completed"]


@pytest.mark.parametrize(("options", "polls"), [("default", 2), ("packets", 3)], indirect=["options"])
async def test_the_url_is_asked_again_after_each_attempt(
    exotel: Exotel, account: Account, product: Product, polls: int
) -> None:
    exotel.set_agent(AGENT, Agent(pickup=Pickup(kind="busy", after_s=2)))
    product.plan = {"fetch_after_attempt": True, "destination": {"numbers": [AGENT]}}
    await account.call()
    call = await exotel.next_call()
    await call.happens("agent_dial")
    product.plan = {"fetch_after_attempt": True, "destination": {"numbers": []}}
    await call.ends()
    asked = product.params("/connect")
    assert len(asked) == polls
    assert "DialCallStatus" not in asked[0]
    assert all(params["DialCallStatus"] == "busy" for params in asked[1:])


async def test_the_fallback_is_asked_when_the_connect_url_fails(
    exotel: Exotel, account: Account, product: Product
) -> None:
    flow = exotel.flow_of("51177")
    assert flow is not None
    connect = Connect(product.url + "/connect", fallback_url=product.url + "/connect/second")
    exotel.options.flows = {"51177": Flow(flow.start, {**flow.applets, "agent": connect})}
    product.connect_status = 500
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert len(product.params("/connect/second")) == 1
    assert call.transfer.call_type == "completed"


async def test_a_number_as_plain_text_is_dialled_too(exotel: Exotel, account: Account, product: Product) -> None:
    product.plan = AGENT
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    assert [leg.number for leg in call.transfer.legs] == [AGENT]


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        ({"destination": {"numbers": ["agent"]}}, "not an Indian phone number"),
        ({"destination": {"numbers": [AGENT]}, "ring": True}, "ring"),
        ({"destination": {"numbers": [AGENT]}, "max_ringing_duration": "30"}, "max_ringing_duration"),
        ({"numbers": [AGENT]}, "destination"),
        ([AGENT], "dictionary"),
    ],
)
async def test_an_answer_that_is_not_as_documented_is_judged_and_dials_nobody(
    exotel: Exotel, account: Account, product: Product, plan: object, complaint: str
) -> None:
    product.plan = plan
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    (finding,) = call.findings.all()
    assert finding.rule == "connect-answer"
    assert complaint in finding.detail
    assert call.transfer.legs == []


async def test_flows_are_read_from_yaml(exotel: Exotel, account: Account, product: Product, tmp_path: Path) -> None:
    source = tmp_path / "flows.yaml"
    source.write_text(
        f"""
        "51177":
          start: sorry
          applets:
            sorry: {{greeting: {{text: All lines are busy, language: en-IN, next: told}}}}
            told: {{passthru: {{url: "{product.url}/after-agent", wait: false, on_200: agent}}}}
            agent: {{connect: {{numbers: ["{AGENT}"]}}}}
        """
    )
    exotel.options.flows = load_flows(source)
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears(synthesise("All lines are busy", "en-IN"))
    await call.ends()
    assert len(product.params("/after-agent")) == 1
    assert call.transfer.call_type == "completed"
    assert rms(call.heard) > 500


@pytest.mark.parametrize(
    "text", ["a: {start: x, applets: {x: {dance: {}}}}", "a: {}", "a: {start: x, applets: {x: {voicebot: {uri: y}}}}"]
)
def test_a_wrong_flow_is_refused(tmp_path: Path, text: str) -> None:
    source = tmp_path / "flows.yaml"
    source.write_text(text)
    with pytest.raises(ValueError, match=r"flows in flows\.yaml"):
        load_flows(source)


async def test_a_static_socket_needs_no_resolver(exotel: Exotel, account: Account, product: Product) -> None:
    socket = product.url.replace("http", "ws") + "/bot?mode=plain"
    exotel.options.flows = {
        "51177": Flow("bot", {"bot": Voicebot(socket, next="end"), "end": Passthru(product.url + "/passthru")})
    }
    await account.call()
    await (await exotel.next_call()).ends()
    assert product.params("/ws-url") == []
    assert "Authorization" not in product.bots[0].request.headers
    assert product.params("/passthru")[0]["Stream[StreamUrl]"] == socket


async def test_what_is_unsaid_and_unplayed_dies_with_its_stream(
    exotel: Exotel, account: Account, product: Product
) -> None:
    words = synthesise("These words are cut off in the middle of the sentence.", "en-IN")

    async def bot(bot: Bot) -> None:
        await bot.next("start")
        if bot is product.bots[0]:
            await bot.says(words, ahead_s=5)
        else:
            await bot.next("dtmf")

    product.bot = bot
    exotel.set_agent(AGENT, Agent(pickup=Pickup(kind="busy")))
    await account.call()
    call = await exotel.next_call()
    speaking = asyncio.create_task(call.caller.says("But I was still speaking when the line went dead.", "en-IN"))
    await call.happens("stream_opened", count=2)
    await speaking
    await asyncio.sleep(5)
    await call.caller.presses("1")
    await call.ends()
    assert words not in call.heard
    assert rms(product.bots[1].heard) == 0
