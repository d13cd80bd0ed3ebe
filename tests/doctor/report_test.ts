import { assertEquals } from "@std/assert";
import { error, note, ok, warning } from "../../src/doctor/finding.ts";
import { reportJson, reportText } from "../../src/doctor/report_text.ts";

const FINDINGS = [
  { check: "redis/connection", ...ok("It answers") },
  { check: "redis/latency", ...warning("It is slow", "Look at the network") },
  { check: "unit/active", ...error("It failed", "Start it") },
  { check: "redis/rights", ...note("Nobody knows") },
];

Deno.test("the report has groups, each fault with advice, and a last line that counts", () => {
  const report = reportText(FINDINGS, false);
  assertEquals(report.split("\n"), [
    "redis",
    "  ok       connection  It answers",
    "  warning  latency     It is slow",
    "                       → Look at the network",
    "  note     rights      Nobody knows",
    "",
    "unit",
    "  error    active  It failed",
    "                   → Start it",
    "",
    "Something is wrong: 1 error, 1 warning, 1 note, 1 ok",
    "",
  ]);
});

Deno.test("a report without an error says so, beside any other findings", () => {
  const lines = reportText([{ check: "redis/latency", ...warning("It is slow") }], false).trimEnd().split("\n");
  assertEquals(lines.at(-1), "No errors: 0 errors, 1 warning, 0 notes, 0 ok");
});

Deno.test("only levels have colours, and only if they are wanted", () => {
  const coloured = reportText(FINDINGS, true);
  // deno-lint-ignore no-control-regex
  assertEquals(coloured.replaceAll(/\x1b\[[\d;]*m/g, ""), reportText(FINDINGS, false));
  assertEquals(coloured.includes("\x1b[1;31merror  \x1b[0m"), true);
});

Deno.test("the report for machines is one line, with every member of every finding", () => {
  const text = reportJson(FINDINGS);
  assertEquals(text.split("\n").length, 2);
  assertEquals(JSON.parse(text), { ok: false, findings: FINDINGS });
  assertEquals(JSON.parse(reportJson([FINDINGS[1]!])).ok, true);
});
