// The daemon as its admin interface sees it, over a loop and a notifier under a test's control.
import type { Rollout } from "../../src/agreement/rollout.ts";
import { initialRollouts, type Rollouts } from "../../src/rollout/rollouts.ts";
import { assert, assertEquals } from "@std/assert";
import { openEventFeed } from "../../src/admin/event_feed.ts";
import type { LookAgainAnswer, Notifier } from "../../src/cluster/notifier.ts";
import { soloNotifier } from "../../src/cluster/solo_notifier.ts";
import type { Announcements, EventRecorder } from "../../src/daemon/event_recorder.ts";
import type { Candidate } from "../../src/daemon/look_compiler.ts";
import { openDaemonApi } from "../../src/daemon/api_answers.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { openMetrics } from "../../src/telemetry/metrics.ts";
import { openFigureMemory } from "../../src/telemetry/recent_figures.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import { type Agreement, initialAgreement, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import type { JournalEntry } from "../../src/releases/journal_line.ts";
import type { Loop } from "../../src/reload/loop.ts";
import type { Sha256Hex } from "../../src/snapshot/canonical.ts";
import type { SnapshotStore } from "../../src/snapshot/store.ts";
import { initialState } from "../../src/reload/state.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;
const SIGNAL = new AbortController().signal;
const NONE: Announcements = { count: 0, forced: 0, delivered: 0, trouble: null };
const AGREED: Agreement = {
  ...initialAgreement(
    { ...NEW_LEDGER, seen: 7, agreed: { generation: 7, hash: A }, concluded: A },
    { settleMilliseconds: 1_000, reconcileMilliseconds: 1_000 },
  ),
  syncState: { kind: "agreed" },
  head: { generation: 7, hash: A },
  linked: true,
  hasLooked: true,
};

interface Given {
  /** The state of the cluster after the reload; null: no cluster. */
  readonly agreement?: Agreement | null;
  /** The state of rollouts. */
  readonly rollouts?: Rollouts;
  /** The announcement of the reload. */
  readonly announced?: Announcements;
  readonly isUp?: boolean;
  readonly lookAgain?: () => Promise<LookAgainAnswer>;
  readonly peers?: Notifier["peers"];
  /** Which files are those in force. */
  readonly stored?: SnapshotStore["stored"];
  /** The file at the snapshot's path. */
  readonly read?: SnapshotStore["read"];
}

/** An API that reloads at once, and the function that stops its loop. */
/** A recorder of an instance to which nothing happened yet. */
const QUIET: Partial<EventRecorder> = {
  watchTrouble: () => null,
  activeSince: () => "2026-01-01T00:00:00Z",
  lastReload: () => null,
  redis: () => ({ state: "up", since: "2026-01-01T00:00:00Z", reason: null, reconnections: 0 }),
  restartNeeded: () => false,
};

const SETTINGS = {
  sourcePath: "/source.hcl",
  optionsPath: null,
  environment: {},
  version: "1.0.0",
  once: false,
  log: createLogger({ format: "json", level: "critical", write: () => {}, terminal: false, colour: false }),
};

const IN_FORCE = () => Promise.resolve({ snapshot: true, serverForm: true });

/** Work that rejects with the reason of its signal, the last argument. */
function abortedBy(...given: unknown[]): Promise<never> {
  const signal = given.at(-1) as AbortSignal;
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

function open(
  { agreement = AGREED, announced = NONE, isUp = true, lookAgain, peers, stored = IN_FORCE, read: file, rollouts }:
    Given,
) {
  const enabled = agreement !== null;
  const read = readOptions({
    flags: [
      { flag: "--set", key: "HighAvailability:Enabled", value: `${enabled}` },
      { flag: "--set", key: "ConnectionStrings:Redis", value: "redis:6379" },
      { flag: "--set", key: "Snapshot:Path", value: "/nonexistent/config.snapshot.json" },
    ],
    environment: {},
    file: null,
  });
  assert(read.ok);
  const stopped = Promise.withResolvers<void>();
  let announcements = NONE;
  const asked: string[] = [];
  const candidate = {} as Candidate;
  const state = initialState<Candidate>({ hash: A, contentHash: A }, { agreement, rollouts: rollouts ?? null });
  const loop: Pick<Loop<Candidate>, "request" | "announced" | "release" | "state" | "stopped"> = {
    request(reason) {
      asked.push(reason);
      announcements = announced;
      const about = { reasons: [reason], durationMilliseconds: 1, hash: A, contentHash: A, healed: null, candidate };
      return Promise.resolve({ kind: "unchanged", ...about });
    },
    announced: () => Promise.resolve(),
    release: () => {},
    state: () => state,
    stopped: stopped.promise,
  };
  const solo = soloNotifier({ incarnation: "0123456789ab" });
  const notifier: Notifier = {
    ...solo,
    link: () => isUp ? { state: "up" } : { state: "down", reason: "It was closed", final: false },
    lookAgain: lookAgain ?? (() => Promise.resolve({ ok: true, delivered: 4 })),
    peers: peers ?? (() => Promise.resolve({ ok: true, peers: [] })),
  };
  const sent: string[] = [];
  const journal: JournalEntry[] = [];
  const recorder: Partial<EventRecorder> = {
    announcements: () => announcements,
    sentLookAgain: () => void sent.push("look again"),
    onActivated: () => () => {},
    rejection: () => null,
    ...QUIET,
  };
  const api = openDaemonApi({
    settings: { ...SETTINGS, options: read.options },
    instance: "edge-1",
    incarnation: "0123456789ab",
    store: { read: file ?? (() => Promise.resolve(null)), stored },
    mounted: { known: () => [], look: () => Promise.resolve([]) },
    publisher: PUBLISHER,
    differ: { diff: abortedBy, plan: abortedBy },
    loop: loop as Loop<Candidate>,
    notifier,
    recorder: recorder as EventRecorder,
    keeper: { ...KEEPER, journal: { append: (entry) => void journal.push(entry), newest: () => null } },
    hookRunner: { status: () => [] },
    metrics: openMetrics({ version: "1.0.0", startTimeSeconds: 0 }),
    figures: openFigureMemory(),
    feed: openEventFeed(),
    mask: (text) => text.replaceAll("hunter2", "***"),
  });
  return { api, asked, sent, journal, stop: stopped.resolve };
}

const PUBLISHER: Parameters<typeof openDaemonApi>[0]["publisher"] = {
  publish: () => Promise.resolve({ kind: "stopping" }),
  stableSource: () => Promise.resolve({ ok: false, isUnknown: true, reason: "there is none" }),
};

const NO_TEXT = { ok: false, reason: "missing", message: "there is none" } as const;
const KEEPER: Omit<Parameters<typeof openDaemonApi>[0]["keeper"], "journal"> = {
  troubles: () => [],
  recorded: () => Promise.resolve({ ok: true }),
  textOf: () => Promise.resolve(NO_TEXT),
  reserve: { keep: () => Promise.resolve({ ok: true }), read: () => Promise.resolve(NO_TEXT) },
};

const PLAIN = { now: false, emergency: false, author: null, reason: null, confirmSeconds: null };
const FORCE = { ...PLAIN, notifyOtherInstances: false, force: true };
const NOTIFY = { ...PLAIN, notifyOtherInstances: true, force: false };

/** The reason of a reload by force that failed, or `done`. */
async function forced(given: Given): Promise<string> {
  const { api, asked } = open(given);
  const answer = await api.reload(FORCE);
  assertEquals(asked, ["force"]);
  return answer.kind === "failed" ? answer.reason : answer.kind;
}

Deno.test("a forced reload is done if it was announced, the others have the same, or there are none", async () => {
  assertEquals(await forced({ announced: { ...NONE, count: 1, forced: 1, delivered: 3 } }), "done");
  assertEquals(await forced({}), "done");
  assertEquals(await forced({ agreement: null, isUp: false }), "done");
});

Deno.test("a reload by force that announced nothing failed, and says why", async () => {
  const away = "Redis cannot be reached: nothing was announced over the others";
  assertEquals(await forced({ isUp: false }), away);
  assertEquals(await forced({ agreement: { ...AGREED, linked: false } }), away);
  const failed = { ...AGREED, head: null };
  const trouble = "Redis is full";
  assertEquals(
    await forced({ agreement: failed, announced: { ...NONE, trouble } }),
    "Nothing was announced over the others: Redis is full",
  );
  // A change that was announced before is not the requested one, if the head is another by now.
  const settling: Agreement = { ...AGREED, head: { generation: 9, hash: B } };
  assertEquals(
    await forced({ agreement: settling, announced: { ...NONE, count: 1 } }),
    "Nothing was announced over the others",
  );
  const waiting: Agreement = { ...failed, request: { kind: "announcement", hash: A, purpose: "force" } };
  assertEquals(
    await forced({ agreement: waiting }),
    "Redis did not answer in time: whether it was announced over the others is not known",
  );
});

async function notified(given: Given) {
  const { api, sent } = open(given);
  const answer = await api.reload(NOTIFY);
  assert(answer.kind === "done");
  return [answer.instancesNotified, answer.notNotified, sent.length];
}

Deno.test("others that could not be made to look again are none, with the reason", async () => {
  assertEquals(await notified({}), [4, null, 1]);
  assertEquals(await notified({ announced: { ...NONE, count: 1, delivered: 2 } }), [2, null, 0]);
  const reason = "It was closed";
  assertEquals(await notified({ lookAgain: () => Promise.resolve({ ok: false, reason }) }), [0, reason, 0]);
  assertEquals(await notified({ agreement: null }), [0, null, 0]);
});

Deno.test("a request that waits for the others while the daemon ends gets that as its answer", async () => {
  const { api, stop } = open({ lookAgain: () => new Promise(() => {}) });
  const answer = api.reload(NOTIFY);
  stop();
  assertEquals(await answer, { kind: "stopping" });
});

Deno.test("a reload passes over the steps of a rollout if it is asked to, and force does so anyway", async () => {
  for (
    const [given, reason] of [[{ now: true }, "now"], [{ now: true, force: true }, "force"], [{}, "admin"]] as const
  ) {
    const { api, asked } = open({});
    await api.reload({ ...NOTIFY, notifyOtherInstances: false, ...given });
    assertEquals(asked, [reason]);
  }
});

Deno.test("a change that goes in steps waits for no confirmation, and one that passes over them does", async () => {
  const policy = {
    steps: [{ kind: "hosts", hosts: 1 }],
    bakeSeconds: 60,
    deadlineSeconds: 600,
    onFailure: "rollback",
  } as const;
  const { api, asked } = open({ rollouts: initialRollouts("edge-1", policy) });
  const request = { ...NOTIFY, notifyOtherInstances: false, confirmSeconds: 600 };
  const answer = await api.reload(request);
  assertEquals(
    answer.kind === "failed" && answer.reason.startsWith("With Rollout:Steps"),
    true,
    JSON.stringify(answer),
  );
  await api.reload({ ...request, now: true });
  assertEquals(asked, ["now"]);
});

Deno.test("status and metrics show the phase of the rollout, and metrics none of one that is over by another head", async () => {
  const phaseWith = async (phase: Rollout["phase"], head: string) => {
    const rollout = { hash: B, base: A, phase, step: 0, counts: [1, 3], why: null } as unknown as Rollout;
    const stored = { rollout, mark: "0".repeat(40), ageMilliseconds: 0 };
    const view = { head: { generation: 1, hash: head }, skips: [], stored, mark: stored.mark };
    const { api } = open({ rollouts: { ...initialRollouts("edge-1", null), view } });
    const { text } = await api.metrics();
    const phases = [...text.matchAll(/rollout_phase\{phase="(\w+)"\} 1/g)].map(([, one]) => one);
    return [(await api.status()).rollout?.phase, ...phases];
  };
  assertEquals(await phaseWith("halted", A), ["halted", "halted"]);
  assertEquals(await phaseWith("rolled-back", A), ["rolled-back", "rolled_back"]);
  assertEquals(await phaseWith("awaiting-approval", A), ["awaiting-approval", "awaiting_approval"]);
  assertEquals([await phaseWith("halted", B), await phaseWith("halted", "c".repeat(64))], [["halted"], ["halted"]]);
});

Deno.test("an emergency is in the journal with person and reason, before any effect", async () => {
  const { api, asked, journal } = open({});
  await api.reload({
    ...PLAIN,
    notifyOtherInstances: false,
    force: false,
    emergency: true,
    author: "ann",
    reason: "all are away, not even hunter2",
  });
  const [who, why] = ["ann", "all are away, not even ***"];
  assertEquals(journal, [{ kind: "emergency", who, why, outcome: "without approval" }]);
  await api.reload(FORCE);
  assertEquals([journal.length, asked], [1, ["emergency", "force"]]);
});

Deno.test("while an own change is owed nothing is called agreed, and it has no generation", async () => {
  const { api } = open({ agreement: { ...AGREED, ledger: { ...AGREED.ledger, owed: { hash: B, base: A } } } });
  const answer = await api.reload({ ...PLAIN, notifyOtherInstances: false, force: false });
  assert(answer.kind === "done");
  assertEquals([answer.standing, answer.generation], ["unknown", null]);
});

Deno.test("metrics do not wait for a Redis that does not answer", async () => {
  const { api } = open({ peers: () => new Promise(() => {}) });
  const { text } = await api.metrics();
  const states = text.split("\n").filter((line) => line.includes("_peers{"));
  assert(states.length > 0 && states.every((line) => line.endsWith(" 0")), text);
});

Deno.test("all requests for the snapshot in force share one reading, and if there is none the next one looks again", async () => {
  const asked: (string | undefined)[] = [];
  const found: (string | null)[] = [null, B, A];
  const { api } = open({
    read(contentHash) {
      asked.push(contentHash);
      const hash = found.shift() as Sha256Hex | null;
      const header = hash && { format: 1 as const, hash, contentHash: hash };
      return Promise.resolve(header && { header, bytes: new Uint8Array([1]) });
    },
  });
  assertEquals(await Promise.all([api.snapshot(), api.snapshot()]), [null, null]);
  assertEquals(await api.snapshot(), null);
  const [one, other] = [await api.snapshot(), await api.snapshot()];
  assert(one === other && one?.contentHash === A);
  assertEquals(asked, [A, A, A]);
});

Deno.test("the status tells of each file whether it is the one in force, and which is gone", async () => {
  const filesOf = async (snapshot: boolean, serverForm: boolean) => {
    const { api } = open({ stored: () => Promise.resolve({ snapshot, serverForm }) });
    const status = await api.status();
    return [status.stored, status.serverForm?.stored];
  };
  assertEquals(await filesOf(true, true), ["in-force", "in-force"]);
  assertEquals(await filesOf(true, false), ["in-force", "missing"]);
  assertEquals(await filesOf(false, true), ["missing", "in-force"]);
});

Deno.test("a diff and a plan end when the daemon stops, and one of a client that went away ends too", async () => {
  const { api, stop } = open({});
  const gone = new AbortController();
  const [first, plan] = [api.diff({ kind: "running" }, { kind: "file" }, gone.signal), api.plan(SIGNAL)];
  gone.abort();
  assertEquals(await first, { kind: "stopping" });
  stop();
  assertEquals(await plan, { kind: "stopping" });
});
