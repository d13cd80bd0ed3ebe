// The server that counts and the commands to it: servers that answer as a test wants, over real connections. A
// connection of no use is closed before that is reported.
import { assertEquals, assertRejects } from "@std/assert";
import { dial } from "../../../src/cluster/redis/redis_notifier.ts";
import type { RedisConnectionSettings } from "../../../src/cluster/redis/redis_connection.ts";
import { type Caller, fieldOf, findServer } from "../../../src/cluster/redis/redis_servers.ts";
import { HELLO_OF_A_PRIMARY, type LyingRedis, startLyingRedis } from "../../support/lying_redis.ts";
import { connectionTo, singleTo } from "./redis_notifying.ts";

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const array = (...words: string[]) => `*${words.length}\r\n${words.map(bulk).join("")}`;

/** A caller of which every connection is known; disposing it closes them. */
function calling(connection: Caller["connection"]) {
  const ending = new AbortController();
  const endpoints: unknown[] = [];
  const gone: Promise<unknown>[] = [];
  let closed = 0;
  const caller: Caller = {
    connection,
    dial: async (endpoint, heard) => {
      endpoints.push(endpoint);
      const wire = await dial(endpoint, { connection, signal: ending.signal, commandMilliseconds: 5_000, heard });
      gone.push(wire.closed.then(() => closed++));
      return wire;
    },
  };
  return {
    caller,
    endpoints,
    /** How many connections were made and are open. */
    open: () => gone.length - closed,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(gone);
    },
  };
}

/** A server with answers by command, and all that it was asked. */
function answering(answers: Readonly<Record<string, string>>): LyingRedis & { readonly asked: string[] } {
  const asked: string[] = [];
  const liar = startLyingRedis((words) => {
    asked.push(words.join(" "));
    return answers[words[0]!] ?? "+OK\r\n";
  });
  return Object.assign(liar, { asked });
}

/** The commands to a server, and its role or the reason why it is of no use. In that case nothing is left open. */
async function found(answers: Readonly<Record<string, string>>, more: Partial<RedisConnectionSettings> = {}) {
  await using liar = answering(answers);
  await using calls = calling(singleTo(liar, more));
  try {
    const { mode, role } = await findServer(calls.caller);
    assertEquals(calls.open(), 1);
    return [...liar.asked, `${mode} ${role}`.trim()];
  } catch (error) {
    assertEquals(calls.open(), 0);
    return [...liar.asked, (error as Error).message.replace(`127.0.0.1:${liar.port}`, "HERE")];
  }
}

const PRIMARY = { hello: HELLO_OF_A_PRIMARY };

Deno.test("a server learns the client's name, and no more than it needs", async () => {
  assertEquals(await found(PRIMARY), ["hello", "standalone master"]);
  const named = { user: "edge", password: "hush", database: 3, clientName: "me" };
  const commands = ["auth edge hush", "hello", "select 3", "client setname me", "standalone master"];
  assertEquals(await found(PRIMARY, named), commands);
  assertEquals(await found(PRIMARY, { password: "hush" }), ["auth hush", "hello", "standalone master"]);
  // A name is worth no failure, and a cluster has one database.
  assertEquals(await found({ ...PRIMARY, client: "-NOPERM no\r\n" }, named), commands);
  const hello = array("mode", "cluster", "role", "replica");
  assertEquals(await found({ hello }, { database: 3 }), ["hello", "cluster replica"]);
});

Deno.test("a server that refuses, or is none to announce at, is left with the reason", async () => {
  const last = async (answers: Readonly<Record<string, string>>, more?: Partial<RedisConnectionSettings>) =>
    (await found(answers, more)).at(-1);
  assertEquals(await last({ hello: array("mode", "standalone") }), "Redis at HERE is a replica, not a primary");
  assertEquals(
    await last({ hello: array("mode", "sentinel", "role", "master") }),
    "Redis at HERE is a Sentinel, which needs a serviceName",
  );
  assertEquals(await last({ hello: array("role", "master") }), "The server at HERE is not Redis");
  assertEquals(await last({ hello: "-ERR unknown command\r\n" }), "standalone master");
  assertEquals(await last({ hello: "-LOADING x\r\n" }), "Redis is still loading its data (HERE)");
  assertEquals(
    await last({ ...PRIMARY, select: "-NOPERM User x has no permissions to run the 'select' command\r\n" }, {
      database: 1,
    }),
    "Redis does not allow its user the command select (HERE)",
  );
});

Deno.test("any error after a password is a refusal, unless the server has no password", async () => {
  const refused = "Redis refuses the user name or the password";
  const cases = [
    ["ERR AUTH <password> called without any password configured for the default user", "standalone master"],
    ["ERR Client sent AUTH, but no password is set", "standalone master"],
    ["ERR hush", refused],
    ["WRONGPASS no password is set", refused],
  ] as const;
  for (const [auth, outcome] of cases) {
    assertEquals((await found({ ...PRIMARY, auth: `-${auth}\r\n` }, { password: "hush" })).at(-1), outcome, auth);
  }
  // The end of a connection is no refusal.
  const lost = await found({ ...PRIMARY, auth: "%1\r\n" }, { password: "hush" });
  assertEquals(lost.at(-1), "Redis (HERE) sent something else than its protocol: is this address a Redis?");
});

Deno.test("a field is found by its name, which is no value, and has a text", () => {
  assertEquals(fieldOf(["mode", "a", "role", "b"], "role"), "b");
  assertEquals(fieldOf(["server", "mode", "mode", "a"], "mode"), "a");
  for (const reply of [["server", "mode"], ["mode"], ["mode", 7], [], "mode", null]) {
    assertEquals(fieldOf(reply, "mode"), null, JSON.stringify(reply));
  }
});

/** The address that a Sentinel's answer leads to, or why it leads nowhere. */
async function toldBy(answer: string): Promise<unknown> {
  await using sentinel = answering({ sentinel: answer });
  const servers = { kind: "sentinel", serviceName: "edge", endpoints: [sentinel] } as const;
  await using calls = calling(connectionTo(servers));
  const { dial: dialling } = calls.caller;
  const seen: unknown[] = [];
  const once: Caller["dial"] = async (endpoint) => {
    seen.push(endpoint, calls.open());
    if (seen.length > 2) throw new Error("enough");
    return await dialling(endpoint);
  };
  const error = await assertRejects(() => findServer({ ...calls.caller, dial: once }), Error);
  assertEquals([sentinel.asked, calls.open()], [["sentinel get-master-addr-by-name edge"], 0]);
  return seen.length > 2 ? seen.slice(2) : error.message.replace(`127.0.0.1:${sentinel.port}`, "HERE");
}

Deno.test("a Sentinel is believed an address at its bounds, and is left before the primary is asked", async () => {
  const hosts = ["::1%eth0", "a_b-c.example", "h".repeat(255)];
  for (const host of hosts) assertEquals(await toldBy(array(host, "6379")), [{ host, port: 6379 }, 0]);
  for (const port of [1, 65_535]) assertEquals(await toldBy(array("h", `${port}`)), [{ host: "h", port }, 0]);
  const wrong = [
    ...["", "h".repeat(256), " h", "h ", "h/x"].map((host) => array(host, "6379")),
    ...["0", "-1", "65536", "1.5", "x", ""].map((port) => array("h", port)),
    "*-1\r\n",
    ":7\r\n",
  ];
  for (const answer of wrong) assertEquals(await toldBy(answer), "Sentinel at HERE does not know the service", answer);
});

Deno.test("Sentinels are asked in turn until one knows, and the first one's reason is reported if none does", async () => {
  await using primary = answering(PRIMARY);
  await using ignorant = answering({ sentinel: "*-1\r\n" });
  await using refusing = answering({ sentinel: "-NOAUTH x\r\n" });
  await using knowing = answering({ sentinel: array(primary.host, `${primary.port}`) });
  const asking = (endpoints: readonly LyingRedis[], more: Partial<RedisConnectionSettings> = {}) => {
    const addresses = endpoints.map(({ host, port }) => ({ host, port }));
    return calling(connectionTo({ kind: "sentinel", serviceName: "edge", endpoints: addresses }, more));
  };
  await using calls = asking([ignorant, refusing, knowing]);
  const { host, port } = primary;
  assertEquals((await findServer(calls.caller)).wire.endpoint, { host, port });
  assertEquals(calls.endpoints.length, 4);
  const nameOf = (server: LyingRedis) => `Sentinel at 127.0.0.1:${server.port}`;
  const cases = [
    [[ignorant, refusing], null, `${nameOf(ignorant)} does not know the service`],
    [
      [refusing, ignorant],
      null,
      `Redis asks for a password and none is configured (Sentinel 127.0.0.1:${refusing.port})`,
    ],
  ] as const;
  for (const [endpoints, password, reason] of cases) {
    await using none = asking(endpoints, { password });
    await assertRejects(() => findServer(none.caller), Error, reason);
    assertEquals([none.endpoints.length, none.open()], [2, 0]);
  }
  // The password of Redis is sent to a Sentinel that asks for one, and to no other.
  refusing.asked.length = ignorant.asked.length = 0;
  await using reported = asking([ignorant, refusing], { user: "edge", password: "hush" });
  await assertRejects(() => findServer(reported.caller), Error, "does not know");
  const question = "sentinel get-master-addr-by-name edge";
  assertEquals([ignorant.asked, refusing.asked], [[question], [question, "auth edge hush", question]]);
});

Deno.test("of several servers that cannot be used each is tried once, and the first one's reason is reported", async () => {
  await using replica = answering({ hello: array("mode", "standalone", "role", "replica") });
  await using loading = answering({ hello: "-LOADING x\r\n" });
  for (
    const [servers, reason] of [
      [[replica, loading], "is a replica"],
      [[loading, replica], "still loading"],
    ] as const
  ) {
    await using calls = calling(connectionTo({ kind: "several", endpoints: servers }));
    await assertRejects(() => findServer(calls.caller), Error, reason);
    assertEquals([calls.endpoints.length, calls.open()], [2, 0]);
  }
});
