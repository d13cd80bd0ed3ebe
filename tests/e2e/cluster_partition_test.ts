// A network that really comes apart: hosts in namespaces of their own, whose cables are pulled and whose lines are slow or
// lose packets. Both sides go on, every edit is activated where it was made, and all agree when the network is whole again.
import { assertEquals } from "@std/assert";
import { type ClusterInstance, commonHash, openClusterInstance, reloadBySignal } from "../support/cluster_instance.ts";
import { eventually } from "../support/eventually.ts";
import {
  type NamespaceNetwork,
  namespaceObstacle,
  type NetworkHost,
  openNamespaceNetwork,
  spoilingObstacle,
  type SpoiltLine,
} from "../support/network_namespace.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const NO_NETWORK = await namespaceObstacle();
if (NO_NETWORK !== null) console.log(`no partition is tested here: ${NO_NETWORK}`);

/** Slow, unsteady and lossy. */
const BAD_LINE: SpoiltLine = { kind: "netem", parameters: ["delay", "80ms", "40ms", "loss", "15%"] };
/** A few packets a second and nothing else. */
const THIN_LINE: SpoiltLine = { kind: "tbf", parameters: ["rate", "16kbit", "burst", "1600", "latency", "2s"] };

const NO_LOSS = NO_NETWORK ?? await spoilingObstacle(BAD_LINE);
if (NO_LOSS !== null) console.log(`no unsteady line is tested here: ${NO_LOSS}`);
const NO_THIN_LINE = NO_NETWORK ?? await spoilingObstacle(THIN_LINE);
if (NO_THIN_LINE !== null) console.log(`no thin line is tested here: ${NO_THIN_LINE}`);

const PORT = 6379;

/** After healing: a reconnection waits up to 10 s and may take 5 s, then a reconcile interval and a settle time of 1 s each. */
const HEALING_LIMIT_MILLISECONDS = 30_000;

/** A Redis on the first host of a network; it ends with what it is disposed of. */
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
 * Four instances on four hosts and a Redis on a fifth. Two watch one file, as it were on a network file system of another
 * network; two hear of its edits over Redis alone. One of each kind is near Redis, one of each is to be cut off.
 */
interface Setting extends AsyncDisposable {
  readonly near: readonly ClusterInstance[];
  readonly far: readonly ClusterInstance[];
  readonly all: readonly ClusterInstance[];
  readonly editor: ClusterInstance;
  /** The hosts of `far`. */
  readonly farHosts: readonly NetworkHost[];
  /** Waits until all agree in a generation from `least` on. */
  agree(least: number): Promise<void>;
}

async function openSetting(): Promise<Setting> {
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

const activationsOf = ({ daemon }: ClusterInstance) =>
  daemon.outcomes().filter((outcome) => outcome === "activated").length;

Deno.test({
  name: "when the cables of two of four hosts are pulled, both sides go on, and all agree after they are put in again",
  ignore: NO_NETWORK !== null,
  async fn() {
    await using setting = await openSetting();
    const { editor, near, far, all, farHosts } = setting;
    await setting.agree(1);
    await Promise.all(farHosts.map((host) => host.cut()));
    await editor.edit("second");
    // Those who hear of it: by the file on both sides, and over Redis on the near one.
    await Promise.all([...near, far[0]!].map((one) => one.runs("second")));
    await Promise.all(near.map((one) => one.agrees(2)));
    for (const one of far) await one.shows("a lost link", (status) => status.redis.state === "down");
    await reloadBySignal(far[1]!);
    await far[1]!.runs("second");
    await editor.edit("third");
    await Promise.all([...near, far[0]!].map((one) => one.runs("third")));
    await Promise.all(near.map((one) => one.agrees(3)));
    const cut = await far[1]!.status();
    assertEquals([cut.generation, cut.announcementOwed, cut.redis.state], [null, true, "down"]);
    await Promise.all(farHosts.map((host) => host.mend()));
    await setting.agree(3);
    await Promise.all(all.map((one) => one.runs("third")));
    await editor.edit("fourth");
    await Promise.all(all.map((one) => one.runs("fourth")));
    await setting.agree(4);
    for (const one of near) assertEquals(one.entriesOf("Redis connection failed"), []);
    for (const one of far) assertEquals(one.entriesOf("Redis connection failed").length, 1);
    // Once for each content, and none left out where the host could know of it.
    for (const one of all) assertEquals(activationsOf(one), 4, one.name);
  },
});

/** A way in which lines are bad until the signal aborts, and good again when the promise resolves. */
type Spoil = (hosts: readonly NetworkHost[], over: AbortSignal) => Promise<void>;

const spoiltBy = (line: SpoiltLine): Spoil => async (hosts, over) => {
  await Promise.all(hosts.map((host) => host.spoil(line)));
  await new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
  await Promise.all(hosts.map((host) => host.spoil(null)));
};

/** Cables that lose contact some times a second, for a fifth of the time: what is sent meanwhile is lost. */
const looseContact: Spoil = async (hosts, over) => {
  while (!over.aborted) {
    for (const [change, milliseconds] of [["cut", 50], ["mend", 200]] as const) {
      await Promise.all(hosts.map((host) => host[change]()));
      await new Promise((resolve) => setTimeout(resolve, milliseconds)); // The pace of the fault, not a wait.
    }
  }
};

for (
  const [what, spoil, obstacle] of [
    ["slow, unsteady and lossy", spoiltBy(BAD_LINE), NO_LOSS],
    ["thin", spoiltBy(THIN_LINE), NO_THIN_LINE],
    ["losing contact several times a second", looseContact, NO_NETWORK],
  ] as const
) {
  Deno.test({
    name: `over lines that are ${what}, edits arrive late and none is lost`,
    ignore: obstacle !== null,
    async fn() {
      await using setting = await openSetting();
      const { editor, all, farHosts } = setting;
      await setting.agree(1);
      const over = new AbortController();
      const spoiling = spoil(farHosts, over.signal);
      try {
        for (const [at, title] of ["second", "third", "fourth"].entries()) {
          await editor.edit(title);
          await Promise.all(all.map((one) => one.runs(title)));
          await editor.agrees(at + 2);
        }
      } finally {
        over.abort();
        await spoiling;
      }
      await setting.agree(4);
      for (const one of all) assertEquals(activationsOf(one), 4, one.name);
    },
  });
}
