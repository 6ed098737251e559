"""Reads recorded audio of other formats, as telephone audio."""

import io
import struct
import warnings
from typing import Final

from voicekit.audio import SAMPLE_RATE
from voicekit.errors import InvalidInput

with warnings.catch_warnings():
    # It warns wherever there is no ffmpeg; `read_audio` tells when one is needed. Its code is older than this Python.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.exceptions import CouldntDecodeError

FORMATS: Final = ("wav", "mp3", "ogg", "flac", "m4a", "aac")


def read_audio(data: bytes, format_name: str) -> bytes:
    """Return the audio of a file as 16-bit mono PCM at 8 kHz.

    Args:
        data: the file's content.
        format_name: one of `FORMATS`; all but "wav" need the program ffmpeg on this machine.

    Raises `InvalidInput` when it cannot be read, and says why.
    """
    if format_name not in FORMATS:
        raise InvalidInput(f"{format_name!r} is none of {', '.join(FORMATS)}", "format")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # WAV is read here; `from_file` would ask ffmpeg what is wrong with a broken one.
            segment = (
                AudioSegment(data) if format_name == "wav" else AudioSegment.from_file(io.BytesIO(data), format_name)
            )
    except FileNotFoundError as error:
        raise InvalidInput(f"reading {format_name} needs ffmpeg, which is not installed here; use wav") from error
    except (CouldntDecodeError, EOFError, IndexError, ValueError, struct.error, ZeroDivisionError) as error:
        raise InvalidInput(f"this is no readable {format_name}") from error
    pcm = segment.set_channels(1).set_sample_width(2).set_frame_rate(SAMPLE_RATE).raw_data
    return bytes(pcm)
