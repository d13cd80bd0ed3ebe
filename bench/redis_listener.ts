// Records the messages on the fleet's channel with their times, over its own connection, without any part of the
// program under test.
import { CHANNEL } from "../tests/support/fleet.ts";
import type { RedisServer } from "../tests/support/redis_server.ts";

/** A message that came. */
export interface Heard {
  /** When, by `performance.now()`. */
  readonly at: number;
  /** How many bytes the message itself had, without Redis' framing. */
  readonly bytes: number;
  readonly text: string;
}

/** A subscriber. */
export interface Listener extends AsyncDisposable {
  /** The next message that comes after this call. */
  next(): Promise<Heard>;
}

/** Subscribes, and waits until Redis has confirmed it. */
export async function openListener({ host, port }: RedisServer): Promise<Listener> {
  const connection = await Deno.connect({ hostname: host, port });
  await connection.write(new TextEncoder().encode(`SUBSCRIBE ${CHANNEL}\r\n`));
  let waiting = Promise.withResolvers<Heard>();
  const confirmed = Promise.withResolvers<void>();
  const listening = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of connection.readable) {
      const at = performance.now();
      const text = decoder.decode(chunk, { stream: true });
      if (text.includes("subscribe\r\n")) confirmed.resolve();
      const message = /\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$(\d+)\r\n([^\r]*)/.exec(text);
      if (message) waiting.resolve({ at, bytes: Number(message[1]), text: message[2]! });
    }
  })().catch(() => confirmed.reject(new Error("Redis closed the connection")));
  await confirmed.promise;
  return {
    next() {
      waiting = Promise.withResolvers<Heard>();
      return waiting.promise;
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      await listening;
    },
  };
}
