"""Calls and sockets while they live, in Redis: keys and lifetimes that users know, and one owner for each call.

Every method fails with `ProviderDown` within half a second when Redis is away: what it keeps is a help to a call,
never a condition of it. Writes that depend on what was read are scripts, so that two pods cannot both win.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from voicekit.cancellation import heeding_cancellation
from voicekit.errors import ProviderDown

TIMEOUT_S: Final = 0.5
CALL_SESSION_S: Final = 2 * 3600
TEMP_CALL_S: Final = 30 * 60
WEBSOCKET_SESSION_S: Final = 3600
TICKET_S: Final = 60

LIVE: Final = "call:live"
"""Sorted set: ids of the calls that live, by the second at which they began."""

SLOTS: Final = "call:slots"
"""Hash: for each pod how many calls it leads at most, and until when that was said."""

_ADD_IF_ABSENT: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1"""
_ADD_TO: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1"""
_FILL: Final = """
for i = 2, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])"""
# The owner's lease is counted in Redis's own time, so that no pod's clock matters.
_CLAIM: Final = """
local now = tonumber(redis.call('TIME')[1])
local owner, till = redis.call('HGET', KEYS[1], 'owner'), tonumber(redis.call('HGET', KEYS[1], 'lease_until') or 0)
if owner and owner ~= ARGV[1] and till > now then return 0 end
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'lease_until', now + ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return epoch"""
# Without an epoch Redis has lost its memory, even if something was written since: whoever renews owns the call again.
_RENEW: Final = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and epoch ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'lease_until', tonumber(redis.call('TIME')[1]) + ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('HGET', KEYS[1], 'end_asked') or ''"""
_WRITE: Final = """
local epoch = redis.call('HGET', KEYS[1], 'epoch') or '0'
if epoch ~= ARGV[2] and epoch ~= '0' then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1"""
_USE: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
if redis.call('HINCRBY', KEYS[1], 'uses', 1) > tonumber(ARGV[1]) then return {} end
return redis.call('HGETALL', KEYS[1])"""
_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], 60) end
if count <= tonumber(ARGV[1]) then return 0 end
return math.max(1, redis.call('TTL', KEYS[1]))"""
_OFFER: Final = """
if tonumber(ARGV[2]) == 0 then return redis.call('HDEL', KEYS[1], ARGV[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. (tonumber(redis.call('TIME')[1]) + tonumber(ARGV[3])))"""
_OFFERED: Final = """
local now, slots, pods = tonumber(redis.call('TIME')[1]), 0, 0
local told = redis.call('HGETALL', KEYS[1])
for i = 1, #told, 2 do
    local room, till = string.match(told[i + 1], '(%d+) ([%d.]+)')
    if tonumber(till) < now then redis.call('HDEL', KEYS[1], told[i])
    else slots, pods = slots + tonumber(room), pods + 1 end
end
return {slots, pods}"""
_CLEAN: Final = """
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if #gone > 0 then redis.call('ZREM', KEYS[1], unpack(gone)) end
return #gone"""


def connect(url: str) -> redis.asyncio.Redis:
    """Return a client for the path of a call: it gives up after half a second, and never tries again by itself."""
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    return client


class Sessions:
    """Calls and sockets while they live. Fields are texts."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client

    # Calls before the carrier's id is known.

    async def create_temp_call(self, temp_id: str, fields: Mapping[str, str]) -> bool:
        """Keep what a call is begun with, for 30 min; False when it is kept already."""
        return bool(await self._run(_ADD_IF_ABSENT, f"temp:call:{temp_id}", TEMP_CALL_S, *_flat(fields)))

    async def get_temp_call(self, temp_id: str) -> dict[str, str]:
        """Return it; empty when it is not kept."""
        return dict(await self._do(self._redis.hgetall(f"temp:call:{temp_id}")))

    async def update_temp_call(self, temp_id: str, fields: Mapping[str, str]) -> None:
        """Add to it, if it is kept."""
        await self._run(_ADD_TO, f"temp:call:{temp_id}", *_flat(fields))

    async def delete_temp_call(self, temp_id: str) -> None:
        """Forget it."""
        await self._do(self._redis.delete(f"temp:call:{temp_id}"))

    async def name_call(self, call_id: str, call_sid: str) -> None:
        """Remember the carrier's id of a call, for 2 h."""
        await self._do(self._redis.set(f"call:sid:{call_id}", call_sid, ex=CALL_SESSION_S))

    async def find_call_sid(self, call_id: str) -> str:
        """Return it; empty when it is not known."""
        sid: str | None = await self._do(self._redis.get(f"call:sid:{call_id}"))
        return sid or ""

    # Calls.

    async def create_call_session(self, call_sid: str, fields: Mapping[str, str]) -> None:
        """Keep what is told of a call, for 2 h; fields that are kept already stay as they are."""
        await self._run(_FILL, f"call:session:{call_sid}", CALL_SESSION_S, *_flat(fields))

    async def get_call_session(self, call_sid: str) -> dict[str, str]:
        """Return all that is kept of a call; empty when nothing is."""
        return dict(await self._do(self._redis.hgetall(f"call:session:{call_sid}")))

    async def update_call_session(self, call_sid: str, epoch: int, fields: Mapping[str, str]) -> bool:
        """Write as the owner of `epoch`, or with epoch 0 while nobody owns it; False when another does."""
        return bool(await self._run(_WRITE, f"call:session:{call_sid}", CALL_SESSION_S, epoch, *_flat(fields)))

    async def claim(self, call_sid: str, owner: str, lease: float) -> int:
        """Become a call's owner for `lease` seconds, and return the epoch; 0 while another's lease lasts."""
        return int(await self._run(_CLAIM, f"call:session:{call_sid}", owner, lease, CALL_SESSION_S))

    async def renew(self, call_sid: str, epoch: int, lease: float) -> str | None:
        """Keep owning it, and return why its end was asked, or ""; None when another owns it by now."""
        answer: str | None = await self._run(_RENEW, f"call:session:{call_sid}", epoch, lease, CALL_SESSION_S)
        return answer

    async def ask_end(self, call_sid: str, reason: str) -> None:
        """Ask the owner to end the call: it reads this with its next `renew`."""
        await self._run(_ADD_TO, f"call:session:{call_sid}", "end_asked", reason)

    async def enter_live(self, call_id: str, at: float) -> None:
        """List a call among those that live, under the Unix time at which it began."""
        await self._do(self._redis.zadd(LIVE, {call_id: at}))

    async def leave_live(self, call_id: str) -> None:
        """Take it off the list."""
        await self._do(self._redis.zrem(LIVE, call_id))

    async def list_live(self, offset: int, count: int) -> list[str]:
        """Return ids of calls that live, newest first."""
        return list(await self._do(self._redis.zrevrange(LIVE, offset, offset + count - 1)))

    async def count_live(self) -> int:
        """Return how many calls live."""
        return int(await self._do(self._redis.zcard(LIVE)))

    # Room for calls.

    async def offer_slots(self, pod: str, slots: int, lease: float) -> None:
        """Tell for `lease` seconds how many calls a pod leads at most; 0 when it takes no new ones."""
        await self._run(_OFFER, SLOTS, pod, slots, lease)

    async def offered_slots(self) -> tuple[int, int]:
        """Return how many calls all pods that take new ones lead at most, and how many pods these are."""
        slots, pods = await self._run(_OFFERED, SLOTS)
        return int(slots), int(pods)

    async def first(self, what: str, within: float) -> bool:
        """True for the first that asks about `what` in so many seconds, False for all others."""
        return bool(await self._do(self._redis.set(f"call:turn:{what}", "1", nx=True, px=round(within * 1000))))

    # Sockets.

    async def put_ticket(self, token: str, fields: Mapping[str, str]) -> None:
        """Keep what a voice socket's token stands for, for 60 s."""
        await self._run(_ADD_IF_ABSENT, f"ws:ticket:{token}", TICKET_S, *_flat(fields))

    async def use_ticket(self, token: str, uses: int) -> dict[str, str]:
        """Return it and count the use; empty after so many uses, or when it is not kept."""
        flat: list[str] = await self._run(_USE, f"ws:ticket:{token}", uses)
        return dict(zip(flat[::2], flat[1::2], strict=True))

    async def create_websocket_session(self, websocket_id: str, fields: Mapping[str, str]) -> None:
        """Keep a dashboard connection's particulars, for 1 h from now."""
        await self._run(_FILL, f"websocket:session:{websocket_id}", WEBSOCKET_SESSION_S, *_flat(fields))

    async def delete_websocket_session(self, websocket_id: str) -> None:
        """Forget it."""
        await self._do(self._redis.delete(f"websocket:session:{websocket_id}"))

    async def cleanup_expired_sessions(self, now: float) -> int:
        """Take calls off the list that began over 2 h before the Unix time `now`; return how many."""
        return int(await self._run(_CLEAN, LIVE, now - CALL_SESSION_S))

    # Limits.

    async def count_request(self, api: str, key: str, per_minute: int) -> float:
        """Count a request to a provider; return 0, or the seconds to wait when this minute's are used up."""
        return float(await self._run(_COUNT, f"rate:limit:{api}:{key}", per_minute))

    async def _run(self, script: str, key: str, *arguments: str | float) -> Any:
        # EVAL and not EVALSHA: a Redis that has lost its memory needs no second round then.
        return await self._do(self._redis.eval(script, 1, key, *[str(argument) for argument in arguments]))

    async def _do(self, command: Awaitable[Any] | Any) -> Any:
        try:
            # The whole of it, since a connect and a command may each take half a second.
            async with asyncio.timeout(TIMEOUT_S):
                with heeding_cancellation():
                    return await command
        except (RedisError, OSError, TimeoutError) as error:
            raise ProviderDown(f"Redis does not answer: {type(error).__name__}") from error


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [text for field in fields.items() for text in field]
