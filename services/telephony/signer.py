"""What makes the addresses unguessable that we hand out."""

import hashlib
import hmac
from typing import Final

_HEX: Final = 32  # 128 bits


class Signer:
    """Signs addresses that belong to one call, and knows the token of those that are fixed in the carrier's flow."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def sign(self, purpose: str, call_id: str) -> str:
        """Return the signature of one call's address."""
        return hmac.new(self._secret, f"{purpose}\0{call_id}".encode(), hashlib.sha256).hexdigest()[:_HEX]

    def is_signed(self, purpose: str, call_id: str, signature: str) -> bool:
        """Compare in constant time; any text may come."""
        return hmac.compare_digest(self.sign(purpose, call_id).encode(), signature.encode())

    def is_token(self, token: str) -> bool:
        """Tell whether `token` is the secret of the flow's fixed addresses, in constant time."""
        return hmac.compare_digest(self._secret, token.encode())
