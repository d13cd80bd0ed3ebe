import { rejectGreedySource } from "../support/rejected_greedy_source.ts";

const KIBIBYTE = 1024;

for (
  const [what, bytes, code] of [
    // Which limit they meet first, that of time or that of memory, is the machine's matter.
    ["hangs", 256 * KIBIBYTE, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/],
    ["is greedy for memory", 1_800 * KIBIBYTE, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/],
  ] as const
) {
  Deno.test(`a source that ${what} is reported, the snapshot stays, and the next good edit heals`, async () => {
    await rejectGreedySource(bytes, code);
  });
}
