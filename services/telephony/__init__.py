"""The phone: carrier sockets and webhooks, placing calls, pacing audio, barge-in, transfer."""
