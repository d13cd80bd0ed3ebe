// The log's words for each report: level, words and fields.
import { assertEquals } from "@std/assert";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { listed, narrateAgreement, narrateReload, reasonOf } from "../../src/reload/narration.ts";
import type { AgreementReport } from "../../src/agreement/agree.ts";
import type { LoopReport } from "../../src/reload/report.ts";
import type { HintReason } from "../../src/reload/state.ts";

function diagnostic(summary: string, severity: Diagnostic["severity"] = "error"): Diagnostic {
  return { severity, code: "made-up", summary, why: null, suggestion: null, path: null, place: null, other: null };
}

/** Level, message and fields. */
function reported(report: LoopReport<number>): [string, string, Record<string, unknown>] {
  const { level, message, fields } = narrateReload(report, (candidate) => ({ layers: candidate }));
  return [level, message, fields];
}

const about = { reasons: ["file"] as readonly HintReason[], durationMilliseconds: 12.3456 };
const OUTCOME = { durationMilliseconds: 12.3, reasons: ["file"] };
const healthy = { ...about, hash: "h", contentHash: "c", candidate: 7 };
const RELOADED = "Configuration reloaded successfully";

Deno.test("a snapshot that is in force is reported with its changes", () => {
  assertEquals(
    reported({ kind: "activated", ...healthy, healed: null, change: "content", release: null, held: null }),
    [
      "information",
      RELOADED,
      { outcome: "activated", ...OUTCOME, hash: "h", change: "content", layers: 7 },
    ],
  );
});

Deno.test("an unchanged configuration is a line for a person who asked or edited, or if trouble ended, and else detail", () => {
  const unchanged = (healed: "rejected" | null, ...reasons: HintReason[]) =>
    reported({ kind: "unchanged", ...healthy, reasons, healed });
  assertEquals(unchanged(null, "file"), [
    "information",
    `${RELOADED}: unchanged`,
    { outcome: "unchanged", ...OUTCOME, hash: "h", healed: null },
  ]);
  const loud: HintReason[] = ["start", "file", "poll", "signal", "admin", "force", "peer"];
  const quiet: HintReason[] = ["retry", "announcement", "link"];
  for (const reason of loud) assertEquals(unchanged(null, reason)[0], "information", reason);
  for (const reason of quiet) assertEquals(unchanged(null, reason)[0], "debug", reason);
  assertEquals([unchanged(null, ...quiet)[0], unchanged(null, ...quiet, "poll")[0]], ["debug", "information"]);
  assertEquals(unchanged("rejected", "retry").slice(0, 2), ["information", `${RELOADED}: valid again, and unchanged`]);
});

Deno.test("a failure is a warning once, and detail if it is repeated", () => {
  const failure = { ...about, fingerprint: "f", reason: "it is wrong" };
  for (const [repeated, level] of [[false, "warning"], [true, "debug"]] as const) {
    const message = "Failed to reload configuration: it is wrong";
    assertEquals(
      reported({ kind: "rejected", ...failure, repeated, diagnostics: [diagnostic("x")], isUnread: false }),
      [
        level,
        message,
        { outcome: "rejected", ...OUTCOME, diagnosticsCount: 1, diagnostics: ["error: x [made-up]"] },
      ],
    );
    assertEquals(reported({ kind: "rejected", ...failure, repeated, diagnostics: [], isUnread: false })[2], {
      outcome: "rejected",
      ...OUTCOME,
    });
    assertEquals(reported({ kind: "rejected", ...failure, repeated, diagnostics: [], isUnread: true })[2], {
      outcome: "unreadable",
      ...OUTCOME,
    });
    assertEquals(reported({ kind: "unreadable", ...failure, repeated, willRetryInMilliseconds: null }), [
      level,
      message,
      { outcome: "unreadable", ...OUTCOME, willRetryInMilliseconds: null },
    ]);
    assertEquals(reported({ kind: "write-failed", ...failure, repeated, willRetryInMilliseconds: 500 }), [
      level,
      message,
      { outcome: "write-failed", ...OUTCOME, willRetryInMilliseconds: 500 },
    ]);
  }
});

Deno.test("waiting work, a hang and a bug of this program are reported as such", () => {
  assertEquals(reported({ kind: "awaiting-retry", ...about, fingerprint: "f" }), [
    "debug",
    "The snapshot is still to be written, or accepted",
    { outcome: "awaiting-retry", ...OUTCOME },
  ]);
  assertEquals(reported({ kind: "write-stalled", limitMilliseconds: 30_000 }), [
    "error",
    "Writing the snapshot takes more than 30000 ms: is its file system there?",
    {},
  ]);
  const error = new TypeError("x is undefined");
  assertEquals(reported({ kind: "internal-error", during: "look", error }), [
    "critical",
    "Failed to reload configuration: an internal error during look: TypeError: x is undefined",
    { stack: error.stack },
  ]);
  assertEquals(reported({ kind: "internal-error", during: "announce", error: "text" })[2], { stack: undefined });
});

Deno.test("an exchange between the instances is reported with generation and hash", () => {
  const head = { generation: 4, hash: "b" };
  const agreed = { generation: 4, agreedHash: "b" };
  const unknown = "It is not known whether the announcement was made";
  const failed = { kind: "announcement-failed", hash: "a", reason: "timeout" } as const;
  const cases: readonly (readonly [AgreementReport, string, string, Record<string, unknown>])[] = [
    [
      { kind: "agreed", ...head, after: "settling" },
      "information",
      "Agrees with the other instances",
      { ...head, after: "settling" },
    ],
    [
      { kind: "diverged", hash: "a", head },
      "warning",
      "Diverged from the other instances: the source of this host is not the agreed one",
      { hash: "a", ...agreed },
    ],
    [
      { kind: "announced", ...head, delivered: 2, purpose: "force" },
      "information",
      "Announced to the other instances",
      { ...head, instancesNotified: 2, purpose: "force" },
    ],
    [
      { kind: "announcement-refused", hash: "a", head },
      "warning",
      "The announcement was refused: the other instances have agreed on something else meanwhile",
      { hash: "a", ...agreed },
    ],
    [{ ...failed, purpose: "force", repeated: false }, "warning", `${unknown}: timeout`, {}],
    [{ ...failed, purpose: "change", repeated: false }, "warning", `${unknown}, so it is tried again: timeout`, {}],
    [{ ...failed, purpose: "restore", repeated: true }, "debug", `${unknown}, so it is tried again: timeout`, {}],
    [
      { kind: "head-unreadable", reason: "timeout", repeated: false },
      "warning",
      "The agreement of the instances could not be read: timeout",
      {},
    ],
    [
      { kind: "head-unreadable", reason: "timeout", repeated: true },
      "debug",
      "The agreement of the instances could not be read: timeout",
      {},
    ],
    [
      { kind: "head-lost", head, seen: 9 },
      "warning",
      "Redis lost the agreement of the instances",
      { seen: 9, generation: 4 },
    ],
    [
      { kind: "head-lost", head: null, seen: 9 },
      "warning",
      "Redis lost the agreement of the instances",
      { seen: 9, generation: null },
    ],
  ];
  for (const [report, level, message, fields] of cases) {
    assertEquals(narrateAgreement(report), { level, message, fields } as ReturnType<typeof narrateAgreement>);
  }
});

Deno.test("twenty diagnostics are listed, and the rest is counted", () => {
  assertEquals(listed("warnings", []), {});
  for (const [count, shown] of [[1, 1], [20, 20], [21, 20]] as const) {
    const fields = listed("warnings", Array.from({ length: count }, (_, index) => diagnostic(`number ${index}`)));
    assertEquals([fields.warningsCount, (fields.warnings as string[]).length], [count, shown]);
  }
});

Deno.test("a rejection's reason is its first error, with how many more there are", () => {
  const [warning, one, two] = [diagnostic("w", "warning"), diagnostic("one"), diagnostic("two")];
  const reasons = [[], [warning], [warning, one], [one, warning, two], [warning, one, two, two]].map(reasonOf);
  assertEquals(reasons, [
    "no reason was given",
    "warning: w [made-up]",
    "error: one [made-up]",
    "error: one [made-up] (and 1 more)",
    "error: one [made-up] (and 2 more)",
  ]);
});
