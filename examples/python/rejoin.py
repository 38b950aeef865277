"""Keeps a player in the game: signs in once, and joins again whenever the connection is lost.

The token is the player's identity. It is kept while the program runs, so the player returns to its last position, also
after a restart of the server.
"""

import asyncio
import http.client
import json
import random
import re
import sys
import time
import urllib.error
import urllib.request

import websockets

# All limits are in seconds. Without pings, the program would notice a dead connection much later. Without
# `close_timeout`, the library would wait 10 seconds for the close frame of a dead connection.
LIMITS = {"open_timeout": 6, "ping_interval": 2, "ping_timeout": 6, "close_timeout": 1}
FIRST_DELAY, MAX_DELAY = 0.5, 3  # seconds before the next attempt to join
STABLE = 10  # the next delay is short again if a connection has lasted for this many seconds
FINAL_CODES = {1000, 4000, *range(4312, 4317)}  # left, taken over, flooding, too slow, idle, kicked
RETRYABLE_STATUSES = {408, 425, 429}
TOKEN_ERRORS = {"tokenInvalid", "tokenExpired", "tokenForeign"}
TRANSIENT_ERRORS = (OSError, asyncio.TimeoutError, http.client.HTTPException, websockets.WebSocketException)
# websockets 14 has renamed the parameter for headers.
HEADERS = "additional_headers" if int(websockets.__version__.split(".")[0]) >= 14 else "extra_headers"


class Refused(Exception):
    """The server has refused a join or a sign-in, with this code, name and message."""

    def __init__(self, code, name, message):
        super().__init__(message)
        self.name = name
        self.is_final = code < 500 and code not in RETRYABLE_STATUSES and name not in TOKEN_ERRORS


def authorization(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def post(server, path, body, token=None):
    """Sends a request with JSON, and returns the JSON of the answer. Raises Refused."""
    headers = {"Content-Type": "application/json", **authorization(token)}
    url = re.sub("^ws", "http", server) + path
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMITS["open_timeout"]) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        # A proxy may have answered, without JSON.
        answer = json.loads(text) if text.startswith("{") else {"error": text}
        raise Refused(error.code, answer.get("name"), answer.get("error", text)) from None


def connect(address, token=None):
    """Opens a WebSocket. The token is sent as a header, because proxies log URLs."""
    return websockets.connect(address, **{HEADERS: authorization(token)}, **LIMITS)


async def stay(server, play):
    """Signs in, and calls `play` with the token until `play` returns.

    `play` joins with the token. It is called again after each lost connection and each temporary refusal. Raises
    Refused or ConnectionClosed if only the user should join again.
    """
    token, refusals, attempt = None, 0, 0
    while True:
        started = time.monotonic()
        try:
            # A refused token is tried once more, because a server that is about to be replaced may have refused it.
            if token is None or refusals == 2:
                token, refusals = post(server, "/auth/anonymous", {})["token"], 0
            return await play(token)
        except Refused as refused:
            if refused.is_final:
                raise
            refusals += refused.name in TOKEN_ERRORS
            trouble = refused
        except TRANSIENT_ERRORS as error:
            frame = getattr(error, "rcvd", None)  # the server's close frame
            if frame and frame.code in FINAL_CODES:
                raise
            trouble = error
        attempt = 0 if time.monotonic() - started > STABLE else attempt + 1
        delay = min(MAX_DELAY, FIRST_DELAY * 2**attempt) * random.uniform(0.75, 1)
        print(f"{trouble}; joining again in {delay:.1f} s", file=sys.stderr)
        await asyncio.sleep(delay)
