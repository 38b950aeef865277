"""A bot on the plain WebSocket: walks at random, predicts where its steps lead, and prints whether the server agrees.

    python3 walk.py [ws://host:port] [name] [steps]

docs/protocol.md specifies the frames under "Plain WebSocket". Without `steps` it walks until Ctrl-C. After a lost
connection it joins again at its last position.
"""

import asyncio
import functools
import itertools
import json
import random
import sys
from urllib.parse import urlencode

import websockets
from ground import DIRECTIONS, Ground
from rejoin import Refused, connect, stay

WORDS = list(DIRECTIONS)  # left, right, up, down
TICK = 0.05  # seconds; the server applies one step per tick, so a client that sends faster does not walk faster


def random_words():
    """Yields the words of straight walks of random length and direction, without end."""
    while True:
        yield from [random.choice(WORDS)] * random.randint(4, 20)


async def listen(socket, players):
    """Keeps `players`, the positions of all players in sight, up to date."""
    try:
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "players":
                players.update(frame["players"])
                for player in frame["gone"]:
                    players.pop(player, None)
    except websockets.ConnectionClosed:
        pass  # The next word cannot be sent, which ends the walk.


async def play(address, token, words, ground_of):
    """Joins, and walks until all words are sent."""
    async with connect(address, token) as socket:
        welcome = json.loads(await socket.recv())
        if welcome["type"] == "error":
            raise Refused(welcome["code"], welcome["name"], welcome["message"])
        players = {}
        listening = asyncio.create_task(listen(socket, players))
        print(f"{welcome['name']} is on {welcome['map']} at {welcome['x']}, {welcome['y']}", flush=True)
        ground = ground_of(welcome["map"])
        x, y = welcome["x"], welcome["y"]
        for word in words:
            await socket.send(word)
            x, y = ground.step(x, y, word)
            await asyncio.sleep(TICK)
        await asyncio.sleep(2 * TICK)
        listening.cancel()
        print(f"{welcome['name']} is at {players[welcome['id']]}, among {len(players)} in sight")
        print(f"the prediction was {[x, y]}")


async def main(server="ws://localhost:2567", name="Monty", steps=None):
    address = f"{server}/websocket?{urlencode({'name': name})}"
    words = itertools.islice(random_words(), steps and int(steps))
    ground_of = functools.cache(lambda name: Ground.load(server.replace("ws", "http", 1), name))
    await stay(server, lambda token: play(address, token, words, ground_of))


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
    except Refused as refusal:
        sys.exit(f"join refused: {refusal}")
    except websockets.ConnectionClosed as closed:
        sys.exit(f"connection closed: {closed}")
