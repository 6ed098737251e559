import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import boto3
import pytest
from botocore.exceptions import ClientError

from emulators.bedrock import BedrockEmulator, Quota
from tests.emulators.bedrock.client import (
    HAIKU_45,
    HAIKU_55,
    NO_THINKING,
    OPUS_55,
    SONNET_5,
    TOOL,
    ask,
    client,
    in_thread,
    request,
    said,
    stream,
    tool_input,
)


async def test_the_model_answers_by_the_words_in_the_request(bedrock: BedrockEmulator) -> None:
    response = await ask(bedrock, "नहीं जी")
    assert tool_input(response) == {"intent": "NO", "confidence": "high", "day_text": None}
    assert response["stopReason"] == "tool_use"
    assert response["ResponseMetadata"]["RequestId"] == bedrock.brain.asked[0].request_id


async def test_words_that_no_rule_knows_are_unclear(bedrock: BedrockEmulator) -> None:
    assert tool_input(await ask(bedrock, "kuch bhi")) == {"intent": "UNCLEAR", "confidence": "low", "day_text": None}


async def test_only_the_borrowers_words_count(bedrock: BedrockEmulator) -> None:
    messages = [{"role": "user", "content": [{"text": "Asked: haan ya nahi?\nReply: <<<paid already>>>"}]}]
    assert tool_input(await ask(bedrock, messages=messages))["intent"] == "ALREADY_PAID"


async def test_an_answer_keeps_to_the_schema(bedrock: BedrockEmulator) -> None:
    assert tool_input(await ask(bedrock, "gaana gao"))["intent"] == "UNCLEAR"


async def test_the_journal_has_all_that_the_model_was_told(bedrock: BedrockEmulator) -> None:
    await ask(bedrock, "हाँ", system=[{"text": "You classify."}], requestMetadata={"call": "8f3a"})
    [asked] = bedrock.brain.asked
    assert (asked.model_id, asked.words) == (HAIKU_45, "हाँ")
    assert "You classify." in asked.text
    assert "हाँ" in asked.text
    assert "Ramesh" not in asked.text


async def test_an_arn_with_its_slash_finds_its_model() -> None:
    arn = "arn:aws:bedrock:ap-south-1:123456789012:application-inference-profile/intents"
    profiles = {"intents": HAIKU_45}
    async with BedrockEmulator(latency_s=0, application_profiles=profiles) as emulator:
        await ask(emulator, model=arn)
        assert emulator.brain.asked[0].model_id == arn


async def test_without_a_tool_the_model_answers_in_prose(bedrock: BedrockEmulator) -> None:
    with client(bedrock) as boto:
        response = await in_thread(boto.converse, modelId=HAIKU_45, messages=said("हाँ"))
    assert response["stopReason"] == "end_turn"
    assert response["output"]["message"]["content"][0]["text"]


async def refusal(bedrock: BedrockEmulator, model: str = HAIKU_45, **changes: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as refused:
        await ask(bedrock, model=model, **changes)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (HAIKU_55, {"inferenceConfig": {"temperature": 0.0}}),
        (SONNET_5, {"inferenceConfig": {"topP": 0.5}}),
        (HAIKU_45, {"inferenceConfig": {"temperature": 0.0, "topP": 0.5}}),
        (HAIKU_45, {"inferenceConfig": {"temperature": 1.5}}),
        (OPUS_55, {}),
        (OPUS_55, {"toolConfig": {"tools": [TOOL], "toolChoice": {"any": {}}}}),
        (OPUS_55, {"toolConfig": {"tools": [TOOL]}, "additionalModelRequestFields": NO_THINKING}),
        (HAIKU_45, {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}),
        (HAIKU_55, {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}),
        (HAIKU_45, {"outputConfig": {"effort": "low"}}),
        (HAIKU_55, {"outputConfig": {"effort": "max"}, "additionalModelRequestFields": NO_THINKING}),
        (HAIKU_55, {"messages": [*said("हाँ"), {"role": "assistant", "content": [{"text": "{"}]}]}),
        (HAIKU_45, {"messages": [{"role": "assistant", "content": [{"text": "{"}]}]}),
        (HAIKU_45, {"messages": [*said("हाँ"), *said("नहीं")]}),
        (HAIKU_45, {"messages": [{"role": "user", "content": [{"text": ""}]}]}),
        (HAIKU_45, {"messages": [{"role": "user", "content": []}]}),
        (HAIKU_45, {"toolConfig": {"tools": [{"toolSpec": {**TOOL["toolSpec"], "name": "a b"}}]}}),
        (HAIKU_45, {"toolConfig": {"tools": [TOOL], "toolChoice": {"tool": {"name": "other"}}}}),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", {}),
    ],
)
async def test_what_a_family_does_not_take_is_a_validation_error(
    bedrock: BedrockEmulator, model: str, changes: dict[str, Any]
) -> None:
    assert await refusal(bedrock, model, **changes) == (400, "ValidationException")


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (HAIKU_45, {"inferenceConfig": {"maxTokens": 200, "temperature": 0.0}}),
        (HAIKU_45, {"messages": [*said("हाँ"), {"role": "assistant", "content": [{"text": "{"}]}]}),
        (HAIKU_55, {"inferenceConfig": {"maxTokens": 200}, "additionalModelRequestFields": NO_THINKING}),
        (OPUS_55, {"toolConfig": {"tools": [TOOL], "toolChoice": {"auto": {}}}}),
        (HAIKU_55, {"outputConfig": {"effort": "low"}}),
    ],
)
async def test_what_a_family_takes_is_answered(bedrock: BedrockEmulator, model: str, changes: dict[str, Any]) -> None:
    assert tool_input(await ask(bedrock, model=model, **changes))["intent"] in {"YES", "UNCLEAR"}


async def test_tool_history_needs_its_config_and_its_results(bedrock: BedrockEmulator) -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "record_meaning", "input": {}}}
    result = {"toolResult": {"toolUseId": "t1", "content": [{"text": "noted"}]}}
    history = [*said("हाँ"), {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    assert tool_input(await ask(bedrock, messages=history))["intent"] == "UNCLEAR"
    without_result = [*history[:2], *said("नहीं")]
    assert await refusal(bedrock, messages=without_result) == (400, "ValidationException")
    with client(bedrock) as boto, pytest.raises(ClientError, match="toolConfig"):
        await in_thread(boto.converse, modelId=HAIKU_45, messages=history)


async def test_a_model_that_is_not_there_is_404(bedrock: BedrockEmulator) -> None:
    assert await refusal(bedrock, "global.anthropic.claude-2") == (404, "ResourceNotFoundException")


async def test_a_small_limit_is_eaten_up_by_thoughts_unless_thinking_is_off(bedrock: BedrockEmulator) -> None:
    response = await ask(bedrock, model=HAIKU_55, inferenceConfig={"maxTokens": 200})
    assert response["stopReason"] == "max_tokens"
    assert [list(block) for block in response["output"]["message"]["content"]] == [["reasoningContent"]]
    response = await ask(bedrock, model=HAIKU_55, inferenceConfig={"maxTokens": 2000})
    assert [list(block) for block in response["output"]["message"]["content"]] == [["reasoningContent"], ["toolUse"]]


async def test_a_long_prefix_is_cached_and_a_short_one_ignored_in_silence(bedrock: BedrockEmulator) -> None:
    short = [{"text": "You classify. " * 100}, {"cachePoint": {"type": "default"}}]
    long = [{"text": "You classify. " * 2000}, {"cachePoint": {"type": "default"}}]
    usages = [(await ask(bedrock, system=system))["usage"] for system in (short, long, long)]
    assert [usage["cacheWriteInputTokens"] > 4096 for usage in usages] == [False, True, False]
    assert [usage["cacheReadInputTokens"] > 4096 for usage in usages] == [False, False, True]


async def test_a_big_max_tokens_is_reserved_and_throttles() -> None:
    async with BedrockEmulator(latency_s=0.3, quota=Quota(tokens=5000)) as emulator:
        both = await asyncio.gather(
            *(ask(emulator, inferenceConfig={"maxTokens": 4000}) for _ in range(2)), return_exceptions=True
        )
        refused = [answer for answer in both if isinstance(answer, ClientError)]
        assert [error.response["Error"]["Code"] for error in refused] == ["ThrottlingException"]
        await ask(emulator, inferenceConfig={"maxTokens": 200})


async def test_too_many_requests_are_throttled() -> None:
    async with BedrockEmulator(latency_s=0, quota=Quota(requests=2)) as emulator:
        for _ in range(2):
            await ask(emulator)
        assert await refusal(emulator) == (429, "ThrottlingException")


async def test_latency_is_told_and_taken() -> None:
    async with BedrockEmulator(latency_s=0.2) as emulator:
        assert (await ask(emulator))["metrics"]["latencyMs"] >= 200


# Signatures


async def signed(bedrock: BedrockEmulator, **identity: str) -> str:
    """The error code for a request signed with another identity."""
    settings = {"region_name": "ap-south-1", "aws_access_key_id": "test", "aws_secret_access_key": "test-secret"}
    other = boto3.client("bedrock-runtime", endpoint_url=bedrock.url, **{**settings, **identity})
    with closing(other), pytest.raises(ClientError) as refused:
        await in_thread(other.converse, **request())
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return str(refused.value.response["Error"]["Code"])


async def test_a_wrong_secret_key_or_region_is_403(bedrock: BedrockEmulator) -> None:
    assert await signed(bedrock, aws_secret_access_key="guess") == "InvalidSignatureException"
    assert await signed(bedrock, aws_access_key_id="nobody") == "UnrecognizedClientException"
    assert await signed(bedrock, region_name="us-east-1") == "InvalidSignatureException"


async def test_an_old_signature_is_403() -> None:
    later = datetime.now(UTC) + timedelta(minutes=6)
    async with BedrockEmulator(now=lambda: later) as emulator:
        assert await refusal(emulator) == (403, "InvalidSignatureException")


async def test_an_unsigned_request_is_403(bedrock: BedrockEmulator) -> None:
    async with (
        aiohttp.ClientSession(bedrock.url) as http,
        http.post("/model/x/converse", json={"messages": []}) as response,
    ):
        assert response.status == 403
        assert response.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
        assert response.headers["x-amzn-RequestId"]


# Streams


async def test_a_stream_carries_the_same_answer_in_fragments(bedrock: BedrockEmulator) -> None:
    events = await stream(bedrock)
    names = [next(iter(event)) for event in events]
    assert names[:2] == ["messageStart", "contentBlockStart"]
    assert names[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert json.loads("".join(delta["toolUse"]["input"] for delta in deltas))["intent"] == "YES"


async def test_other_operations_are_refused(bedrock: BedrockEmulator) -> None:
    with client(bedrock) as boto, pytest.raises(ClientError, match="not invoke"):
        await in_thread(boto.invoke_model, modelId=HAIKU_45, body=b"{}")
