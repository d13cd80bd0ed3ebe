import { rejectGreedySource } from "../support/rejected_greedy_source.ts";

const KIBIBYTE = 1024;

Deno.test("a source that hangs is reported, the snapshot stays, and the next good edit heals", async () => {
  // Which limit it meets first, that of time or that of memory, is the machine's matter.
  await rejectGreedySource(256 * KIBIBYTE, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/);
});
