import { rejectGreedySource } from "../support/rejected_greedy_source.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("a source that has more values than any is reported, the snapshot stays, and the next good edit heals", async () => {
  await rejectGreedySource(3 * MEBIBYTE, /error: .*\[document\/too-many-values\]$/);
});
