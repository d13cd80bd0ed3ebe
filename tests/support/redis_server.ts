// Real Redis servers, Sentinels and a cluster for a test, on free ports and in their own directory. Disposing of
// them ends them in any state and removes the directory.
import { exists } from "@std/fs";
import { eventually } from "./eventually.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The options of a server. */
export interface RedisServerOptions {
  /** Further lines of its configuration file; `DIRECTORY` is replaced by its own directory. */
  readonly config?: readonly string[];
  /** Options of redis-cli that the configuration requires, such as `-a` and a password. */
  readonly cli?: readonly string[];
  /** TLS in place of plain TCP, with the files that `config` names. */
  readonly tls?: boolean;
  readonly sentinel?: boolean;
  /** Whether it is a cluster's node. */
  readonly cluster?: boolean;
}

/** A running server. */
export interface RedisServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The port of the cluster's bus. */
  readonly busPort: number;
  /** The path of a unix socket on which it listens too. */
  readonly socket: string;
  readonly directory: string;
  readonly pid: number;
  /** Runs redis-cli and resolves with its output, without the last newline; rejects if the answer is an error. */
  cli(...args: string[]): Promise<string>;
  /** Kills it with SIGKILL, frozen or not, and waits for its end. */
  kill(): Promise<void>;
  /** Starts it again on the same port, after it was killed; `empty`: without its saved data. */
  restart(options?: { readonly empty?: boolean }): Promise<void>;
  /** Stops it with SIGSTOP: it accepts connections and answers nothing. */
  freeze(): void;
  /** Continues it. */
  thaw(): void;
  /** Its whole log. */
  log(): Promise<string>;
}

const HOST = "127.0.0.1";
const ATTEMPTS = 20;

/** Starts a server and waits until it accepts connections. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1;; attempt++) {
    const server = readyServer((await temporaryDirectory()).path, freePort(), freePort(), options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      const log = await server.log();
      await server[Symbol.asyncDispose]();
      // Another test may have taken the port since it was found free.
      const taken = /Address already in use|Failed listening|Could not create server TCP/.test(log);
      if (!taken || attempt === ATTEMPTS) throw new Error(`no redis-server: ${log}`, { cause: error });
    }
  }
}

/** Returns a port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

function readyServer(directory: string, port: number, busPort: number, options: RedisServerOptions): RedisServer {
  const socket = `${directory}/redis.sock`;
  const logFile = `${directory}/redis.log`;
  let process: Deno.ChildProcess | null = null;
  const log = () => Deno.readTextFile(logFile).catch(() => "");
  const kill = async () => {
    if (process === null) return;
    try {
      process.kill("SIGKILL");
    } catch {
      // It ended by itself.
    }
    await process.status;
    process = null;
  };
  const signal = (name: Deno.Signal) => process?.kill(name);
  return {
    host: HOST,
    port,
    busPort,
    socket,
    directory,
    get pid() {
      return process!.pid;
    },
    cli: (...args) => redisCli(["-h", HOST, "-p", `${port}`, ...options.cli ?? [], "-e", ...args]),
    kill,
    async restart({ empty = false } = {}) {
      if (empty) await forget(directory);
      await Deno.remove(logFile).catch(() => {});
      const file = `${directory}/redis.conf`;
      // A Sentinel keeps its state in its configuration file.
      if (process === null && !(options.sentinel && await exists(file))) {
        await Deno.writeTextFile(file, configuration(directory, port, busPort, options));
      }
      const program = options.sentinel ? "redis-sentinel" : "redis-server";
      const started = process = new Deno.Command(program, { args: [file], stdout: "null", stderr: "null" }).spawn();
      let ended = false;
      started.status.then(() => ended = true);
      await eventually("the server's start or end", async () => {
        return ended || /Ready to accept connections|Sentinel ID is/.test(await log());
      }, 20_000);
      if (ended) throw new Error("it ended");
    },
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    log,
    async [Symbol.asyncDispose]() {
      await kill();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

function configuration(directory: string, port: number, busPort: number, options: RedisServerOptions): string {
  const { config = [], tls = false, sentinel = false, cluster = false } = options;
  const lines = [
    `bind ${HOST}`,
    ...(tls ? ["port 0", `tls-port ${port}`] : [`port ${port}`]),
    `dir ${directory}`,
    `logfile ${directory}/redis.log`,
    "daemonize no",
    // A replica gets its copy at once: by default a server waits 5 s for others that may want one too.
    ...(sentinel
      ? []
      : [`unixsocket ${directory}/redis.sock`, "appendonly no", 'save ""', "repl-diskless-sync-delay 0"]),
    ...(cluster ? ["cluster-enabled yes", `cluster-port ${busPort}`, "cluster-node-timeout 2000"] : []),
    ...config,
  ];
  return lines.map((line) => `${line.replaceAll("DIRECTORY", directory)}\n`).join("");
}

async function forget(directory: string): Promise<void> {
  for (const name of ["dump.rdb", "appendonlydir"]) {
    await Deno.remove(`${directory}/${name}`, { recursive: true }).catch(() => {});
  }
}

/** Runs redis-cli with only these arguments. */
export async function redisCli(args: readonly string[]): Promise<string> {
  const command = new Deno.Command("redis-cli", { args: [...args], stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  const [output, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).replace(/\n$/, ""));
  if (!success) throw new Error(`redis-cli: ${complaint} ${output}`);
  return output!;
}

/** Three nodes that share the slots, without replicas. */
export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly RedisServer[];
  /** The node that has a key's slot. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Moves a key's slot with all its keys to a node. */
  move(key: string, to: RedisServer): Promise<void>;
}

const SLOT_RANGES = [[0, 5460], [5461, 10922], [10923, 16383]] as const;

/** Starts a cluster and waits until each node knows all nodes. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(SLOT_RANGES.map(() => startRedis({ cluster: true })));
  for (const [index, node] of nodes.entries()) {
    const [from, to] = SLOT_RANGES[index]!;
    await node.cli("cluster", "addslotsrange", `${from}`, `${to}`);
    await node.cli("cluster", "set-config-epoch", `${index + 1}`);
  }
  for (const node of nodes.slice(1)) {
    await nodes[0]!.cli("cluster", "meet", node.host, `${node.port}`, `${node.busPort}`);
  }
  for (const node of nodes) {
    await eventually("a cluster of three", async () => {
      const info = await node.cli("cluster", "info");
      return /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info);
    }, 30_000);
  }
  const ownerOf = async (key: string) => {
    for (const node of nodes) {
      const answer = await node.cli("get", key).catch((error) => String(error));
      if (!answer.includes("MOVED")) return node;
    }
    throw new Error("no node has the slot");
  };
  return {
    nodes,
    ownerOf,
    async move(key, to) {
      const slot = await to.cli("cluster", "keyslot", key);
      const from = await ownerOf(key);
      const [fromId, toId] = [await from.cli("cluster", "myid"), await to.cli("cluster", "myid")];
      await to.cli("cluster", "setslot", slot, "importing", fromId);
      await from.cli("cluster", "setslot", slot, "migrating", toId);
      const keys = (await from.cli("cluster", "getkeysinslot", slot, "1000")).split("\n").filter((name) => name !== "");
      if (keys.length > 0) await from.cli("migrate", to.host, `${to.port}`, "", "0", "5000", "keys", ...keys);
      for (const node of [to, ...nodes.filter((node) => node !== to)]) {
        await node.cli("cluster", "setslot", slot, "node", toId);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    },
  };
}

/** A primary with a replica, and three Sentinels that watch them. */
export interface RedisSentinels extends AsyncDisposable {
  readonly service: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
}

/** Starts all, and waits until each Sentinel knows the replica and the other Sentinels. */
export async function startSentinels(): Promise<RedisSentinels> {
  const service = "edge";
  const primary = await startRedis();
  const replica = await startRedis({ config: [`replicaof ${primary.host} ${primary.port}`] });
  const config = [
    `sentinel monitor ${service} ${primary.host} ${primary.port} 2`,
    `sentinel down-after-milliseconds ${service} 1000`,
    `sentinel failover-timeout ${service} 10000`,
  ];
  const sentinels = await Promise.all([1, 2, 3].map(() => startRedis({ sentinel: true, config })));
  for (const sentinel of sentinels) {
    await eventually("Sentinels that know all", async () => {
      const words = (await sentinel.cli("sentinel", "master", service)).split("\n");
      const valueOf = (name: string) => words[words.indexOf(name) + 1];
      return valueOf("num-slaves") === "1" && valueOf("num-other-sentinels") === "2";
    }, 30_000);
  }
  return {
    service,
    primary,
    replica,
    sentinels,
    async [Symbol.asyncDispose]() {
      await Promise.all([...sentinels, primary, replica].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}
