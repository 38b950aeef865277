// Plays through a proxy with an SDK client and a plain WebSocket, and prints the result as JSON. The argument is the
// proxy's URL. This is a separate program, because Node reads extra trusted certificates only when a process starts.
import { Client } from "@colyseus/sdk";
import type { WorldState } from "../../schema/world-state.ts";
import { PlainPlayer } from "../support/plain.ts";
import { until } from "../support/until.ts";

const url = process.argv[2]!;
const client = new Client(url);
const { user } = (await client.auth.signInAnonymously()) as unknown as { user: { id: string } };
const room = await client.joinOrCreate<WorldState>("world", { name: "Ada" });
await until(() => room.state.players?.has(room.sessionId));
const plain = await PlainPlayer.join(url, "?name=Grace");
await until(() => room.state.players.has(plain.id) && plain.players.has(room.sessionId));
const facing = () => [room.sessionId, plain.id].map((id) => room.state.players.get(id)?.facing);
room.send("move", "left");
plain.socket.send("우");
await until(() => facing().join() === "1,2");
plain.socket.close();
await room.leave();
console.log(JSON.stringify({ protocol: new URL(url).protocol, known: user.id.length > 0, facing: [1, 2] }));
process.exit(0);
