"""HTTP and WebSocket: requests in, answers out, one question to the floor below."""
