// Any client with access to the channel may publish anything, as fast as Redis takes it. It costs a daemon bounded
// work, a bounded log and bounded memory, each message is counted, and true messages still get through.
import { assert, assertEquals } from "@std/assert";
import { newIncarnation } from "../../src/cluster/announcement.ts";
import { joinedBytes } from "../../src/host/joined_bytes.ts";
import { type ClusterInstance, openClusterInstance } from "../support/cluster_instance.ts";
import { eventually } from "../support/eventually.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";

const CHANNEL = "honua:config:changes";
const MESSAGES_PER_SECOND = 10_000;
const SECONDS = 5;

/** A tenth of the messages of a second goes out every tenth of one. */
const BATCH = MESSAGES_PER_SECOND / 10;

/**
 * A daemon that is farther behind may find its PING unanswered within the limit, and loses messages with the link: on a
 * machine that is too busy for the rate, the flood waits.
 */
const MOST_BEHIND = MESSAGES_PER_SECOND / 2;

/** Neither may grow with the number of messages, of which there are 50,000. */
const MOST_RELOADS = 60;
const MOST_LOG_LINES = 300;

/** The flood itself is some 20 MB; the heap may grow until it is collected. */
const MOST_GROWTH_BYTES = 128 * 1024 * 1024;

type Kind = "invalid" | "announcement" | "look_again";

/** The `index`-th message of the flood, and the kind that it counts as. */
function messageAt(index: number, hash: string): [Kind, Uint8Array] {
  const encode = (text: string) => new TextEncoder().encode(text);
  const random = crypto.getRandomValues(new Uint8Array(32));
  switch (index % 8) {
    case 0:
      // 0xff begins no character, so that this is never text.
      return ["invalid", Uint8Array.of(0xff, ...random)];
    case 1:
      return ["invalid", encode(`garbage ${index}`)];
    case 2:
      return ["invalid", new Uint8Array(index % 1000 === 2 ? 100_000 : 4_097).fill(0x2f)];
    case 3:
      return ["look_again", encode(`/etc/honua/${index}.hcl`)];
    case 4:
      return ["look_again", encode("/etc/honua/config.hcl")];
    case 5:
      return ["announcement", encode(`v1 ${index + 1} ${random.toHex()} ${newIncarnation()}`)];
    case 6:
      return ["announcement", encode(`v1 4503599627370496 ${hash} ${newIncarnation()}`)];
    default:
      return ["invalid", encode(`v1 99999999999999999999 ${hash} ${newIncarnation()}`)];
  }
}

/** The messages of a flood, by the kind that they count as. */
type Sent = Record<Kind, number>;

interface FloodSteps {
  /** Is called once in the middle of the flood. */
  readonly during: () => Promise<void>;
  /** Resolves once each daemon has counted that many messages of the flood. */
  readonly counted: (messages: number) => Promise<void>;
}

/** Publishes the messages over one connection, at their rate unless a daemon is too far behind. */
async function flood(redis: RedisServer, hash: string, { during, counted }: FloodSteps): Promise<Sent> {
  using connection = await Deno.connect({ hostname: redis.host, port: redis.port });
  const sent: Sent = { invalid: 0, announcement: 0, look_again: 0 };
  const drained = drain(connection);
  const startedAt = performance.now();
  let middle: Promise<void> | null = null;
  for (let batch = 0; batch < SECONDS * 10; batch++) {
    const commands: Uint8Array[] = [];
    for (let index = batch * BATCH; index < (batch + 1) * BATCH; index++) {
      const [kind, message] = messageAt(index, hash);
      sent[kind]++;
      commands.push(publishing(message));
    }
    await writeAll(connection, joinedBytes(commands));
    if (batch === SECONDS * 5) middle = during();
    await counted((batch + 1) * BATCH - MOST_BEHIND);
    const ahead = startedAt + (batch + 1) * 100 - performance.now();
    if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead)); // The pace of the flood, not a wait.
  }
  await writeAll(connection, new TextEncoder().encode("*1\r\n$4\r\nQUIT\r\n"));
  assertEquals(await drained, MESSAGES_PER_SECOND * SECONDS);
  await middle;
  return sent;
}

/** Reads until the server hangs up; resolves with how many messages it took. */
async function drain(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let count = 0;
  for (;;) {
    const length = await connection.read(buffer);
    if (length === null) return count;
    for (const byte of buffer.subarray(0, length)) if (byte === 0x3a) count++;
  }
}

/** `PUBLISH` in the form of the Redis serialization protocol, in which an integer is answered as `:1`. */
function publishing(message: Uint8Array): Uint8Array {
  const head = `*3\r\n$7\r\nPUBLISH\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n$${message.length}\r\n`;
  return joinedBytes([new TextEncoder().encode(head), message, new TextEncoder().encode("\r\n")]);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

/** The resident memory of a process by proc(5). */
async function residentBytes(pid: number): Promise<number> {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`));
  return Number(found![1]) * 1024;
}

/** The most that was resident of each process so far, looked at all the time. */
function watchMemory(pids: readonly number[]): AsyncDisposable & { readonly bytes: readonly number[] } {
  const bytes = pids.map(() => 0);
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      for (const [at, pid] of pids.entries()) bytes[at] = Math.max(bytes[at]!, await residentBytes(pid));
      await new Promise((resolve) => setTimeout(resolve, 50)); // How often memory is looked at, not a wait.
    }
  })();
  return {
    bytes,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await watching;
    },
  };
}

const COUNTERS = {
  invalid: ["honua_configd_notifications_invalid_total", ""],
  announcement: ["honua_configd_notifications_received_total", 'kind="announcement"'],
  look_again: ["honua_configd_notifications_received_total", 'kind="look_again"'],
} as const;

const countersOf = async (one: ClusterInstance): Promise<Sent> => ({
  invalid: await one.metric(...COUNTERS.invalid),
  announcement: await one.metric(...COUNTERS.announcement),
  look_again: await one.metric(...COUNTERS.look_again),
});

const totalOf = ({ invalid, announcement, look_again }: Sent) => invalid + announcement + look_again;

Deno.test("a flood of 10,000 messages a second costs bounded reloads, log and memory, and an edit gets through it", async () => {
  // Redis cuts off a subscriber that is 32 MB behind, which a daemon on a busy machine is, and its messages are lost.
  await using redis = await startRedis({ config: ["client-output-buffer-limit pubsub 0 0 0"] });
  const address = `${redis.host}:${redis.port}`;
  const args = ["--log-level", "information"];
  await using editor = await openClusterInstance({ name: "editor", redis: address, args });
  await using follower = await openClusterInstance({ name: "follower", redis: address, follows: editor, args });
  const both = [editor, follower];
  await Promise.all(both.map((one) => one.agrees()));
  const hash = (await editor.status()).active!.hash;
  const before = await Promise.all(both.map(async (one) => ({
    reloads: await one.metric("honua_configd_reloads_total"),
    lines: one.daemon.entries.length,
    resident: await residentBytes(one.daemon.pid),
    counters: await countersOf(one),
  })));
  await using peaks = watchMemory(both.map((one) => one.daemon.pid));
  const sent = await flood(redis, hash, {
    async during() {
      await editor.edit("second");
      await Promise.all(both.map((one) => one.runs("second")));
      await Promise.all(both.map((one) => one.agrees(2)));
    },
    async counted(messages) {
      await Promise.all(both.map((one, at) =>
        eventually(
          `${messages} messages are counted by ${one.name}`,
          async () => totalOf(await countersOf(one)) - totalOf(before[at]!.counters) >= messages,
          30_000,
        )
      ));
    },
  });
  for (const [at, one] of both.entries()) {
    const { reloads, lines, resident, counters } = before[at]!;
    await eventually(`every message is counted by ${one.name}`, async () => {
      const now = await countersOf(one);
      const difference = (kind: Kind) => now[kind] - counters[kind] - sent[kind];
      assertEquals([difference("invalid"), difference("look_again")], [0, 0]);
      // The instance that saw the edit first announced it to the other.
      assert([0, 1].includes(difference("announcement")), `${difference("announcement")}`);
      return true;
    }, 30_000);
    const more = await one.metric("honua_configd_reloads_total") - reloads;
    const moreLines = one.daemon.entries.length - lines;
    const growth = peaks.bytes[at]! - resident;
    console.log(`flood: ${one.name}: ${more} reloads, ${moreLines} lines, ${growth} bytes more`);
    assert(more <= MOST_RELOADS, `${more} reloads`);
    assert(moreLines <= MOST_LOG_LINES, `${moreLines} lines of the log`);
    assert(growth <= MOST_GROWTH_BYTES, `${growth} bytes more resident memory`);
    assertEquals(one.entriesOf("Redis connection failed"), []);
    assertEquals((await one.status()).generation, 2);
  }
});
