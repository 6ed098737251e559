"""Sarvam's speech API over real sockets: it speaks through eSpeak NG and hears only what arrives."""

from emulators.sarvam.app import SarvamEmulator
from emulators.sarvam.faults import Fault
from emulators.sarvam.limits import Plan
from emulators.sarvam.phrasebook import Phrase, read_phrases
from emulators.sarvam.provider import Latency

__all__ = ["Fault", "Latency", "Phrase", "Plan", "SarvamEmulator", "read_phrases"]
