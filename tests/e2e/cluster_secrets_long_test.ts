// No secret leaves the instances of a cluster but in the snapshot and its answer: not in a log, an answer, a metric, an
// event, a key of Redis or a message, through any failure. Neither does the content hash, which is made of them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ClusterInstance, openClusterInstance } from "../support/cluster_instance.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePort, type RedisServer, startRedis } from "../support/redis_server.ts";
import { lookIntoRedis, search, type Seen } from "../support/secret_search.ts";
import { sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const IN_STRING = "Qx7stringG2";
/**
 * Characters that a URL must encode; the last part would be left over if it were cut at the first special character.
 */
const IN_URL = "Jv5url@/:W9tail";
const IN_FILE = "Tm3fileD4";
const TOKEN = "Hb6adminTokenR2zz";
const LITERAL = "Lw1literalS7";
const VARIABLE = "Nc8variableK1";

/** The texts that are searched for: the parts of each secret that no encoding changes. */
const TRACES = [IN_STRING, "Jv5url", "W9tail", IN_FILE, TOKEN, LITERAL, VARIABLE];

const MAIN = `  connection = "Host=main;Username=honua;Password=${LITERAL}"`;

/** The sample with a literal secret, and one from the environment. */
const sourceOf = (title: string) =>
  `${sampleSource(title).replace('  connection = env("SAMPLE_CONNECTION")', MAIN)}
data_source "process" {
  provider   = "postgresql"
  connection = "Host=process;Password=\${env:PROCESS_SECRET}"
}
`;

/** Edits that are rejected on the line of a secret, or because of one. */
const REJECTED = [
  sourceOf("first").replace(MAIN, MAIN.slice(0, -1)),
  sourceOf("first").replace(MAIN, `  connection = 'Password=${LITERAL}`),
  sourceOf("first").replace(MAIN, `${MAIN}\n${MAIN}`),
  sourceOf("first").replace('"LineString"', 'env("PROCESS_SECRET")'),
  sourceOf("first").replace("data_source.main", 'env("PROCESS_SECRET")'),
  sourceOf("first").replace("enabled       = true", 'enabled = "${env:PROCESS_SECRET}"'),
];

/** The output of Redis on a connection after this command, until it is gone. */
async function listenTo(redis: RedisServer, command: string, seen: Seen): Promise<AsyncDisposable> {
  const connection = await Deno.connect({ hostname: redis.host, port: redis.port });
  await connection.write(new TextEncoder().encode(`${command}\r\n`));
  let text = "";
  const reading = connection.readable.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (chunk) => void (text += chunk) }),
  ).catch(() => {});
  await eventually(`an answer to ${command}`, () => text !== "");
  return {
    async [Symbol.asyncDispose]() {
      try {
        await connection.closeWrite();
      } catch {
        // The server is gone.
      }
      await reading;
      // The output of the login does not count.
      const lines = text.split("\n").filter((line) => !/\] "(?:auth|hello|acl)"/i.test(line));
      seen.push({ where: command, text: lines.join("\n") });
    },
  };
}

const GETS = ["/admin/status", "/admin/peers", "/metrics", "/healthz/consistency", "/livez", "/readyz", "/admin/none"];
const RELOAD = "/admin/metadata/reload";
const JSON_BODY = { "Content-Type": "application/json" };

/** An instance, and how it is asked over TCP. */
interface Asked {
  readonly instance: ClusterInstance;
  readonly url: string;
}

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

/** Asks everything that holds no snapshot, over the socket and over TCP with, without and with a wrong token. */
async function askAll({ instance, url }: Asked, seen: Seen): Promise<void> {
  const overTcp = async (path: string, authorization: string | null, init: RequestInit = {}): Promise<Answer> => {
    const headers = new Headers(init.headers);
    if (authorization !== null) headers.set("Authorization", authorization);
    return await fetchWhole(`${url}${path}`, { ...init, headers });
  };
  const ways: readonly [string, (path: string, init?: RequestInit) => Promise<Answer>][] = [
    ["socket", (path, init) => instance.ask(path, init)],
    ["TCP", (path, init) => overTcp(path, `Bearer ${TOKEN}`, init)],
    ["TCP without a token", (path, init) => overTcp(path, null, init)],
    ["TCP with a wrong token", (path, init) => overTcp(path, "Bearer wrong-and-long-enough", init)],
  ];
  const posts: readonly [string, RequestInit][] = [
    ["a reload", { method: "POST", headers: JSON_BODY, body: '{"notifyOtherInstances":true}' }],
    ["a wrong body", { method: "POST", headers: JSON_BODY, body: '{"notifyOthers":1' }],
    ["a condition", { method: "POST", headers: { ...JSON_BODY, "If-Match": '"another"' }, body: "{}" }],
    ["a wrong method", { method: "PUT", body: "x" }],
  ];
  for (const [way, ask] of ways) {
    const requests = [
      ...GETS.map((path) => [path, path, {}] as const),
      ...posts.map(([what, init]) => [what, RELOAD, init] as const),
    ];
    for (const [what, path, init] of requests) {
      const { status, headers, text } = await ask(path, init);
      assert(text !== "", `${what} over ${way} has an empty answer of ${status}`);
      const header = [...headers].map((pair) => pair.join(": ")).join("\n");
      seen.push({ where: `${instance.name}, ${what} over ${way}: ${status}`, text: `${header}\n${text}` });
    }
  }
}

async function fetchWhole(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The kept events from the first on, as one chunk of the stream. */
async function readEvents({ instance, url }: Asked, seen: Seen): Promise<void> {
  const over = new AbortController();
  const headers = { Authorization: `Bearer ${TOKEN}`, "Last-Event-ID": "another-0" };
  const response = await fetch(`${url}/admin/events`, { headers, signal: over.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  over.abort();
  await reader.cancel().catch(() => {});
  assertStringIncludes(value, "event: rejected");
  assertStringIncludes(value, "event: redis-down");
  seen.push({ where: `${instance.name}, events`, text: value });
}

/** The one answer that holds secrets: the snapshot, by its content hash. */
async function contentHashOf({ instance, url }: Asked): Promise<string> {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const [socket, tcp] = [await instance.ask("/admin/snapshot"), await fetchWhole(`${url}/admin/snapshot`, { headers })];
  for (const { status, text } of [socket, tcp]) {
    assertEquals(status, 200);
    for (const secret of [LITERAL, VARIABLE]) assertStringIncludes(text, secret);
  }
  const { $snapshot: { contentHash } } = JSON.parse(socket.text);
  assertEquals(tcp.headers.get("ETag"), `"${contentHash}"`);
  return contentHash;
}

/** The output of the commands, with and without Redis. */
async function runCommands(
  { instance: { name, directory }, url }: Asked,
  tokenFile: string,
  seen: Seen,
): Promise<void> {
  const ways = [["--socket", `${directory}/admin.sock`], ["--url", url, "--token-file", tokenFile]];
  const commands = [["status"], ["status", "--format", "json"], ["peers"], ["peers", "--format", "json"], ["reload"]];
  for (const [at, command] of commands.entries()) {
    const words = [...command, ...ways[at % 2]!];
    const { stdout, stderr } = await runCommand(words);
    assert(stdout + stderr !== "");
    seen.push({ where: `${name}, ${words.join(" ")}`, text: stdout + stderr });
  }
}

/** The users of Redis. The password of each reaches its instance in another way. */
const USERS = [["in-string", IN_STRING], ["in-url", IN_URL], ["in-file", IN_FILE]] as const;

/** Three instances on one source, each with its own user, and all that was seen of them. */
interface Scene extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly tokenFile: string;
  readonly asked: readonly Asked[];
  readonly all: readonly ClusterInstance[];
  readonly seen: Seen;
  readonly contentHashes: Set<string>;
  /** Asks all, and reads their files. */
  look(): Promise<void>;
  /** Replaces the source, and waits until all agree on it. */
  edit(title: string, least: number): Promise<void>;
}

async function openScene(): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  const directory = opening.use(await temporaryDirectory());
  const users = USERS.map(([name, password]) => `user ${name} on ">${password}" ~* &* +@all`);
  const redis = opening.use(await startRedis({ config: [...users, "appendonly yes", "appendfsync always"] }));
  const tokenFile = await directory.write("token", `${TOKEN}\n`);
  const passwordFile = await directory.write("password", `${IN_FILE}\n`);
  for (const file of [tokenFile, passwordFile]) await Deno.chmod(file, 0o600);
  const asked: Asked[] = [];
  const open = async (name: string, string: string, more: readonly string[] = []) => {
    const port = freePort();
    const settings = [
      "ConfigurationWatcher:EnableFileWatching=true",
      "HighAvailability:EnableDetailedLogging=true",
      `Admin:Listen=127.0.0.1:${port}`,
      `Admin:TokenFile=${tokenFile}`,
      ...more,
    ].flatMap((setting) => ["--set", setting]);
    const follows = asked[0]?.instance;
    const instance = await openClusterInstance({
      name,
      redis: string,
      sourceName: "honua.hcl",
      args: ["--log-level", "trace", ...settings],
      env: { PROCESS_SECRET: VARIABLE, SAMPLE_CONNECTION: "Host=sample" },
      ...(follows === undefined ? {} : { follows }),
    });
    asked.push({ instance: opening.use(instance), url: `http://127.0.0.1:${port}` });
  };
  const address = `${redis.host}:${redis.port}`;
  await open("one", `${address},user=in-string,password=${IN_STRING}`);
  await open("two", `redis://in-url:${encodeURIComponent(IN_URL)}@${address}`);
  await open("three", `${address},user=in-file`, [`HighAvailability:RedisPasswordFile=${passwordFile}`]);
  const all = asked.map(({ instance }) => instance);
  const seen: Seen = [];
  const contentHashes = new Set<string>();
  const opened = opening.move();
  return {
    redis,
    tokenFile,
    asked,
    all,
    seen,
    contentHashes,
    async look() {
      for (const each of asked) await askAll(each, seen);
      for (const each of asked) contentHashes.add(await contentHashOf(each));
      for (const { directory: own, name } of all) {
        const state = await Deno.readTextFile(`${own}/snapshot/honua-configd.state.json`);
        seen.push({ where: `${name}, state`, text: state });
      }
    },
    async edit(title, least) {
      await all[0]!.put(sourceOf(title));
      await Promise.all(all.map((each) => each.runs(title)));
      await Promise.all(all.map((each) => each.agrees(least)));
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Every edit that is rejected, while Redis is listened to. */
async function rejectAll({ redis, asked, all, seen, look, edit }: Scene): Promise<void> {
  await using _monitor = await listenTo(redis, "MONITOR", seen);
  await using _subscriber = await listenTo(redis, "PSUBSCRIBE *", seen);
  await edit("first of its own", 1);
  await look();
  for (const text of REJECTED) {
    const from = all.map((each) => each.daemon.entries.length);
    await all[0]!.put(text);
    await Promise.all(all.map((each, at) => each.daemon.logged(({ outcome }) => outcome === "rejected", from[at])));
    for (const each of asked) await askAll(each, seen);
    await eventually("the peers' rejections are in Redis", async () => {
      const key = await redis.cli("keys", "{honua:config:changes}:peer:two:*");
      return key !== "" && (await redis.cli("get", key)).includes('"rejected":{');
    });
    await lookIntoRedis(redis, seen);
  }
  await edit("second", 2);
  await lookIntoRedis(redis, seen);
}

/** Redis goes and comes, and then it takes other passwords for a while. */
async function upset({ redis, tokenFile, asked, all, seen, look, edit }: Scene): Promise<void> {
  await redis.kill();
  for (const each of all) await each.shows("a lost link", (status) => status.redis.state === "down");
  await look();
  await redis.restart();
  await edit("third", 3);
  for (const [name] of USERS) await redis.cli("acl", "setuser", name, "resetpass", ">something-else");
  for (const [name] of USERS) await redis.cli("client", "kill", "user", name);
  for (const each of all) {
    await each.shows("a refused password", (status) => (status.redis.reason ?? "").includes("refuses the user name"));
  }
  await look();
  await runCommands(asked[0]!, tokenFile, seen);
  for (const [name, password] of USERS) await redis.cli("acl", "setuser", name, "resetpass", `>${password}`);
  await using _monitor = await listenTo(redis, "MONITOR", seen);
  await edit("fourth", 4);
}

Deno.test("no secret and no content hash is found anywhere but in the snapshot and its answer", async () => {
  await using scene = await openScene();
  const { redis, tokenFile, asked, all, seen, contentHashes, look } = scene;
  await Promise.all(all.map((each) => each.agrees()));
  await rejectAll(scene);
  await upset(scene);
  await look();
  await lookIntoRedis(redis, seen);
  for (const each of asked) await readEvents(each, seen);
  await runCommands(asked[1]!, tokenFile, seen);
  for (const each of all) await each.daemon[Symbol.asyncDispose]();
  for (const each of all) seen.push({ where: `${each.name}, log`, text: each.daemon.output() });

  // The searched texts are not empty.
  const statuses = new Set(seen.flatMap(({ where }) => /: (\d{3})$/.exec(where)?.[1] ?? []));
  for (const status of ["200", "401", "404", "405", "412", "422", "503"]) assert(statuses.has(status), status);
  assert(contentHashes.size >= 4);
  const shows = (where: string, text: string) =>
    assert(seen.some((one) => one.where === where && one.text.includes(text)), where);
  shows("MONITOR", '"evalsha"');
  shows("PSUBSCRIBE *", "v1 2 ");
  shows("one, /admin/status over TCP: 200", "Redis refuses the user name or the password");
  shows("one, log", "Redis connection failed: ");
  search(seen, TRACES);
  search(seen, [...contentHashes].map((hash) => hash.slice(0, 12)));
});
