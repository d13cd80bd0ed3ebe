// A network whose lines are slow, lose packets or lose contact.
import { assertEquals } from "@std/assert";
import {
  namespaceObstacle,
  type NetworkHost,
  spoilingObstacle,
  type SpoiltLine,
} from "../support/network_namespace.ts";
import { activationsOf, openPartitionedHosts } from "../support/partitioned_hosts.ts";

const NO_NETWORK = await namespaceObstacle();
if (NO_NETWORK !== null) console.log(`no bad line is tested here: ${NO_NETWORK}`);

/** Slow, unsteady and lossy. */
const BAD_LINE: SpoiltLine = { kind: "netem", parameters: ["delay", "80ms", "40ms", "loss", "15%"] };
/** A few packets a second and nothing else. */
const THIN_LINE: SpoiltLine = { kind: "tbf", parameters: ["rate", "16kbit", "burst", "1600", "latency", "2s"] };

const NO_LOSS = NO_NETWORK ?? await spoilingObstacle(BAD_LINE);
if (NO_LOSS !== null) console.log(`no unsteady line is tested here: ${NO_LOSS}`);
const NO_THIN_LINE = NO_NETWORK ?? await spoilingObstacle(THIN_LINE);
if (NO_THIN_LINE !== null) console.log(`no thin line is tested here: ${NO_THIN_LINE}`);

/** A way in which lines are bad until the signal aborts, and good again when the promise resolves. */
type Spoil = (hosts: readonly NetworkHost[], over: AbortSignal) => Promise<void>;

const spoiltBy = (line: SpoiltLine): Spoil => async (hosts, over) => {
  await Promise.all(hosts.map((host) => host.spoil(line)));
  await new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
  await Promise.all(hosts.map((host) => host.spoil(null)));
};

/** Cables that lose contact some times a second, for a fifth of the time: packets sent meanwhile are lost. */
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
      await using setting = await openPartitionedHosts();
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
