// redis-cli as an operator starts it to see the messages of a channel, and their texts. Disposing of it ends it.
import { eventually } from "./eventually.ts";
import type { RedisServer } from "./redis_server.ts";

/** A redis-cli that listens. */
export interface RedisSubscriber extends AsyncDisposable {
  /** The messages so far, the earliest first. */
  messages(): string[];
  /** Waits until there are that many, or more. */
  hears(count: number): Promise<string[]>;
}

/** Starts `redis-cli SUBSCRIBE` and waits until it listens. */
export async function subscribeWithCli(redis: RedisServer, channel: string): Promise<RedisSubscriber> {
  const args = ["-h", redis.host, "-p", `${redis.port}`, "SUBSCRIBE", channel];
  const process = new Deno.Command("redis-cli", { args, stdout: "piped", stderr: "null" }).spawn();
  let written = "";
  const read = process.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (written += text) }),
  );
  // Each push is three lines: its kind, the channel, and the payload or the number of subscriptions.
  const pushes = () => {
    const lines = written.split("\n").slice(0, -1);
    return Array.from({ length: Math.floor(lines.length / 3) }, (_, at) => lines.slice(at * 3, at * 3 + 3));
  };
  const messages = () => pushes().flatMap(([kind, , payload]) => kind === "message" ? [payload!] : []);
  const subscriber: RedisSubscriber = {
    messages,
    hears: (count) => eventually(`${count} messages`, () => messages().length >= count ? messages() : null, 30_000),
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await Promise.all([process.status, read]);
    },
  };
  await eventually("the subscription", () => pushes().some(([kind]) => kind === "subscribe"));
  return subscriber;
}
