"""The load bench: calls on the wire, as a carrier that knows nothing of us places and measures them."""
