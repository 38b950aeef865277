"""A bot on the plain WebSocket: walks at random and prints its position and the number of players in sight.

    python3 walk.py [ws://host:port] [name] [steps]

docs/protocol.md specifies the frames under "Plain WebSocket". Without `steps` it walks until Ctrl-C.
"""

import asyncio
import json
import random
import sys
from urllib.parse import urlencode

import websockets

WORDS = ["좌", "우", "상", "하"]  # left, right, up, down
TICK = 0.05  # seconds; the server takes one step per tick, so sending faster gains nothing


async def listen(socket, players):
    """Keeps `players`, the positions of all players in sight, up to date."""
    async for text in socket:
        frame = json.loads(text)
        if frame["type"] == "players":
            players.update(frame["players"])
            for player in frame["gone"]:
                players.pop(player, None)


async def walk(socket, steps):
    """Walks a random distance in a random direction, until all steps are taken."""
    while steps > 0:
        word = random.choice(WORDS)
        for _ in range(int(min(steps, random.randint(4, 20)))):
            await socket.send(word)
            await asyncio.sleep(TICK)
            steps -= 1


async def main(server="ws://localhost:2567", name="Monty", steps="inf"):
    async with websockets.connect(f"{server}/websocket?{urlencode({'name': name})}") as socket:
        welcome = json.loads(await socket.recv())
        if welcome["type"] == "error":
            sys.exit(f"join refused: {welcome['message']}")
        players = {}
        listening = asyncio.create_task(listen(socket, players))
        print(f"{welcome['name']} is on {welcome['map']} at {welcome['x']}, {welcome['y']}")
        await walk(socket, float(steps))
        await asyncio.sleep(2 * TICK)
        listening.cancel()
        print(f"{welcome['name']} is at {players[welcome['id']]}, among {len(players)} in sight")


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
    except websockets.ConnectionClosed as closed:
        sys.exit(f"connection closed: {closed}")
