import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, openParser } from "../../../src/document/hcl/parser.ts";

Deno.test("a text that takes more memory than the limit is stopped, and the daemon's own stays small", async () => {
  await using parser = openParser({ ...DEFAULT_LIMITS, timeMilliseconds: 60_000 });
  const before = Deno.memoryUsage().rss;
  const greedy = "x = [" + "1,".repeat(3 * 512 * 1024) + "]\n";
  assertEquals(await parser.judge([greedy]), { ok: false, reason: "memory", at: 0 });
  assert(Deno.memoryUsage().rss - before < 256 * 1024 * 1024);
});
