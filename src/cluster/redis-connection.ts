// Connections to Redis. Each command is sent at most once. It fails if there is no connection or no answer.
import { Redis, type RedisOptions } from "ioredis";

/** The address of Redis. */
export interface RedisSettings {
  /** `redis://user:password@host:port`; `rediss://` for TLS. */
  readonly url: string;
  /** The Sentinels, which know the master's address. The host and port of `url` are ignored if Sentinels are set. */
  readonly sentinels: readonly { host: string; port: number }[];
  /** The name that the Sentinels use for the master. */
  readonly master: string;
  /** The password of the Sentinels. */
  readonly sentinelPassword?: string | undefined;
}

/** Milliseconds without an answer after which a connection is considered dead and is replaced. */
const ANSWER_TIMEOUT_MS = 1500;

/** Milliseconds within which a closed connection must end. */
const CLOSE_TIMEOUT_MS = 100;

/** The longest pause in milliseconds between two attempts to connect. */
const MAX_RETRY_MS = 500;

/** A connection that reconnects automatically. */
export class RedisConnection {
  /** The client. Use it for events and for the state only, and send commands with {@link RedisConnection.call}. */
  readonly client: Redis;
  #lastError: string | undefined;
  readonly #onRoundTrip: ((ms: number) => void) | undefined;

  /**
   * @param name is shown by Redis in the list of its clients.
   * @param onRoundTrip receives the time in milliseconds that the answer to each command took.
   */
  constructor(settings: RedisSettings, name: string, onRoundTrip?: (ms: number) => void) {
    this.client = new Redis({
      ...addressOptions(settings),
      connectionName: name,
      disableClientInfo: true,
      keepAlive: 10_000,
      connectTimeout: ANSWER_TIMEOUT_MS,
      commandTimeout: ANSWER_TIMEOUT_MS,
      disconnectTimeout: CLOSE_TIMEOUT_MS,
      retryStrategy: (attempts) => Math.min(50 * attempts, MAX_RETRY_MS),
      sentinelRetryStrategy: (attempts) => Math.min(50 * attempts, MAX_RETRY_MS),
      // By default, ioredis resends unanswered commands, and queues new ones until the connection is back.
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      // A master that has become a replica refuses to write. A new connection leads to the new master.
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
    });
    this.#onRoundTrip = onRoundTrip;
    this.client.on("error", (error) => {
      this.#lastError = error.message;
    });
    this.client.on("ready", () => {
      this.#lastError = undefined;
    });
  }

  /** Whether commands can be sent. */
  get isReady(): boolean {
    return this.client.status === "ready";
  }

  /** The last error since the connection was last ready; undefined if there was no error. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /**
   * Sends a command. Rejects if there is no connection or no answer. Redis may have executed an unanswered command. A
   * connection that does not answer in time is replaced, because it may be dead.
   */
  async call<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const { stream } = this.client;
    const sentAt = performance.now();
    try {
      const answer = await command(this.client);
      this.#onRoundTrip?.(performance.now() - sentAt);
      return answer;
    } catch (error) {
      if ((error as Error).message === "Command timed out") stream.destroy();
      throw error;
    }
  }

  /** Replaces the connection. Messages that this process has not read yet are lost. */
  reconnect(): void {
    if (this.isReady) this.client.stream.destroy();
  }

  close(): void {
    this.client.disconnect();
  }
}

/** Returns the address and the credentials as options of ioredis. Errors of ioredis name only the host and the port. */
function addressOptions({ url, sentinels, master, sentinelPassword }: RedisSettings): RedisOptions {
  const { protocol, hostname, port, username, password } = new URL(url);
  const tls = protocol === "rediss:" ? {} : undefined;
  const options: RedisOptions = {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(tls ? { tls } : {}),
  };
  if (sentinels.length === 0) {
    return { ...options, host: hostname.replace(/^\[|\]$/g, ""), port: port ? Number(port) : 6379 };
  }
  return {
    ...options,
    sentinels: [...sentinels],
    name: master,
    sentinelCommandTimeout: ANSWER_TIMEOUT_MS,
    ...(sentinelPassword ? { sentinelPassword } : {}),
    ...(tls ? { sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
  };
}
