"""Claude on Amazon Bedrock, through boto3, which blocks: every request has a thread of its own pool."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import structlog

from services.dialog.breaker import Breaker
from services.dialog.claude import capabilities_of, opinion_in, request_for
from services.dialog.intents import Intent
from services.dialog.ports import Doubt, Opinion
from voicekit.errors import Overloaded, ProviderDown, VoiceError

log = structlog.get_logger(__name__)

CONNECT_S: Final = 1.0
READ_S: Final = 2.0
ATTEMPTS: Final = 2
"""In all. Nobody waits longer than the deadline; this bounds for how long a thread is lost to a hung connection."""
SLOW_S: Final = 1.5
"""A request that was given up after this long counts as a failure."""
_BUSY: Final = frozenset({"ThrottlingException", "ModelNotReadyException", "ServiceQuotaExceededException", "429"})
_WARM_UP: Final = Doubt("hello", "en-IN", None, negated=False)


class BedrockModel:
    """Answers the port `IntentModel` with a Claude model; `close` ends its threads."""

    def __init__(
        self,
        model_id: str,
        *,
        region: str,
        family: str = "",
        endpoint_url: str = "",
        access_key_id: str = "",
        secret_access_key: str = "",
        session_token: str = "",
        threads: int = 32,
    ) -> None:
        """Take which model to ask, and where.

        Args:
            model_id: of a model or an inference profile, or an ARN.
            region: of AWS.
            family: such as "haiku-4-5", where the id does not tell.
            endpoint_url: of another server that speaks the protocol; empty for AWS.
            access_key_id: with the next two, credentials; empty for those that boto3 finds by itself.
            secret_access_key: see there.
            session_token: see there.
            threads: requests at a time; one more is turned away with `Overloaded`.
        """
        self._model_id, self._able = model_id, capabilities_of(family or model_id)
        self._client_settings = {
            "region_name": region,
            "endpoint_url": endpoint_url or None,
            "aws_access_key_id": access_key_id or None,
            "aws_secret_access_key": secret_access_key or None,
            "aws_session_token": session_token or None,
        }
        self._threads = threads
        self._room = threading.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bedrock")
        self._breaker: Breaker | None = None
        self._client: Any = None
        self._making_client = threading.Lock()

    async def opinion(self, doubt: Doubt) -> Opinion:
        """Return what Claude takes the words for; `ProviderDown` or `Overloaded` when it cannot say."""
        loop = asyncio.get_running_loop()
        breaker = self._breaker = self._breaker or Breaker(loop.time)
        breaker.pass_through()
        began = loop.time()
        try:
            response = await self._converse(request_for(doubt, self._model_id, self._able))
        except VoiceError:
            breaker.failed()
            raise
        except asyncio.CancelledError:
            if loop.time() - began >= SLOW_S:
                breaker.failed()
            raise
        breaker.succeeded()
        opinion = opinion_in(response)
        if opinion is None:
            stopped = response.get("stopReason", "none") if isinstance(response, dict) else "none"
            log.warning("The model's answer is of no use.", stop_reason=stopped)
            return Opinion(Intent.UNCLEAR, "low")
        return opinion

    def load(self) -> None:
        """Load boto3 and make the client: a second of work that would make a live call stutter."""
        self._ready_client()

    async def warm_up(self) -> bool:
        """Open a connection and ask once; False, and a log line, when the model cannot be reached."""
        try:
            await self.opinion(_WARM_UP)
        except VoiceError as error:
            log.warning("The intent model does not answer; the rules decide alone.", error=type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Take no more requests; threads that still wait end by their own timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _converse(self, request: dict[str, Any]) -> Any:
        if not self._room.acquire(blocking=False):
            raise Overloaded("all threads of the intent model are busy")
        try:
            future = self._pool.submit(self._ask, request)
        except RuntimeError:
            self._room.release()
            raise ProviderDown("the intent model is closed") from None
        # When the thread is done, not when we stop waiting for it.
        future.add_done_callback(self._make_room)
        return await asyncio.wrap_future(future)

    def _make_room(self, _: Future[Any]) -> None:
        self._room.release()

    def _ask(self, request: dict[str, Any]) -> Any:
        """Ask, in a thread; errors lose their text, which may hold the words."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- loaded with the first use

        try:
            return self._ready_client().converse(**request)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
            log.warning("Bedrock refused a request.", code=code, request_id=request_id)
            raise (Overloaded if code in _BUSY else ProviderDown)(f"Bedrock answered {code}") from None
        except BotoCoreError as error:
            log.warning("Bedrock did not answer.", error=type(error).__name__)
            raise ProviderDown(f"Bedrock did not answer: {type(error).__name__}") from None
        except ValueError:
            # botocore parses a body that is no JSON at all with an error of its own kind.
            raise ProviderDown("Bedrock answered what cannot be read") from None

    def _ready_client(self) -> Any:
        with self._making_client:
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def _make_client(self) -> Any:
        import boto3  # noqa: PLC0415 -- half a second that only a service with a model spends
        from botocore.config import Config  # noqa: PLC0415 -- comes with it

        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            max_pool_connections=self._threads,
            tcp_keepalive=True,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        )
        return boto3.session.Session().client("bedrock-runtime", config=config, **self._client_settings)
