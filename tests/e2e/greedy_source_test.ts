// A source that hangs its parser, or eats the machine's memory, is a mistake like any other: told within the limits,
// the old snapshot stays, and the next good edit heals.
import { assertEquals, assertMatch } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { greedySource } from "../support/greedy_source.ts";

const KIBIBYTE = 1024;

for (
  const [what, bytes, code] of [
    // Which limit they meet first, that of time or that of memory, is the machine's matter.
    ["hangs", 256 * KIBIBYTE, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/],
    ["is greedy for memory", 1_800 * KIBIBYTE, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/],
    ["has more values than any", 3 * KIBIBYTE * KIBIBYTE, /error: .*\[document\/too-many-values\]$/],
  ] as const
) {
  Deno.test(`a source that ${what} is reported, the snapshot stays, and the next good edit heals`, async () => {
    await using host = await openEdgeHost();
    const daemon = await host.follow("first");
    const before = await host.mark();
    await host.put(greedySource(bytes));
    const reported = await daemon.logged("Failed to reload configuration: ");
    assertMatch(reported.msg, code);
    assertEquals(reported.outcome, "rejected");
    assertEquals(await host.mark(), before);
    await host.edit("second");
    await host.hasSnapshot("second");
  });
}
