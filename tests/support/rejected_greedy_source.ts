// A source that hangs its parser, or eats the machine's memory, is a mistake like any other: reported within the
// limits, the old snapshot stays, and the next good edit heals.
import { assertEquals, assertMatch } from "@std/assert";
import { openEdgeHost } from "./edge_host.ts";
import { greedySource } from "./greedy_source.ts";

/** Gives a daemon a greedy source of this many bytes, whose log entry must match. */
export async function rejectGreedySource(bytes: number, message: RegExp): Promise<void> {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const before = await host.mark();
  await host.put(greedySource(bytes));
  const reported = await daemon.logged("Failed to reload configuration: ");
  assertMatch(reported.msg, message);
  assertEquals(reported.outcome, "rejected");
  assertEquals(await host.mark(), before);
  await host.edit("second");
  await host.hasSnapshot("second");
}
