// A source that hangs its parser, or eats the machine's memory, is a mistake like any other: told within the limits,
// the old snapshot stays, and the next good edit heals.
import { assertEquals, assertMatch } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { greedySource } from "../support/greedy_source.ts";

for (const [what, bytes] of [["hangs", 256 * 1024], ["is greedy for memory", 3 * 1024 * 1024]] as const) {
  Deno.test(`a source that ${what} is told, the snapshot stays, and the next good edit heals`, async () => {
    await using host = await openEdgeHost();
    const daemon = await host.follow("first");
    const before = await host.mark();
    await host.put(greedySource(bytes));
    const told = await daemon.logged("Failed to reload configuration: ");
    // Which limit it meets first, that of time or that of memory, is the machine's matter.
    assertMatch(told.msg, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/);
    assertEquals(told.outcome, "rejected");
    assertEquals(await host.mark(), before);
    await host.edit("second");
    await host.hasSnapshot("second");
  });
}
