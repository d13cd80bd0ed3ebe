import { assertEquals, assertStringIncludes } from "@std/assert";
import { openEventFeed } from "../../src/admin/event_feed.ts";
import { openEventRecorder } from "../../src/daemon/event_recorder.ts";
import type { Candidate } from "../../src/daemon/look_compiler.ts";
import { errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { openMetrics } from "../../src/telemetry/metrics.ts";
import { openFigureMemory } from "../../src/telemetry/recent_figures.ts";
import type { AgreementReport } from "../../src/agreement/agree.ts";
import type { Rollout, RolloutPhase } from "../../src/agreement/rollout.ts";
import type { LoopReport } from "../../src/reload/report.ts";

const HASH = "a".repeat(64);

/** A recorder of a cluster's member, and all that it tells. */
function open() {
  const lines: string[] = [];
  const log = createLogger({
    format: "json",
    level: "debug",
    write: (line) => {
      const { level, msg } = JSON.parse(line);
      lines.push(`${level} ${msg}`);
    },
    terminal: false,
    colour: false,
  });
  const metrics = openMetrics({ version: "1.0.0", startTimeSeconds: 0 });
  const figures = openFigureMemory();
  const feed = openEventFeed();
  const clock = { now: Date.parse("2026-01-01T00:00:00.000Z"), monotonic: 0 };
  const rejected = { hash: HASH as string | null };
  const recorder = openEventRecorder({
    log,
    metrics,
    figures,
    feed,
    foundHash: null,
    clustered: true,
    isolation: null,
    detailed: false,
    rejectedHash: () => rejected.hash,
    headGeneration: () => 3,
    now: () => new Date(clock.now),
    monotonic: () => clock.monotonic,
  });
  return {
    recorder,
    clock,
    recent: () => figures.recent(clock.now),
    lines,
    rejected,
    kinds: () => feed.after(0).map(({ kind }) => kind),
    metric: (name: string) =>
      metrics.text().split("\n").find((line) => !line.startsWith("#") && line.includes(name))?.split(" ").at(-1),
  };
}

function rejection(reason = "No such service", isUnread = false): LoopReport<Candidate> {
  return {
    kind: "rejected",
    reasons: ["admin"],
    durationMilliseconds: 1,
    fingerprint: "f",
    reason,
    repeated: false,
    diagnostics: [errorDiagnostic("config/x", reason)],
    isUnread,
  };
}

const ACTIVATED: LoopReport<Candidate> = {
  kind: "activated",
  reasons: ["file"],
  durationMilliseconds: 7,
  hash: HASH,
  contentHash: HASH,
  healed: null,
  candidate: { warnings: [], counts: {} } as unknown as Candidate,
  change: "both",
  release: null,
  held: null,
};

Deno.test("an instance's own messages are not counted as received", () => {
  const { recorder, metric } = open();
  const received = () => metric('notifications_received_total{kind="look_again"}');
  recorder.heard({ kind: "look-again", path: "/x.hcl", own: true }, HASH);
  const before = received();
  recorder.heard({ kind: "look-again", path: "/x.hcl", own: false }, HASH);
  assertEquals([before, received()], ["0", "1"]);
});

Deno.test("a configuration that is rejected again is no second event, another one is", () => {
  const { recorder, kinds, rejected } = open();
  recorder.report(rejection());
  const first = recorder.rejection();
  recorder.report(rejection());
  assertEquals([kinds(), recorder.rejection()], [["rejected"], first]);
  recorder.report(rejection("Another reason"));
  assertEquals([kinds(), recorder.rejection()?.why], [["rejected"], "Another reason"]);
  rejected.hash = "b".repeat(64);
  recorder.report(rejection());
  assertEquals(kinds(), ["rejected", "rejected"]);
});

Deno.test("a source that is held on purpose is no failed reload, and no rejected one", () => {
  const { recorder, kinds, metric } = open();
  recorder.report(rejection());
  assertEquals(metric("last_reload_successful"), "0");
  const skip = { hash: HASH, by: "anna", at: "2026-01-01T00:00:00.000Z", reason: "x", scope: "host" } as const;
  const held = { kind: "skipped", hash: HASH, skip, trouble: null } as const;
  recorder.report({ kind: "held", reasons: ["file"], durationMilliseconds: 1, running: HASH, held, repeated: false });
  assertEquals([metric("last_reload_successful"), kinds(), recorder.rejection()], ["1", ["rejected", "held"], null]);
});

Deno.test("a source that could not be read is unreadable and not rejected, though the loop calls both the same", () => {
  const { recorder, kinds, metric } = open();
  recorder.report(rejection());
  recorder.report(rejection("It is not there", true));
  assertEquals([recorder.lastReload()?.outcome, recorder.rejection(), kinds()], ["unreadable", null, ["rejected"]]);
  assertEquals(["rejected", "unreadable"].map((outcome) => metric(`reloads_total{outcome="${outcome}"}`)), ["1", "1"]);
});

Deno.test("each reload and each change of another instance is kept with its time and duration, for the last hour", () => {
  const { recorder, clock, recent } = open();
  const at = clock.now;
  recorder.report(rejection());
  recorder.report(rejection("It is not there", true));
  recorder.headSeen(HASH, 500);
  clock.now += 60_000;
  clock.monotonic += 1_500;
  recorder.report(ACTIVATED);
  // Its own change: no other instance announced it.
  recorder.report(ACTIVATED);
  const { reloads, latencies } = recent();
  assertEquals(reloads.entries, [
    { at, outcome: "rejected", durationMilliseconds: 1 },
    { at, outcome: "unreadable", durationMilliseconds: 1 },
    { at: at + 60_000, outcome: "activated", durationMilliseconds: 7 },
    { at: at + 60_000, outcome: "activated", durationMilliseconds: 7 },
  ]);
  assertEquals(latencies.entries, [{ at: at + 60_000, seconds: 2 }]);
});

Deno.test("a head that cannot be read because the link is lost is not reported a second time", () => {
  const { recorder, lines } = open();
  const unreadable: AgreementReport = { kind: "head-unreadable", reason: "It was closed", repeated: false };
  recorder.linked({ state: "up" }, "redis:6379");
  recorder.report(unreadable);
  recorder.linked({ state: "down", reason: "It was closed", final: false }, "redis:6379");
  recorder.report(unreadable);
  const reported = lines.filter((line) => line.includes("could not be read")).map((line) => line.split(" ")[0]);
  assertEquals(reported, ["warning", "debug"]);
  assertStringIncludes(lines.join("\n"), "warning Redis connection failed: It was closed");
});

Deno.test("announcements are counted, those by force too, and the latest trouble is remembered until one is taken", () => {
  const { recorder } = open();
  const announced: AgreementReport = { kind: "announced", generation: 4, hash: HASH, delivered: 2, purpose: "change" };
  recorder.report({
    kind: "announcement-failed",
    hash: HASH,
    purpose: "change",
    reason: "Redis is full",
    repeated: false,
  });
  assertEquals(recorder.announcements(), { count: 0, forced: 0, delivered: 0, trouble: "Redis is full" });
  recorder.report(announced);
  recorder.report({ ...announced, purpose: "force", delivered: 5 });
  assertEquals(recorder.announcements(), { count: 2, forced: 1, delivered: 5, trouble: null });
  recorder.report({ kind: "announcement-refused", hash: HASH, head: { generation: 5, hash: HASH } });
  assertEquals(recorder.announcements().trouble, "It was refused");
});

const ROLLOUT: Rollout = {
  hash: "c".repeat(64),
  base: HASH,
  by: "edge-1",
  author: null,
  reason: null,
  at: "2026-01-01T00:00:00Z",
  order: ["0".repeat(12), "1".repeat(12), "2".repeat(12)],
  counts: [1, 3],
  step: 0,
  phase: "admitting",
  bakeSeconds: 60,
  deadlineSeconds: 600,
  onFailure: "rollback",
  why: null,
  earlier: [],
};

Deno.test("a rollout's moves are logged and sent as events, and its end is counted once, if it ended while the daemon ran", () => {
  const { recorder, lines, kinds, metric } = open();
  const move = (phase: RolloutPhase, before: RolloutPhase | null, why: string | null = null) =>
    recorder.report({
      kind: "rollout-moved",
      rollout: { ...ROLLOUT, phase, why },
      before: before && { ...ROLLOUT, phase: before },
    });
  const counts = () =>
    ["done", "halted", "rolled_back", "withdrawn", "refused"].map((outcome) =>
      metric(`rollouts_total{outcome="${outcome}"}`)
    ).join("");
  // It was halted before this process began.
  move("halted", null, "edge-1 is late");
  move("halted", "halted", "edge-1 is late");
  assertEquals(counts(), "00000");
  recorder.report({ kind: "rollout-proposed", rollout: ROLLOUT });
  move("admitting", null);
  move("halted", "admitting", "edge-1 is late");
  move("rolled-back", "halted", "edge-1 failed");
  move("withdrawn", "baking");
  recorder.report({ kind: "rollout-done", rollout: ROLLOUT });
  recorder.report({ kind: "rollout-refused", hash: ROLLOUT.hash, reason: "edge-9 is of version 0.1" });
  assertEquals(counts(), "11111");
  assertEquals(kinds().slice(2), [
    "rollout-proposed",
    ...Array(4).fill("rollout-moved"),
    "rollout-done",
    "rollout-refused",
  ]);
  assertEquals(lines.slice(2), [
    "information Begins a rollout in 2 steps",
    "information The rollout lets hosts in",
    "error The rollout is halted: edge-1 is late",
    "error The rollout is rolled back: edge-1 failed",
    "information The rollout is withdrawn",
    "information The rollout is done: all hosts run its release",
    "error The rollout of a change cannot begin: edge-9 is of version 0.1",
  ]);
});

Deno.test("events that cannot be had are logged with the reason, counted, and shown until they can", () => {
  const { recorder, lines, metric } = open();
  assertEquals(recorder.watchTrouble(), null);
  recorder.watcherFailed("a limit", 5);
  assertEquals(recorder.watchTrouble(), "a limit");
  recorder.watcherRecovered();
  assertEquals(recorder.watchTrouble(), null);
  assertEquals(lines, ["error File system watcher error: a limit", "information File system watcher works again"]);
  assertEquals([metric("watcher_errors_total 1"), metric("watcher_restarts_total 1")], ["1", "1"]);
});
