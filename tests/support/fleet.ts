// Several instances as on hosts that share a configuration, each a process with its own snapshot, state and admin
// socket, on one Redis. Disposing of the fleet stops all of them and removes their files.
import type { Status } from "../../src/admin/daemon_api.ts";
import type { Peer } from "../../src/cluster/peer_record.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { readSnapshot, replaceFile } from "./edge_host.ts";
import { eventually } from "./eventually.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "./redis_server.ts";
import { SAMPLE_CONNECTION, sampleJson, sampleSource } from "./sample_source.ts";
import { lookIntoRedis, search, type Seen } from "./secret_search.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The default of the options. */
export const CHANNEL = "honua:config:changes";

/** Settings by their names, `Section:Key`. */
export type Settings = Readonly<Record<string, string>>;

/** The options of a process's start. */
export interface InstanceStart {
  /** They take precedence over the fleet's. */
  readonly settings?: Settings;
  /** Default: an environment in which the sample's references resolve. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An answer of an instance over its socket. */
export interface AdminReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; null: it is not one. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** One host: its files, and the process started on them last. */
export interface FleetInstance {
  /** `host1`, `host2`, …; its `HighAvailability:InstanceName`. */
  readonly name: string;
  readonly directory: string;
  /** The path of its own copy, or of the file that all share. */
  readonly source: string;
  /** The current process, or the last one. */
  readonly daemon: Daemon;
  /** Starts a process, in place of one that was stopped. */
  start(options?: InstanceStart): Daemon;
  /** Stops the process by its signal. */
  stop(): Promise<void>;
  /** Replaces the source, atomically. */
  put(text: string): Promise<void>;
  /** Replaces the source with the sample of this title. */
  edit(title: string): Promise<void>;
  /** Waits for a snapshot with this title that the daemon says is active, and resolves with its hash. */
  runs(title: string): Promise<string>;
  /** The number of activations of the current process. */
  activations(): number;
  /** Makes a request over the admin socket; waits for the socket of a process that has just started. */
  admin(path: string, init?: RequestInit): Promise<AdminReply>;
  /** `POST /admin/metadata/reload`. */
  reload(body?: unknown, headers?: Readonly<Record<string, string>>): Promise<AdminReply>;
  /** `GET /admin/status`. */
  status(): Promise<Status>;
  /** Waits for this sync state with the head of this generation. */
  hasStanding(standing: Status["standing"], generation: number): Promise<Status>;
  /** `GET /admin/peers`. */
  peers(): Promise<readonly Peer[]>;
}

/** One announcement in the history. */
export interface HistoryEntry {
  readonly generation: number;
  readonly hash: string;
  /** The first digits of the SHA-256 of the instance's name. */
  readonly by: string;
}

/** The settings of a fleet. */
export interface FleetOptions {
  readonly count: number;
  /** Whether all instances share one file. Default: each has a copy. */
  readonly shared?: boolean;
  /** Default `config.json`, which needs no process of the parser. */
  readonly sourceName?: string;
  /** Of all instances. */
  readonly settings?: Settings;
  readonly redis?: RedisServerOptions;
}

/** Hosts with one Redis. */
export interface Fleet extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly instances: readonly FleetInstance[];
  /** Starts all instances at the same moment. */
  start(options?: InstanceStart): void;
  /** Waits until all have the sample of this title in force and agree on this generation; resolves with the hash. */
  agrees(title: string, generation: number, among?: readonly FleetInstance[]): Promise<string>;
  /** All announcements so far, the earliest first. */
  history(): Promise<HistoryEntry[]>;
}

/** Makes the hosts, whose source is the sample titled "first", and starts Redis but no instance. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { count, shared = false, sourceName = "config.json", settings = {} } = options;
  const directory = await temporaryDirectory();
  const redis = await startRedis(options.redis);
  const instances: FleetInstance[] = [];
  const seen: Seen = [];
  for (let number = 1; number <= count; number++) {
    const name = `host${number}`;
    const own = directory.file(name);
    await Deno.mkdir(own);
    const source = shared ? directory.file(sourceName) : `${own}/${sourceName}`;
    instances.push(openInstance({ name, directory: own, source, redis, settings, seen }));
  }
  await Promise.all((shared ? instances.slice(0, 1) : instances).map((instance) => instance.edit("first")));
  return {
    redis,
    instances,
    start: (start) => instances.forEach((instance) => instance.start(start)),
    async agrees(title, generation, among = instances) {
      const hashes = new Set<string>();
      for (const instance of among) {
        hashes.add(await instance.runs(title));
        await agreesOn(instance, generation);
      }
      if (hashes.size !== 1) throw new Error(`one title, and the hashes ${[...hashes].join(" and ")}`);
      return [...hashes][0]!;
    },
    history: () => readHistory(redis),
    async [Symbol.asyncDispose]() {
      await Promise.all(instances.map((instance) => instance.stop()));
      if (await redis.cli("ping").catch(() => null) === "PONG") await lookIntoRedis(redis, seen);
      search(seen, [SAMPLE_CONNECTION]);
      await redis[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

interface InstanceParts {
  readonly name: string;
  readonly directory: string;
  readonly source: string;
  readonly redis: RedisServer;
  readonly settings: Settings;
  /** Receives all logs and answers of the instance. */
  readonly seen: Seen;
}

function openInstance({ name, directory, source, redis, settings, seen }: InstanceParts): FleetInstance {
  const snapshotPath = `${directory}/config.snapshot.json`;
  const socket = `${directory}/admin.sock`;
  const common: Settings = {
    "HighAvailability:Enabled": "true",
    "HighAvailability:RedisConnectionString": `${redis.host}:${redis.port}`,
    "HighAvailability:InstanceName": name,
    "HighAvailability:SettleSeconds": "2",
    "HighAvailability:ReconcileSeconds": "1",
    "ConfigurationWatcher:DebounceMilliseconds": "20",
    "Admin:Socket": socket,
    ...settings,
  };
  const sampleOf = source.endsWith(".json") ? sampleJson : sampleSource;
  const put = (text: string) => replaceFile(source, text);
  const admin = async (path: string, init?: RequestInit) => {
    const reply = await askOverSocket(socket, path, init);
    if (!path.startsWith("/admin/snapshot")) seen.push({ where: `${name} ${path}`, text: reply.text });
    return reply;
  };
  const status = async (): Promise<Status> => (await admin("/admin/status")).json;
  let daemon: Daemon | null = null;
  const started = () => {
    if (daemon === null) throw new Error(`${name} was never started`);
    return daemon;
  };
  return {
    name,
    directory,
    source,
    get daemon() {
      return started();
    },
    start({ settings: own = {}, env = { SAMPLE_CONNECTION } } = {}) {
      const sets = Object.entries({ ...common, ...own }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
      const args = ["--config", source, "--snapshot", snapshotPath, "--log-level", "debug", ...sets];
      return daemon = startDaemon(args, { env });
    },
    async stop() {
      await daemon?.[Symbol.asyncDispose]();
      if (daemon !== null) seen.push({ where: `the log of ${name}`, text: daemon.output() });
    },
    put,
    edit: (title) => put(sampleOf(title)),
    runs: (title) =>
      eventuallyOf(started, `${name} runs ${title}`, async () => {
        const { title: read, header } = await readSnapshot(snapshotPath);
        if (read !== title) return null;
        // The file is there a moment before the daemon says so.
        return (await status()).active?.hash === header.hash ? header.hash : null;
      }),
    activations: () => started().outcomes().filter((outcome) => outcome === "activated").length,
    admin,
    reload: (body = {}, headers = {}) =>
      admin("/admin/metadata/reload", {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    status,
    hasStanding: (standing, generation) =>
      eventuallyOf(started, `${name} is ${standing} at generation ${generation}`, async () => {
        const now = await status();
        return now.standing === standing && now.head?.generation === generation ? now : null;
      }),
    peers: async () => (await admin("/admin/peers")).json.peers,
  };
}

async function agreesOn(instance: FleetInstance, generation: number): Promise<void> {
  await eventuallyOf(() => instance.daemon, `${instance.name} agrees on generation ${generation}`, async () => {
    const now = await instance.status();
    const isAgreed = now.standing === "agreed" && now.generation === generation && !now.announcementOwed;
    return isAgreed && now.head?.generation === generation && now.head.hash === now.active?.hash;
  });
}

/** Waits by `eventually`; the error quotes the daemon's output. */
async function eventuallyOf<T>(
  daemon: () => Daemon,
  what: string,
  predicate: () => Promise<T>,
): Promise<NonNullable<T>> {
  try {
    return await eventually(what, predicate, 60_000);
  } catch (error) {
    throw new Error(`${what}; the daemon wrote:\n${daemon().output()}`, { cause: error });
  }
}

/** Makes a request on its own connection, so that none remains at a daemon that ends. */
async function askOverSocket(path: string, route: string, init: RequestInit = {}): Promise<AdminReply> {
  await eventually(`the socket ${path}`, () => Deno.stat(path), 30_000);
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const response = await fetch(`http://localhost${route}`, { ...init, client });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** redis-cli writes an entry as seven lines: its id, and the names and values of its three fields. */
async function readHistory(redis: RedisServer): Promise<HistoryEntry[]> {
  const text = await redis.cli("XRANGE", `{${CHANNEL}}:history`, "-", "+");
  const lines = text.split("\n").filter((line) => line !== "");
  return Array.from({ length: lines.length / 7 }, (_, at) => {
    const fields = lines.slice(at * 7 + 1, at * 7 + 7);
    const valueOf = (name: string) => fields[fields.indexOf(name) + 1]!;
    return { generation: Number(valueOf("generation")), hash: valueOf("hash"), by: valueOf("by") };
  });
}
