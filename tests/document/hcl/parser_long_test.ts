import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, openParser } from "../../../src/document/hcl/parser.ts";

Deno.test("a text that takes more memory than the limit is stopped, and the daemon's own stays small", async () => {
  await using parser = openParser({ ...DEFAULT_LIMITS, timeMilliseconds: 60_000 });
  const before = Deno.memoryUsage().rss;
  const greedy = "x = [" + "1,".repeat(3 * 512 * 1024) + "]\n";
  assertEquals(await parser.judge([greedy]), { ok: false, reason: "memory", at: 0 });
  assert(Deno.memoryUsage().rss - before < 256 * 1024 * 1024);
});

Deno.test("a request of any size is answered in order, and a limit is reported at the right text", async () => {
  await using parser = openParser({ ...DEFAULT_LIMITS, timeMilliseconds: 2_000 });
  const text = (index: number) => `# ${"\u{1f4a9}".repeat(index % 100 === 7 ? 100_000 : 10)}\nx = ${index}\n`;
  const texts = Array.from({ length: 300 }, (_, index) => text(index));
  const judgement = await parser.judge(texts);
  assert(judgement.ok);
  assertEquals(judgement.verdicts, texts.map((_, index) => ({ value: { x: index } })));
  const slow = texts.with(250, "x = [" + "1,".repeat(256 * 1024) + "]\n");
  const stopped = await parser.judge(slow);
  assert(!stopped.ok);
  assertEquals(stopped.reason, "time");
  assert(stopped.at > 250 - 64 && stopped.at <= 250, `${stopped.at}`);
});
