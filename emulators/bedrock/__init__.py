"""Amazon Bedrock's Converse API over real sockets, with a scripted mind and the rules of each Claude family."""

from emulators.bedrock.app import BedrockEmulator
from emulators.bedrock.faults import Fault
from emulators.bedrock.mind import Rule, read_rules
from emulators.bedrock.quotas import Quota

__all__ = ["BedrockEmulator", "Fault", "Quota", "Rule", "read_rules"]
