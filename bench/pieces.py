"""How many messages a line sends to speech: by its loudness, against one each 60 ms whatever it brings.

A message between services costs as much with 20 ms of sound in it as with 400. Lines are those of `bench load`: noise
20 dB under the speech, frames of 20 ms.
"""

import argparse
import base64
from collections.abc import Iterable

from bench.lines import table
from bench.load.speech import BORROWERS, Stock
from services.telephony.packing import Packing

_FRAME_MS = 20
_FIXED_PER_SECOND = 1000 / 60
_UNTIL_FLOOR_KNOWN_S = 4


def messages(packing: Packing, frames: Iterable[bytes], *, utterance: bool) -> int:
    """Return how many messages carry `frames`."""
    sent = waiting = 0
    for frame in frames:
        waiting += _FRAME_MS
        if waiting >= packing.wait_ms(base64.b64decode(frame), utterance=utterance):
            sent, waiting = sent + 1, 0
    return sent


def main() -> None:
    """Run the command line."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    stock = Stock(_FRAME_MS, BORROWERS[:2])
    rows = []
    for noise, idle in stock.idle.items():
        packing = Packing()
        messages(packing, idle[: _UNTIL_FLOOR_KNOWN_S * 1000 // _FRAME_MS], utterance=False)
        quiet_s = len(idle) * _FRAME_MS / 1000
        quiet = messages(packing, idle, utterance=False) / quiet_s
        spoken = stock.phrase(BORROWERS[0].again, noise).frames(1, 1, _FRAME_MS)
        speech = messages(packing, spoken, utterance=True) / (len(spoken) * _FRAME_MS / 1000)
        rows.append((noise, f"{quiet:.1f}", f"{speech:.1f}", f"{_FIXED_PER_SECOND:.1f}"))
    print(table(("noise", "nobody speaks, a second", "borrower speaks", "each 60 ms"), rows))


if __name__ == "__main__":
    main()
