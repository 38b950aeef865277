// Tests the Node example with a real server over a slow network. While the player walks, its predicted position is
// ahead of the server's position. When the player stands, both are equal. The example reconnects after a lost
// connection and rejoins after a restart.
import { expect, test } from "@jest/globals";
import { startExample } from "../support/example.ts";
import { laggyNetwork } from "../support/lag.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const ONE_WAY_MS = 60;

test("the Node example predicts its moves, reconnects after a lost connection, and rejoins after a restart of the server", async () => {
  const environment = { DATA_DIR: dataFolder() };
  const server = startProcess(environment);
  const port = await server.listening();
  const network = await laggyNetwork(port, ONE_WAY_MS);
  const player = startExample(process.execPath, "examples/node/walk.ts", network.url, "120");
  const lines = () => player.stdout().split("\n").slice(0, -1);
  const line = (pattern: RegExp) => until(() => lines().find((line) => pattern.test(line)));
  const joined = () => lines().filter((line) => line.startsWith("joined"));

  // The predicted position is ahead by the pending steps, unless a wall stops the player.
  await until(() =>
    lines().some((line) => {
      const [, x, y, serverX, serverY, pending] =
        /^at (\d+), (\d+); server: (\d+), (\d+), (\d+) pending$/.exec(line)?.map(Number) ?? [];
      return pending! > 1 && (x !== serverX || y !== serverY);
    }),
  );

  network.cut();
  await line(/^connection lost/);
  await line(/^reconnected$/);
  expect(joined()).toHaveLength(1);

  server.signal("SIGTERM");
  await server.ended();
  await line(/^left with 4001$/);
  await startProcess({ ...environment, PORT: String(port) }).listening();
  await until(() => joined().length === 2);
  const [, predicted, actual] = /^stopped at (\d+, \d+); server: (\d+, \d+)$/.exec(await line(/^stopped/))!;
  expect(predicted).toBe(actual);
  expect([await player.ended, player.stderr()]).toEqual([0, expect.not.stringMatching(/error/i)]);
  expect(lines().at(-1)).toBe("left with 4000");
  network.close();
});
