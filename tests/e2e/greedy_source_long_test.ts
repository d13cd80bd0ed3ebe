import { rejectGreedySource } from "../support/rejected_greedy_source.ts";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * 1024;

Deno.test("a source that has more values than any is reported, the snapshot stays, and the next good edit heals", async () => {
  await rejectGreedySource(3 * MEBIBYTE, /error: .*\[document\/too-many-values\]$/);
});

Deno.test("a source that is greedy for memory is reported, the snapshot stays, and the next good edit heals", async () => {
  // Which limit it meets first, that of time or that of memory, is the machine's matter.
  await rejectGreedySource(1_800 * KIBIBYTE, /honua\.hcl:12:1: error: .*\[document\/too-(slow|large)\]$/);
});
