import { assertEquals } from "@std/assert";
import { closingLine, judgeTests, parseTestSummary, sumOf, type TestSummary } from "../../scripts/test_run.ts";

function counts(output: string): number[] | null {
  const summary = parseTestSummary(output);
  return summary && [summary.passed, summary.failed, summary.ignored];
}

function summary(passed: number, failed: number, ignored = 0): TestSummary {
  return { passed, failed, ignored, line: "" };
}

Deno.test("the summary is read in every shape that deno test gives it", () => {
  assertEquals(counts("ok | 2 passed | 0 failed (13ms)\n"), [2, 0, 0]);
  assertEquals(counts("ok | 2 passed | 0 failed | 1 ignored (13ms)\n"), [2, 0, 1]);
  assertEquals(counts("ok | 12 passed (3 steps) | 0 failed | 1 ignored (2 steps) (1m13s)\n"), [12, 0, 1]);
  assertEquals(counts("FAILED | 10 passed (1 step) | 3 failed (1 step) | 0 measured | 4 filtered out (5s)"), [
    10,
    3,
    0,
  ]);
  assertEquals(counts("ok | 0 passed | 0 failed | 2 filtered out (3ms)\r\n\r\n"), [0, 0, 0]);
});

Deno.test("the summary is read without its colours, and its line has none", () => {
  const coloured = "\u001b[0m\u001b[32mok\u001b[0m | 1 passed | 0 failed \u001b[0m\u001b[38;5;245m(40ms)\u001b[0m";
  assertEquals(parseTestSummary(coloured)?.line, "ok | 1 passed | 0 failed (40ms)");
});

Deno.test("of several summaries the last counts, for a test may print one", () => {
  assertEquals(counts("ok | 99 passed | 0 failed (1ms)\nmore\n\nFAILED | 1 passed | 2 failed (1ms)\n"), [1, 2, 0]);
});

Deno.test("a text without a summary has none", () => {
  assertEquals(counts(""), null);
  assertEquals(counts("error: Module not found\nit is ok | 1 passed | 0 failed\n"), null);
});

Deno.test("the closing line names skipped tests only if there are some", () => {
  assertEquals(closingLine(summary(2, 0)), "2 passed, 0 failed");
  assertEquals(closingLine(summary(2, 1, 3)), "2 passed, 1 failed, 3 skipped");
});

Deno.test("a run passes only when tests ran, none failed and the exit status agrees", () => {
  assertEquals(judgeTests(0, summary(1, 0)), null);
  assertEquals(judgeTests(1, summary(5, 2)), "2 tests failed");
  assertEquals(judgeTests(0, summary(5, 2)), "2 tests failed");
  assertEquals(judgeTests(1, summary(5, 0)), "the tests ended with exit status 1");
  assertEquals(judgeTests(0, summary(0, 0, 3)), "no test was run");
  assertEquals(judgeTests(0, null), "the tests ended without a summary (exit status 0)");
});

Deno.test("several runs are counted together", () => {
  assertEquals(closingLine(sumOf([summary(2, 1, 3), summary(40, 0, 5)])), "42 passed, 1 failed, 8 skipped");
  assertEquals(closingLine(sumOf([summary(2, 0)])), "2 passed, 0 failed");
});
