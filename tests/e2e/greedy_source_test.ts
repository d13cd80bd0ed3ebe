// A source that hangs its parser, or eats the machine's memory, is a mistake like any other: told within the limits,
// the old snapshot stays, and the next good edit heals.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { greedySource } from "../support/greedy_source.ts";

for (const [what, bytes] of [["hangs", 256 * 1024], ["is greedy for memory", 3 * 1024 * 1024]] as const) {
  Deno.test(`a source that ${what} is told, the snapshot stays, and the next good edit heals`, async () => {
    await using host = await openEdgeHost();
    const daemon = await host.follow("first");
    const before = await host.mark();
    await host.put(greedySource(bytes));
    const told = await daemon.logged("Failed to reload configuration: ");
    assertMatch(told.msg, /honua\.hcl:\d+:\d+: error: .*\[document\/[a-z-]+\]$/);
    assertEquals(told.outcome, "rejected");
    // The parser's limit is 5 s; what is beyond it went into reading and reporting.
    assert(Number(told.durationMilliseconds) < 10_000, `told after ${told.durationMilliseconds} ms`);
    assertEquals(await host.mark(), before);
    await host.edit("second");
    await host.hasSnapshot("second");
  });
}
