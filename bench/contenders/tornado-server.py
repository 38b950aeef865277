"""The Korean tutorial's Tornado server, completed: four words move a player, and once per tick all changes go to all
clients as JSON. It listens on the port of the environment variable PORT and prints the port."""

import asyncio
import json
import os
import random

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web
import tornado.websocket

# These constants have the same values as in arena.ts.
ARENA, MARGIN, STEP, TICK_MS = 4096, 12, 8, 50
# The areas in which players start; see crowd.ts. A random one is chosen for each player.
WHOLE_ARENA = {"left": MARGIN, "top": MARGIN, "right": ARENA - MARGIN, "bottom": ARENA - MARGIN}
START_AREAS = json.loads(os.environ["STARTS"]) if "STARTS" in os.environ else [WHOLE_ARENA]
MOVE = {"좌": (-STEP, 0), "우": (STEP, 0), "상": (0, -STEP), "하": (0, STEP)}

players = {}  # id: [x, y]
sockets = set()
changed = set()
gone = set()
last_id = 0


def clamp(coordinate):
    return min(max(coordinate, MARGIN), ARENA - MARGIN)


class PlayerSocket(tornado.websocket.WebSocketHandler):
    def check_origin(self, origin):
        return True

    def open(self):
        global last_id
        last_id += 1
        self.id = f"p{last_id}"
        self.set_nodelay(True)
        area = random.choice(START_AREAS)
        x = round(random.uniform(area["left"], area["right"]))
        y = round(random.uniform(area["top"], area["bottom"]))
        players[self.id] = [x, y]
        sockets.add(self)
        changed.add(self.id)
        self.write_message(json.dumps({"id": self.id, "players": players}))

    def on_message(self, word):
        move = MOVE.get(word)
        if move is None:
            return
        position = players[self.id]
        position[0] = clamp(position[0] + move[0])
        position[1] = clamp(position[1] + move[1])
        changed.add(self.id)

    def on_close(self):
        sockets.discard(self)
        players.pop(self.id, None)
        changed.discard(self.id)
        gone.add(self.id)


def tick():
    if not changed and not gone:
        return
    text = json.dumps({"players": {id: players[id] for id in changed}, "gone": list(gone)}, separators=(",", ":"))
    changed.clear()
    gone.clear()
    for socket in list(sockets):
        try:
            socket.write_message(text)
        except tornado.websocket.WebSocketClosedError:
            pass


async def main():
    listening = tornado.netutil.bind_sockets(int(os.environ.get("PORT", 0)), "127.0.0.1")
    application = tornado.web.Application([(r"/websocket", PlayerSocket)])
    tornado.httpserver.HTTPServer(application).add_sockets(listening)
    tornado.ioloop.PeriodicCallback(tick, TICK_MS).start()
    print(f"listening on port {listening[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
