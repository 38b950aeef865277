"""The ground of a sabang server: the walls of a map, and one step on it, as docs/protocol.md describes them."""

import json
import re
import urllib.parse
import urllib.request

CELL = 8  # units
STEP = 8
HALF_BODY = 12
DIRECTIONS = {"좌": (-1, 0), "우": (1, 0), "상": (0, -1), "하": (0, 1)}


class Ground:
    """The solid cells of a map."""

    def __init__(self, description):
        self.rows = [re.sub(r"(\d+)(.)", lambda run: int(run[1]) * run[2], row) for row in description["solid"]]

    @classmethod
    def load(cls, server, name):
        """Loads a map from a server: `http://host:port`."""
        with urllib.request.urlopen(f"{server}/maps/{urllib.parse.quote(name)}.json", timeout=6) as response:
            return cls(json.load(response))

    def is_solid(self, column, row):
        """Returns whether a cell is solid. All cells outside the map are solid."""
        return not (0 <= row < len(self.rows) and 0 <= column < len(self.rows[0])) or self.rows[row][column] == "#"

    def is_free(self, x, y):
        """Returns whether a body with its centre at (x, y) is entirely on open ground."""
        columns = range((x - HALF_BODY) // CELL, (x + HALF_BODY - 1) // CELL + 1)
        rows = range((y - HALF_BODY) // CELL, (y + HALF_BODY - 1) // CELL + 1)
        return not any(self.is_solid(column, row) for column in columns for row in rows)

    def step(self, x, y, word):
        """Returns the centre of a body after one step. A wall stops the step: the body moves up to it."""
        right, down = DIRECTIONS[word]
        for _ in range(STEP):
            if self.is_free(x + right, y + down):
                x, y = x + right, y + down
        return x, y
