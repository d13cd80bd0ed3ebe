// Hosts in their own network namespaces, whose cables can be pulled, with instances of one cluster on them.
import { type ClusterInstance, commonHash, openClusterInstance } from "./cluster_instance.ts";
import { eventually } from "./eventually.ts";
import { type NamespaceNetwork, type NetworkHost, openNamespaceNetwork } from "./network_namespace.ts";
import { temporaryDirectory } from "./temporary.ts";

const PORT = 6379;

/**
 * After healing: a reconnection waits up to 10 s and may take 5 s, then a reconcile interval and a settle time of 1 s
 * each.
 */
const HEALING_LIMIT_MILLISECONDS = 30_000;

/** A Redis on the first host of a network; it ends when it is disposed of. */
async function startRedisOn(host: NetworkHost): Promise<AsyncDisposable> {
  const directory = await temporaryDirectory();
  const redis = ["redis-server", "--bind", host.address, "--port", `${PORT}`, "--protected-mode", "no", "--save", ""];
  const [program, ...args] = [...host.wrapper, ...redis, "--dir", directory.path];
  const process = new Deno.Command(program!, { args, stdout: "null", stderr: "null" }).spawn();
  const server = {
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await directory[Symbol.asyncDispose]();
    },
  };
  const [cli, ...cliArgs] = [...host.wrapper, "redis-cli", "-h", host.address, "-p", `${PORT}`, "ping"];
  try {
    await eventually("a Redis that answers", async () => {
      return (await new Deno.Command(cli!, { args: cliArgs, stderr: "null" }).output()).success;
    }, 20_000);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/**
 * Four instances on four hosts and a Redis on a fifth. Two watch one file, as it were on a network file system of
 * another network; two hear of its edits only over Redis. One of each kind is near Redis, one of each is to be cut off.
 */
export interface PartitionedHosts extends AsyncDisposable {
  readonly near: readonly ClusterInstance[];
  readonly far: readonly ClusterInstance[];
  readonly all: readonly ClusterInstance[];
  readonly editor: ClusterInstance;
  /** The hosts of `far`. */
  readonly farHosts: readonly NetworkHost[];
  /** Waits until all agree in a generation from `least` on. */
  agree(least: number): Promise<void>;
}

/** Starts all. */
export async function openPartitionedHosts(): Promise<PartitionedHosts> {
  await using opening = new AsyncDisposableStack();
  const network: NamespaceNetwork = opening.use(await openNamespaceNetwork(5));
  const [redisHost, ...hosts] = network.hosts;
  opening.use(await startRedisOn(redisHost!));
  const redis = `${redisHost!.address}:${PORT}`;
  const instanceOn = async (at: number, name: string, follows?: ClusterInstance, isWatching = false) => {
    const args = isWatching ? ["--set", "ConfigurationWatcher:EnableFileWatching=true"] : [];
    const { wrapper } = hosts[at]!;
    return opening.use(
      await openClusterInstance({ name, redis, wrapper, args, ...(follows === undefined ? {} : { follows }) }),
    );
  };
  const editor = await instanceOn(0, "near-watching");
  const near = [editor, await instanceOn(1, "near-listening", editor)];
  const far = [await instanceOn(2, "far-watching", editor, true), await instanceOn(3, "far-listening", editor)];
  const all = [...near, ...far];
  const opened = opening.move();
  return {
    near,
    far,
    all,
    editor,
    farHosts: hosts.slice(2),
    async agree(least) {
      await Promise.all(all.map((one) => one.agrees(least, HEALING_LIMIT_MILLISECONDS)));
      await commonHash(all);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** How often it activated a configuration. */
export const activationsOf = ({ daemon }: ClusterInstance) =>
  daemon.outcomes().filter((outcome) => outcome === "activated").length;
