"""A boto3 client, which blocks, and the request of a classifier."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import boto3
from botocore.config import Config

from emulators.bedrock import BedrockEmulator

HAIKU_45 = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
HAIKU_55 = "global.anthropic.claude-haiku-5-5"
SONNET_5 = "global.anthropic.claude-sonnet-5"
OPUS_55 = "us.anthropic.claude-opus-5-5"
MEANINGS = ["YES", "NO", "ALREADY_PAID", "UNCLEAR"]
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["intent", "confidence", "day_text"],
    "properties": {
        "intent": {"type": "string", "enum": MEANINGS},
        "confidence": {"type": "string", "enum": ["high", "medium", "low"]},
        "day_text": {"type": ["string", "null"]},
    },
}
TOOL = {"toolSpec": {"name": "record_meaning", "inputSchema": {"json": SCHEMA}}}
FORCED = {"tools": [TOOL], "toolChoice": {"tool": {"name": "record_meaning"}}}
NO_THINKING = {"thinking": {"type": "disabled"}}


@contextmanager
def client(emulator: BedrockEmulator, **config: Any) -> Iterator[Any]:
    """A client as a service would make it, but for its one attempt."""
    settings: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 1}, "read_timeout": 2, **config}
    made = boto3.client(
        "bedrock-runtime",
        endpoint_url=emulator.url,
        region_name="ap-south-1",
        aws_access_key_id="test",
        aws_secret_access_key="test-secret",
        config=Config(**settings),
    )
    with closing(made):
        yield made


def said(words: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": f"Language: hi-IN\nReply: <<<{words}>>>"}]}]


def request(words: str = "हाँ", model: str = HAIKU_45, **changes: Any) -> dict[str, Any]:
    return {"modelId": model, "messages": said(words), "toolConfig": FORCED, **changes}


async def ask(emulator: BedrockEmulator, words: str = "हाँ", model: str = HAIKU_45, **changes: Any) -> dict[str, Any]:
    """Ask once, in a thread."""
    with client(emulator) as bedrock:
        response: dict[str, Any] = await in_thread(bedrock.converse, **request(words, model, **changes))
    return response


async def in_thread(function: Callable[..., Any], **arguments: Any) -> Any:
    return await asyncio.to_thread(function, **arguments)


def tool_input(response: dict[str, Any]) -> Any:
    [use] = [block["toolUse"] for block in response["output"]["message"]["content"] if "toolUse" in block]
    return use["input"]


async def stream(emulator: BedrockEmulator) -> list[dict[str, Any]]:
    """Ask for a stream, and read it to its end."""

    def read() -> list[dict[str, Any]]:
        with client(emulator) as boto:
            answer = boto.converse_stream(modelId=HAIKU_45, messages=said("हाँ"), toolConfig=FORCED)
            with closing(answer["stream"]) as events:
                return list(events)

    return await asyncio.to_thread(read)
