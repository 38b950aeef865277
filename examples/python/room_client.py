"""A client of the room protocol, which uses only what the section "Bytes" of docs/protocol.md describes.

    python3 room_client.py [http://host:port] [name] [word ...]

It needs no SDK, only a WebSocket library. It joins, and sends the words (left, right, up, down) as numbered inputs, one
step each. After each frame that changed the state, it prints the state as a line of JSON. After a lost connection it joins
again at its last position. Ctrl-C leaves.
"""

import asyncio
import contextlib
import json
import re
import signal
import struct
import sys

import websockets
from rejoin import Refused, connect, post, stay

HANDSHAKE, ERROR, LEAVE, STATE, PATCH, INPUT = 0x0A, 0x0B, 0x0C, 0x0E, 0x0F, 0x13
CODE_BITS, TIMED = 0x1F, 0x80
SWITCH, ADD, REMOVE, CLEAR = 0xFF, 0x80, 0x40, 0x0A
INPUT_FIELDS = 1  # the section of the handshake that describes the fields of an input
TICK = 0.05  # seconds
DIRECTIONS = {"left": 1, "right": 2, "up": 3, "down": 4}

FORMATS = {"uint8": "<B", "uint16": "<H", "uint32": "<I", "int8": "<b", "int16": "<h", "int32": "<i", "int64": "<q"}
FORMATS |= {"uint64": "<Q", "float32": "<f", "float64": "<d", "boolean": "<?"}
NUMBERS = dict(zip(range(0xCA, 0xD4), ["<f", "<d", "<B", "<H", "<I", "<Q", "<b", "<h", "<i", "<q"]))


class Reader:
    """Reads values from bytes, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    @property
    def done(self):
        return self.at >= len(self.data)

    def bytes(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def unpack(self, format):
        return struct.unpack(format, self.bytes(struct.calcsize(format)))[0]

    def byte(self):
        return self.unpack("<B")

    def number(self):
        first = self.byte()
        if first < 0x80:
            return first
        return first - 256 if first >= 0xE0 else self.unpack(NUMBERS[first])

    def string(self):
        first = self.byte()
        length = first & 0x1F if first < 0xC0 else self.unpack({0xD9: "<B", 0xDA: "<H", 0xDB: "<I"}[first])
        return self.bytes(length).decode()

    def text(self):
        """Reads a text with a length of one byte, as used in the handshake."""
        return self.bytes(self.byte()).decode()

    def value(self, type):
        return self.unpack(FORMATS[type]) if type in FORMATS else getattr(self, type)()


class Tree:
    """Decodes states and patches. `types` maps a type id to its list of fields (name, kind, type of the entries)."""

    def __init__(self, types, root):
        self.types = types
        self.root = {}
        # Holds each object by its number, as (kind, type, content, places). The type of a list or a map is the type of
        # its entries. Its `places` holds the key and the object number of the entry at each place.
        self.objects = {0: ("object", root, self.root, {})}

    def read(self, reader):
        current = self.objects[0]
        while not reader.done:
            if reader.data[reader.at] == SWITCH:
                reader.byte()
                current = self.objects[reader.number()]
            elif current[0] == "object":
                self.read_field(reader, *current)
            else:
                self.read_entry(reader, *current)

    def read_field(self, reader, _kind, type, content, _places):
        name, kind, entry_type = self.types[type][reader.byte() & 0x3F]
        content[name] = reader.value(kind) if entry_type is None else self.add_object(reader.number(), kind, entry_type)

    def read_entry(self, reader, kind, type, content, places):
        operation = reader.byte()
        if operation == CLEAR:
            content.clear()
            return
        place = reader.number()
        if operation == REMOVE:
            key, number = places.pop(place)
            del content[key], self.objects[number]
        elif operation == ADD:
            key = reader.string() if kind == "map" else place
            number = reader.number()
            places[place] = key, number
            content[key] = self.add_object(number, "object", type)
        else:
            raise ValueError(f"unknown operation {operation:02x}; docs/protocol.md does not list it")

    def add_object(self, number, kind, type):
        """Adds an object, unless the server repeats an earlier operation. Returns the object's content."""
        return self.objects.setdefault(number, (kind, type, {}, {}))[2]


# The types of the objects in a description: the block of the handshake in which the server lists its types and fields.
DESCRIPTION = {
    "root": [("types", "list", "type"), ("rootType", "number", None)],
    "type": [("id", "number", None), ("extendsId", "number", None), ("fields", "list", "field")],
    "field": [("name", "string", None), ("type", "string", None), ("referencedType", "number", None)],
}


def read_description(data):
    """Returns the types in a description of the handshake, and the type of the root."""
    tree = Tree(DESCRIPTION, "root")
    tree.read(Reader(data))
    types = {
        type["id"]: [(f["name"], f["type"], f.get("referencedType")) for f in type["fields"].values()]
        for type in tree.root["types"].values()
    }
    return types, tree.root.get("rootType", 0)


def read_handshake(reader):
    """Returns the reconnection token, and the descriptions of the state and of an input."""
    token, _format = reader.text(), reader.text()
    state = reader.bytes(reader.number())
    sections = {}
    while not reader.done:
        section = reader.byte()
        sections[section] = reader.bytes(reader.number())
    return token, read_description(state), read_description(sections[INPUT_FIELDS])


async def walk(socket, words, inputs):
    """Sends one step per tick, because the server's queue holds only eight steps."""
    types, root = inputs
    field = [name for name, _, _ in types[root]].index("direction")
    with contextlib.suppress(websockets.ConnectionClosed):  # `read_frames` reports the closed connection
        for word in words:
            await socket.send(bytes([INPUT, ADD | field, DIRECTIONS[word]]))
            await asyncio.sleep(TICK)


async def read_frames(socket, words):
    """Reads frames until the connection closes, and prints each new state. Raises ConnectionClosed."""
    printed = walking = None
    while True:
        reader = Reader(await socket.recv())
        first = reader.byte()
        code = first & CODE_BITS
        _clock, applied = (reader.unpack("<I"), reader.unpack("<I")) if first & TIMED else (0, 0)
        if code == HANDSHAKE:
            _token, description, inputs = read_handshake(reader)
            await socket.send(bytes([HANDSHAKE]))
        elif code == ERROR:
            print("error", reader.number(), reader.string(), file=sys.stderr)
        elif code in (STATE, PATCH):
            if code == STATE:
                tree = Tree(*description)
            tree.read(reader)
            walking = walking or asyncio.create_task(walk(socket, words, inputs))
            state = json.dumps({"applied": applied, **tree.root}, ensure_ascii=False)
            if state != printed:
                print(state, flush=True)
            printed = state


async def play(server, name, words, token):
    """Joins, and plays until the connection closes. The seat identifies the player, so the WebSocket needs no token."""
    seat = post(server, "/matchmake/joinOrCreate/world", {"name": name}, token)
    address = f"{re.sub('^http', 'ws', server)}/{seat['processId']}/{seat['roomId']}?sessionId={seat['sessionId']}"
    loop = asyncio.get_running_loop()
    async with connect(address) as socket:
        loop.add_signal_handler(signal.SIGINT, lambda: loop.create_task(socket.send(bytes([LEAVE]))))
        try:
            await read_frames(socket, words)
        finally:
            loop.remove_signal_handler(signal.SIGINT)


async def main(server="http://localhost:2567", name="Monty", *words):
    words = iter(words)  # After a lost connection, the player goes on with the next word.
    await stay(server, lambda token: play(server, name, words, token))


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass  # Ctrl-C during a join
    except Refused as refusal:
        sys.exit(f"join refused: {refusal}")
    except websockets.ConnectionClosed as closed:
        print("closed", closed.rcvd.code, closed.rcvd.reason, file=sys.stderr)
