// The bus of a cluster: Redis channels, which store no messages. A message is sent once and arrives at most once. The
// protocol notices gaps.
import type { Redis } from "ioredis";
import { CodecError } from "./bytes.ts";
import { decodeMessage, encodeMessage, senderOf } from "./codec.ts";
import type { Bus, DownMessage, Message, ProcessId } from "./core/ports.ts";
import { RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { type RedisNames, redisNames } from "./redis-names.ts";

interface RedisBusOptions {
  redis: RedisSettings;
  /** The prefix of all names in Redis. Each cluster has its own. */
  prefix: string;
  /** The id of this process. */
  process: ProcessId;
  /** Receives the messages of the other processes. */
  onMessage: (message: Message) => void;
  /** Called when the bus becomes available or unavailable. `reason`: the last error of a connection, if any. */
  onState?: (isReady: boolean, reason: string | undefined) => void;
  /** Called with the time in milliseconds that Redis took for a message. */
  onRoundTrip?: (ms: number) => void;
}

/** Counters since the start. */
export interface BusCounters {
  sent: number;
  bytesSent: number;
  received: number;
  bytesReceived: number;
  /** The number of received byte sequences that are not a message of this version. */
  refused: number;
  /** The number of stalls of this process after which old messages were skipped. */
  stalls: number;
}

/** Milliseconds between two checks of whether this process has stalled. */
const CHECK_MS = 100;

/** This process skips the messages that have queued up if it has stalled for at least this many milliseconds. */
const STALL_MS = 1000;

/** The subscriber's connection is pinged once per this many checks. It is replaced if a ping gets no answer. */
const CHECKS_PER_PING = 10;

/**
 * Publishes a message of the authority, and returns 1. Also stores the message's place if it is later than the stored
 * place. If a later epoch is stored, publishes nothing, stores nothing, and returns 0.
 * Keys: epoch, newest place. Arguments: channel, message, epoch, number.
 */
const PUBLISH = `
local epoch = tonumber(redis.call("GET", KEYS[1]) or "0")
if epoch > tonumber(ARGV[3]) then return 0 end
local stored_epoch, stored_number = string.match(redis.call("GET", KEYS[2]) or "0 0", "^(%d+) (%d+)$")
if tonumber(ARGV[3]) > tonumber(stored_epoch)
  or (ARGV[3] == stored_epoch and tonumber(ARGV[4]) > tonumber(stored_number)) then
  redis.call("SET", KEYS[2], ARGV[3] .. " " .. ARGV[4])
end
redis.call("PUBLISH", ARGV[1], ARGV[2])
return 1`;

/** The bus of one process. */
export class RedisBus implements Bus {
  readonly #options: RedisBusOptions;
  readonly #names: RedisNames;
  readonly #publisher: RedisConnection;
  readonly #subscriber: RedisConnection;
  readonly #counters: BusCounters = { sent: 0, bytesSent: 0, received: 0, bytesReceived: 0, refused: 0, stalls: 0 };
  #isSubscribed = false;
  #isReady = false;
  /** Whether received messages are dropped until the subscription has a new connection. */
  #isSkipping = false;
  #checkedAt = performance.now();
  #checks = 0;
  readonly #timer: NodeJS.Timeout;

  /** Connects, and goes on trying for as long as Redis is unavailable. */
  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#names = redisNames(options.prefix);
    this.#publisher = new RedisConnection(options.redis, "sabang-publisher", options.onRoundTrip);
    this.#subscriber = new RedisConnection(options.redis, "sabang-subscriber");
    for (const { client } of [this.#publisher, this.#subscriber]) {
      client.on("ready", () => this.#updateState()).on("close", () => this.#updateState());
    }
    this.#subscriber.client
      .on("ready", () => this.#subscribe())
      .on("close", () => this.#unsubscribed())
      .on("messageBuffer", (_, bytes: Buffer) => this.#receive(bytes));
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  /** Whether messages can be sent and received. */
  get isReady(): boolean {
    return this.#isReady;
  }

  counters(): Readonly<BusCounters> {
    return this.#counters;
  }

  send(message: Exclude<Message, DownMessage>, to?: ProcessId): void {
    const channel = to === undefined ? this.#names.all : this.#names.of(to);
    void this.#send(message, (redis, bytes) => redis.publish(channel, bytes));
  }

  publish(message: DownMessage, taken: () => void): void {
    const { epoch, newest, all } = this.#names;
    const { place } = message;
    void this.#send(message, (redis, bytes) =>
      redis.eval(PUBLISH, 2, epoch, newest, all, bytes, place.epoch, place.number),
    ).then((isTaken) => {
      if (isTaken === 1) taken();
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#publisher.close();
    this.#subscriber.close();
  }

  /** Sends a message once. Resolves with the answer, or with undefined if the message is lost or may be lost. */
  async #send(message: Message, command: (redis: Redis, bytes: Buffer) => Promise<unknown>): Promise<unknown> {
    if (!this.#publisher.isReady) return undefined;
    const bytes = encodeMessage(message);
    this.#counters.sent++;
    this.#counters.bytesSent += bytes.length;
    return this.#publisher.call((redis) => command(redis, bytes)).catch(() => undefined);
  }

  #receive(bytes: Buffer): void {
    this.#noticeStall();
    if (this.#isSkipping) return;
    this.#counters.received++;
    this.#counters.bytesReceived += bytes.length;
    let message: Message;
    try {
      // The channel delivers this process's own messages, too.
      if (senderOf(bytes) === this.#options.process) return;
      message = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#counters.refused++;
      return;
    }
    this.#options.onMessage(message);
  }

  #subscribe(): void {
    const { all, of } = this.#names;
    this.#subscriber
      .call((redis) => redis.subscribe(all, of(this.#options.process)))
      .then(
        () => {
          this.#isSubscribed = true;
          this.#updateState();
        },
        () => this.#subscriber.reconnect(),
      );
  }

  #unsubscribed(): void {
    this.#isSubscribed = false;
    this.#isSkipping = false;
    this.#updateState();
  }

  #updateState(): void {
    const isReady = this.#publisher.isReady && this.#isSubscribed;
    if (isReady === this.#isReady) return;
    this.#isReady = isReady;
    this.#options.onState?.(isReady, this.#publisher.lastError ?? this.#subscriber.lastError);
  }

  #check(): void {
    this.#noticeStall();
    this.#checkedAt = performance.now();
    if (++this.#checks % CHECKS_PER_PING === 0 && this.#isSubscribed) {
      this.#subscriber.call((redis) => redis.ping()).catch(() => {});
    }
  }

  /** Replaces the subscription's connection after a stall. Messages that wait in the old connection are skipped. */
  #noticeStall(): void {
    if (performance.now() - this.#checkedAt < STALL_MS) return;
    this.#checkedAt = performance.now();
    if (!this.#isSubscribed || this.#isSkipping) return;
    this.#isSkipping = true;
    this.#counters.stalls++;
    this.#subscriber.reconnect();
  }
}
