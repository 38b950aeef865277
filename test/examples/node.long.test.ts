// The Node example against a real server over a slow network: it is ahead of the server while it walks and where the
// server has it when it stands, and it comes back from a cut and from a restart.
import { expect, test } from "@jest/globals";
import { startExample } from "../support/example.ts";
import { laggyNetwork } from "../support/lag.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const ONE_WAY_MS = 60;

test("walk.ts predicts, reconciles, reconnects and rejoins", async () => {
  const environment = { DATA_DIR: dataFolder() };
  const server = startProcess(environment);
  const port = await server.listening();
  const network = await laggyNetwork(port, ONE_WAY_MS);
  const player = startExample(process.execPath, "examples/node/walk.ts", network.url, "120");
  const lines = () => player.stdout().split("\n").slice(0, -1);
  const line = (pattern: RegExp) => until(() => lines().find((line) => pattern.test(line)));
  const joined = () => lines().filter((line) => line.startsWith("joined"));

  // Ahead of the server by the steps that are on the way, wherever there is no wall.
  await until(() =>
    lines().some((line) => {
      const [, x, y, serverX, serverY, pending] =
        /^at (\d+), (\d+); the server says (\d+), (\d+), (\d+) on the way$/.exec(line)?.map(Number) ?? [];
      return pending! > 1 && (x !== serverX || y !== serverY);
    }),
  );

  network.cut();
  await line(/^dropped/);
  await line(/^back$/);
  expect(joined()).toHaveLength(1);

  server.signal("SIGTERM");
  await server.ended();
  await line(/^left with 4001$/);
  await startProcess({ ...environment, PORT: String(port) }).listening();
  await until(() => joined().length === 2);
  const stands = /^stands at (\d+, \d+); the server says (\d+, \d+)$/.exec(await line(/^stands/))!;
  expect(stands[1]).toBe(stands[2]);
  expect([await player.ended, player.stderr()]).toEqual([0, expect.not.stringMatching(/error/i)]);
  expect(lines().at(-1)).toBe("left with 4000");
  network.close();
});
