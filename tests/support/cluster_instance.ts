// An instance of a cluster: a daemon with its own source or another instance's, which a test can kill and restart,
// and ask over its admin socket. Each status is checked: its generation must not be lower than one before.
import { assert } from "@std/assert";
import type { Status } from "../../src/admin/daemon_api.ts";
import { type Daemon, type LogEntry, startDaemon } from "./daemon.ts";
import { openEdgeHost, type ReadSnapshot } from "./edge_host.ts";
import { eventually } from "./eventually.ts";
import { SAMPLE_CONNECTION } from "./sample_source.ts";
import { search } from "./secret_search.ts";

/** The settings of an instance. */
export interface ClusterInstanceOptions {
  /** In the cluster. */
  readonly name: string;
  /** A connection string. */
  readonly redis: string;
  /** An instance whose source this one shares without watching it, so that edits reach it only over Redis. */
  readonly follows?: ClusterInstance;
  /** The file name of its own source; default JSON, which needs no parser process. */
  readonly sourceName?: string;
  /** Further arguments of `run`. */
  readonly args?: readonly string[];
  /** Default: one in which the sample's references resolve. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its arguments that start the daemon's program. */
  readonly wrapper?: readonly string[];
}

/** An answer of the admin interface, read to its end. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An instance; its daemon runs from the beginning. */
export interface ClusterInstance extends AsyncDisposable {
  readonly name: string;
  readonly directory: string;
  /** The source that its daemon reads. */
  readonly source: string;
  /** After a restart the latest. */
  readonly daemon: Daemon;
  /** Starts a daemon again, after the last one has ended. */
  restart(): Daemon;
  /** Kills the daemon with SIGKILL and waits for its end. */
  kill(): Promise<void>;
  /** Replaces its own source with the sample of this title, atomically. */
  edit(title: string): Promise<void>;
  /** Replaces its own source with a text, atomically. */
  put(text: string): Promise<void>;
  /** Waits for a snapshot with this title. */
  runs(title: string): Promise<ReadSnapshot>;
  /** Makes a request over the socket. */
  ask(path: string, init?: RequestInit): Promise<AdminAnswer>;
  /** `/admin/status`; throws if its generation is lower than one before. */
  status(): Promise<Status>;
  /** Waits for a link to Redis and for agreement, in a generation from `least` on. */
  agrees(least?: number, limitMilliseconds?: number): Promise<Status>;
  /** Waits for a status that the predicate accepts. */
  shows(what: string, predicate: (status: Status) => boolean, limitMilliseconds?: number): Promise<Status>;
  /** The sum of the samples of a metric, or of those with the label. */
  metric(name: string, label?: string): Promise<number>;
  /** The log entries of all its daemons whose message begins with this text. */
  entriesOf(beginning: string): LogEntry[];
}

/** The shortest times to settle and to reconcile. */
const BRISK = ["HighAvailability:SettleSeconds=1", "HighAvailability:ReconcileSeconds=1"];

/** Opens an instance and starts its daemon; the sample titled "first" is its source. */
export async function openClusterInstance(options: ClusterInstanceOptions): Promise<ClusterInstance> {
  const { name, follows, sourceName = "honua.json", env = { SAMPLE_CONNECTION }, wrapper = [] } = options;
  const host = await openEdgeHost(sourceName);
  const socket = `${host.directory}/admin.sock`;
  const source = follows?.source ?? host.source;
  const args = ["--config", source, "--snapshot", host.snapshotPath, ...argumentsOf(options, socket)];
  const daemons: Daemon[] = [];
  const restart = () => {
    const daemon = startDaemon(args, { env, wrapper });
    daemons.push(daemon);
    return daemon;
  };
  restart();
  const admin = openAdmin(name, socket);
  const shows: ClusterInstance["shows"] = async (what, predicate, limitMilliseconds = 60_000) => {
    let last: Status | null = null;
    try {
      return await eventually(`${name} shows ${what}`, async () => {
        last = await admin.status();
        return predicate(last) ? last : null;
      }, limitMilliseconds);
    } catch (error) {
      const output = daemons.map((daemon) => daemon.output()).join("\n");
      throw new Error(`${name} has the status ${JSON.stringify(last)} and wrote:\n${output}`, { cause: error });
    }
  };
  return {
    name,
    directory: host.directory,
    source,
    get daemon() {
      return daemons.at(-1)!;
    },
    restart,
    async kill() {
      daemons.at(-1)!.kill("SIGKILL");
      await daemons.at(-1)!.ended;
    },
    edit: (title) => host.edit(title),
    put: (text) => host.put(text),
    runs: (title) => host.hasSnapshot(title),
    ask: admin.ask,
    status: admin.status,
    shows,
    agrees: (least = 1, limitMilliseconds) =>
      shows(`agreement from generation ${least} on`, (status) => isAgreed(status, least), limitMilliseconds),
    metric: async (metric, label = "") => sumOf((await admin.ask("/metrics")).text, metric, label),
    entriesOf: (beginning) => daemons.flatMap(({ entries }) => entries.filter(({ msg }) => msg.startsWith(beginning))),
    async [Symbol.asyncDispose]() {
      admin[Symbol.dispose]();
      await Promise.all(daemons.map((daemon) => daemon[Symbol.asyncDispose]()));
      await host[Symbol.asyncDispose]();
      search(daemons.map((daemon) => ({ where: `the log of ${name}`, text: daemon.output() })), [SAMPLE_CONNECTION]);
    },
  };
}

function argumentsOf({ name, redis, follows, args = [] }: ClusterInstanceOptions, socket: string): string[] {
  const settings = [
    ...BRISK,
    "HighAvailability:Enabled=true",
    `HighAvailability:InstanceName=${name}`,
    `HighAvailability:RedisConnectionString=${redis}`,
    `Admin:Socket=${socket}`,
    "ConfigurationWatcher:DebounceMilliseconds=20",
    `ConfigurationWatcher:EnableFileWatching=${follows === undefined}`,
  ];
  return ["--log-level", "debug", ...settings.flatMap((setting) => ["--set", setting]), ...args];
}

/** Opens a client of the socket that checks the generations. */
function openAdmin(name: string, path: string): Pick<ClusterInstance, "ask" | "status"> & Disposable {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const ask: ClusterInstance["ask"] = async (route, init = {}) => {
    const response = await fetch(`http://localhost${route}`, { ...init, client, signal: AbortSignal.timeout(20_000) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  let highest = 0;
  let regression: string | null = null;
  return {
    ask,
    async status() {
      const answer: Status = JSON.parse((await ask("/admin/status")).text);
      // While a change waits to be announced there is none to compare.
      const generation = answer.generation ?? highest;
      // Thrown at every later call too: a test that waits for a state takes one error as "not yet".
      if (generation < highest) regression ??= `${name} went from generation ${highest} back to ${generation}`;
      assert(regression === null, regression ?? "");
      highest = generation;
      return answer;
    },
    [Symbol.dispose]: () => client.close(),
  };
}

function isAgreed({ generation, standing, redis, active, head, announcementOwed }: Status, least: number): boolean {
  const isLinked = redis.state === "up" && head !== null && head.hash === active?.hash;
  return isLinked && standing === "agreed" && (generation ?? 0) >= least && !announcementOwed;
}

function sumOf(exposition: string, metric: string, label: string): number {
  const samples = exposition.split("\n").filter((line) => {
    return (line.startsWith(`${metric} `) || line.startsWith(`${metric}{`)) && line.includes(label);
  });
  if (samples.length === 0) throw new Error(`there is no metric ${metric} ${label}`);
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Sends SIGHUP and waits for the reload, for an instance that neither watches its source nor hears messages. */
export async function reloadBySignal(instance: ClusterInstance): Promise<void> {
  const from = instance.daemon.entries.length;
  instance.daemon.kill("SIGHUP");
  await instance.daemon.logged(({ reasons }) => String(reasons).includes("signal"), from);
}

/** The hash that all of them have in force; fails if they differ. */
export async function commonHash(instances: readonly ClusterInstance[]): Promise<string> {
  const hashes = await Promise.all(instances.map(async (one) => (await one.status()).active?.hash));
  const [first] = hashes;
  assert(first !== undefined && hashes.every((hash) => hash === first), `they run ${hashes}`);
  return first;
}
