"""The errors that the thinking raises in its own words; `voicekit.rpc` turns them into statuses."""


class VoiceError(Exception):
    """Every error that a caller is meant to see.

    Its text is for the person who made the request: it names the field and the reason, and never holds a
    borrower's name, number, amount or words.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class InvalidInput(VoiceError):
    """The same request can never succeed."""


class NotFound(VoiceError):
    """What the request names does not exist."""


class AlreadyExists(VoiceError):
    """What the request makes is there already, and differs."""


class WrongState(VoiceError):
    """The call or the customer must change before this can succeed."""


class Overloaded(VoiceError):
    """Turned away at the door: no room now, or the quota is used up."""


class ProviderDown(VoiceError):
    """Somebody outside did not answer, or not in time; the request may be tried again."""


class Refused(VoiceError):
    """Who asks is not known here, or may not do this."""
