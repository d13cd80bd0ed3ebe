// A transcript of a host with releases over the whole `decide`: one line an event and the actions that follow until the
// host is at rest, `file b -> look, runs 2 b (file)`; `= STATE` compares the releases. Looks and
// writes are answered at once, unless the host is paused. Marks are hashes; jitter is 0.
import { assertEquals } from "@std/assert";
import { initialAgreement } from "../../src/agreement/agreement.ts";
import type { Skip } from "../../src/agreement/skip.ts";
import { decide } from "../../src/reload/decide.ts";
import type { Action, Event, LookOutcome } from "../../src/reload/events.ts";
import type { Report } from "../../src/reload/report.ts";
import { initialState, type SnapshotId, type State } from "../../src/reload/state.ts";
import { reconciled } from "../../src/releases/new_release.ts";
import { initialReleases, type KeptReleases, type ReleaseLimits } from "../../src/releases/release.ts";
import { initialRollouts } from "../../src/rollout/rollouts.ts";
import type { RolloutPolicy } from "../../src/rollout/staging.ts";
import { AGREED } from "../agreement/agreement_transcript.ts";
import { changeStore, type FleetStore, fleetStore, POLICY } from "../rollout/fleet_store.ts";
import {
  answersOf,
  isStoreRequest,
  requestText,
  rolloutReportText,
  type StoreRequest,
} from "../rollout/store_answers.ts";
import { checkReleases } from "./release_claims.ts";
import { eventsOf, judgedOrder } from "./transcript_events.ts";
import { stateText } from "./transcript_state.ts";

/** A minute of bake, checks every ten seconds, two failures in a row. */
const HEALTH = { bakeMilliseconds: 60_000, intervalMilliseconds: 10_000, failures: 2, onFailure: "rollback" };

/** The beginning of a transcript: `a` is in force as release 1 and healthy. */
export interface Beginning {
  /** Default: nothing checks the health. */
  readonly health?: Partial<NonNullable<ReleaseLimits["health"]>>;
  /** Whether the host has a cluster, which it reached and agreed with. Default false. */
  readonly cluster?: boolean;
  readonly keep?: number;
  /** The rollout's options over `POLICY`, or "none"; then a store answers. Default: there is no store that answers. */
  readonly rollout?: Partial<RolloutPolicy> | "none";
  /** Default false. */
  readonly needsApproval?: boolean;
  /** Whether nothing was ever in force. Default false. */
  readonly isNew?: boolean;
  /** Whether nobody but the store has a source. Default false. */
  readonly isStoreOnly?: boolean;
}

/** A host between two events. */
export interface Host {
  state: State<string>;
  limits: ReleaseLimits;
  /** In milliseconds since 1970. */
  at: number;
  /** The disk: the snapshot (null: it is missing or damaged), the releases, and the ledger of the last `keep`. */
  snapshot: SnapshotId | null;
  kept: KeptReleases;
  ledger: typeof AGREED;
  /** The result of a look: a hash, `bad` or `gone`. */
  file: string;
  /** The result of a look at an earlier text, if not its hash. */
  readonly texts: Map<string, "lost" | "broken" | "refused" | "rotated">;
  /** Hashes without approvals on this host, and why they could not be read; null: they were. */
  readonly unapproved: Map<string, string | null>;
  writes: "work" | "fail" | "refused";
  /** The baseline that a write reports. */
  baseline: "healthy" | "sick" | null;
  paused: boolean;
  /** Not answered yet; the result of a look is fixed already. */
  asked: { readonly look: LookOutcome<string> } | { readonly write: string; readonly releases: KeptReleases } | null;
  readonly timers: Map<string, number>;
  readonly shown: string[];
  /** Null: the answers of a store are events of the transcript. */
  readonly store: FleetStore | null;
  /** That the store has not answered, the earliest first. */
  readonly requests: StoreRequest[];
  readonly beginning: Beginning;
}

/** The first moment of a transcript. */
const START = Date.UTC(2026, 0, 1);

/** Replays the lines and returns the host at their end. */
export function replayReleases(beginning: Beginning, transcript: string): Host {
  const host = hostOf(beginning);
  for (const line of transcript.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    if (line.startsWith("=")) {
      assertEquals(stateText(host.state), line.slice(1).trim(), `before ${line}`);
      continue;
    }
    const [what = "", actions = ""] = line.split("->").map((part) => part.trim());
    host.shown.length = 0;
    carryOutLine(host, what);
    assertEquals(host.shown.join(", "), actions, `after ${what}`);
  }
  return host;
}

export function hostOf(beginning: Beginning): Host {
  const { health, keep = 20, rollout, isStoreOnly = false, isNew = false } = beginning;
  const cluster = beginning.cluster ?? rollout !== undefined;
  const limits: ReleaseLimits = {
    keep,
    health: health === undefined ? null : { ...HEALTH, ...health } as ReleaseLimits["health"],
  };
  const active = isNew ? null : { hash: "a", contentHash: "a" };
  const found = reconciled(initialReleases(limits).kept, active && { hash: "a", format: "hcl" }, START, limits);
  const kept = { ...found, list: found.list.map((one) => ({ ...one, state: "healthy" as const })) };
  const host: Host = {
    state: initialState<string>(active, {
      releases: initialReleases(limits, kept),
      agreement: agreementOf(cluster),
      rollouts: rolloutsOf(beginning),
    }),
    limits,
    at: START,
    snapshot: active,
    kept,
    ledger: AGREED,
    file: isStoreOnly ? "none" : "a",
    texts: new Map(),
    unapproved: new Map(),
    writes: "work",
    baseline: null,
    paused: false,
    asked: null,
    timers: new Map(),
    shown: [],
    store: rollout === undefined ? null : fleetStore(),
    requests: [],
    beginning,
  };
  if (!cluster) return host;
  for (const line of ["hint start", "linked", ...rollout === undefined ? ["head a@1"] : []]) carryOutLine(host, line);
  return host;
}

function rolloutsOf({ rollout, needsApproval }: Beginning) {
  if (rollout === undefined) return null;
  return initialRollouts("me", rollout === "none" ? null : { ...POLICY, ...rollout }, needsApproval);
}

function agreementOf(cluster: boolean, ledger = AGREED) {
  return cluster ? initialAgreement(ledger, { settleMilliseconds: 0, reconcileMilliseconds: 3_600_000 }) : null;
}

export function carryOutLine(host: Host, line: string): void {
  const [verb = "", first = "", second = ""] = line.split(" ");
  switch (verb) {
    case "file":
      host.file = first;
      return happen(host, { kind: "hint", reason: "file" });
    case "put":
      host.file = first;
      return;
    case "text":
      if (second === "back") host.texts.delete(first);
      else host.texts.set(first, second as "lost");
      return;
    case "lose":
      host.snapshot = null;
      return;
    case "unapproved":
      host.unapproved.set(first, second === "unread" ? "timeout" : null);
      return;
    case "approved":
      host.unapproved.delete(first);
      return;
    case "writes":
      host.writes = first as "work";
      return;
    case "baseline":
      host.baseline = first as "sick";
      return;
    case "unwatched":
      host.limits = { ...host.limits, health: null };
      return;
    case "pause":
      host.paused = true;
      return;
    case "store":
    case "peers":
      changeStore(host.store!, line.split(" "), host.at);
      return answer(host);
    case "go":
      host.paused = false;
      return answer(host);
    case "step":
      return answerOne(host);
    case "wait":
      return wait(host, Number(first) * 1_000);
    case "clock":
      return setClock(host, Number(first) * 1_000);
    case "restart":
      return restart(host, Number(first) * 1_000, second === "written");
  }
  const refusal = judgedOrder(host, line);
  if (refusal !== null) {
    host.shown.push(`refused: ${refusal}`);
    return;
  }
  for (const event of eventsOf(host, line)) happen(host, event);
}

/** Lets the time pass, with the timers that fall due in it. */
function wait(host: Host, milliseconds: number): void {
  const end = host.at + milliseconds;
  for (let timers = 0;; timers++) {
    if (timers > 10_000) throw new Error("a timer is due again and again");
    const [next] = [...host.timers].filter(([, at]) => at <= end).sort(([, one], [, other]) => one - other);
    if (next === undefined) break;
    const [timer, at] = next;
    host.timers.delete(timer);
    host.at = Math.max(host.at, at);
    if (timer === "retry") happen(host, { kind: "retry-due" });
    else if (timer === "rollout") happen(host, { kind: "rollout-due" });
    else happen(host, { kind: "release-due", timer: timer as "health", at: host.at });
  }
  host.at = end;
}

/** The host's clock is set forward (back: negative), or the host slept: the time of the timers goes on as before. */
function setClock(host: Host, milliseconds: number): void {
  host.at += milliseconds;
  for (const [timer, at] of host.timers) host.timers.set(timer, at + milliseconds);
}

/** The process ends at once, and another begins later from the disk. */
function restart(host: Host, milliseconds: number, isWritten: boolean): void {
  const { asked, limits } = host;
  if (isWritten && asked !== null && "write" in asked) host.snapshot = idOf(asked.write);
  host.asked = null;
  host.requests.length = 0;
  host.paused = false;
  host.timers.clear();
  host.at += milliseconds;
  const { snapshot } = host;
  const kept = reconciled(host.kept, snapshot && { hash: snapshot.hash, format: "hcl" }, host.at, limits);
  host.kept = kept;
  host.state = initialState<string>(host.snapshot, {
    releases: initialReleases(limits, kept),
    agreement: agreementOf(host.state.agreement !== null, host.ledger),
    rollouts: rolloutsOf(host.beginning),
  });
  happen(host, { kind: "release-start", at: host.at });
  happen(host, { kind: "hint", reason: "start" });
}

function idOf(text: string): SnapshotId {
  const [hash = "", contentHash = hash] = text.split("/");
  return { hash, contentHash };
}

/** Decides, and carries the actions out until the host is at rest. */
function happen(host: Host, event: Event<string>): void {
  take(host, event);
  if (!host.paused) answer(host);
}

function take(host: Host, event: Event<string>): void {
  const before = host.state;
  const { state, actions } = decide(before, event);
  host.state = state;
  checkReleases(before, event, state, actions, host.at);
  for (const action of actions) carryOut(host, action);
}

function carryOut(host: Host, action: Action<string>): void {
  if (host.store !== null && isStoreRequest(action)) host.requests.push(action);
  show(host, action.kind === "read-head" && host.store !== null ? "" : actionText(action));
  switch (action.kind) {
    case "look":
      host.asked = { look: outcomeOf(host, host.file) };
      return;
    case "look-back":
      host.asked = { look: backOutcomeOf(host, action.hash) };
      return;
    case "activate":
      // Both are on the disk before the rename.
      host.kept = action.releases;
      host.asked = { write: action.candidate, releases: action.releases };
      return;
    case "record":
      host.kept = action.releases;
      return;
    case "keep":
      host.ledger = action.ledger;
      return;
    case "arm-release":
      host.timers.set(action.timer, host.at + action.milliseconds);
      return;
    case "disarm-release":
      host.timers.delete(action.timer);
      return;
    case "arm-retry":
      host.timers.set("retry", host.at + action.milliseconds);
      return;
    case "disarm-retry":
      host.timers.delete("retry");
      return;
    case "arm-rollout":
      host.timers.set("rollout", host.at + action.milliseconds);
      return;
    case "disarm-rollout":
      host.timers.delete("rollout");
  }
}

/** A write that comes into force at once is one word: `runs 2 b (file)`. */
function show({ shown }: Host, text: string): void {
  const runs = /^activated (\d+ (.*) \(.*)$/.exec(text);
  if (runs !== null && shown.at(-1)?.split("/")[0] === `activate ${runs[2]}`) {
    shown[shown.length - 1] = `runs ${runs[1]}`;
  } else if (text !== "" && (text !== "read-fleet" || shown.at(-1) !== text)) shown.push(text);
}

function answer(host: Host): void {
  for (let turns = 0; !host.paused && (host.asked !== null || isAnswered(host)); turns++) {
    if (turns > 40) throw new Error(`the host does not come to rest: ${host.shown.join(", ")}`);
    answerOne(host);
  }
}

function isAnswered({ store, requests }: Host): boolean {
  return store !== null && store.answers !== "slow" && requests.length > 0;
}

function answerOne(host: Host): void {
  const { asked, at, writes, baseline } = host;
  if (asked === null) {
    for (const event of answersOf(host)) take(host, event);
    return;
  }
  host.asked = null;
  const timing = { tookMilliseconds: 1, random: 0, at };
  if ("look" in asked) return take(host, { kind: "looked", outcome: asked.look, ...timing });
  if (writes === "fail") {
    return take(host, { kind: "activated", result: { kind: "failed", reason: "EIO" }, ...timing });
  }
  if (writes === "refused") {
    return take(host, { kind: "activated", result: { kind: "refused", reason: "no", diagnostics: [] }, ...timing });
  }
  host.snapshot = idOf(asked.write);
  take(host, { kind: "activated", result: { kind: "written", baseline }, ...timing });
}

function outcomeOf(host: Host, what: string): LookOutcome<string> {
  const [outcome, known = null] = what.split(":");
  if (outcome === "bad") return { kind: "rejected", fingerprint: what, reason: "wrong", diagnostics: [], hash: known };
  if (what === "gone") return { kind: "unreadable", fingerprint: what, reason: "EIO" };
  if (what === "none") return { kind: "none" };
  const text = { format: "hcl", digest: what } as const;
  const id = idOf(what);
  const trouble = host.unapproved.get(id.hash);
  const approval = trouble === undefined ? null : { isApproved: false, have: 0, need: 1, trouble };
  return { kind: "candidate", ...id, fingerprint: what, candidate: what, text, stored: host.snapshot, approval };
}

function backOutcomeOf(host: Host, hash: string): LookOutcome<string> {
  const trouble = host.texts.get(hash);
  const fingerprint = `text ${hash}`;
  if (trouble === "lost") return { kind: "unreadable", fingerprint, reason: "no text" };
  if (trouble === "refused") return { kind: "unreadable", fingerprint, reason: "wrong", isRefused: true };
  if (trouble === "broken") return { kind: "rejected", fingerprint, reason: "wrong", diagnostics: [] };
  return { ...outcomeOf(host, trouble === "rotated" ? `${hash}/rotated` : hash), fingerprint } as LookOutcome<string>;
}

/** Actions with effects that other lines show have no text: records, timers. */
function actionText(action: Action<string>): string {
  switch (action.kind) {
    case "look":
    case "check-health":
    case "read-head":
    case "supersede":
      return action.kind;
    case "look-back":
      return `back ${action.hash}`;
    case "activate":
      return `activate ${action.candidate}`;
    case "read-fleet":
    case "move-rollout":
      return requestText(action);
    case "announce": {
      const { hash, base, undoes, skips, force } = action.announcement;
      const list = (name: string, hashes: readonly string[]) =>
        hashes.length === 0 ? "" : ` ${name} ${hashes.join("+")}`;
      const skipped = list("skips", skips.map((one: Skip) => one.hash));
      return `announce ${hash} on ${base}${list("undoes", undoes)}${skipped}${force ? " by force" : ""}`;
    }
    case "report":
      return reportText(action.report);
    default:
      return "";
  }
}

function reportText(report: Report<string>): string {
  switch (report.kind) {
    case "activated": {
      const { release, change, held } = report;
      const what = release === null ? change : `${release.number} ${release.hash} (${release.cause})`;
      return `activated ${what}${held === null ? "" : ` in place of ${held.hash}`}`;
    }
    case "held": {
      const { held, repeated } = report;
      const trouble = held.kind === "skipped" && held.trouble !== null ? `: ${held.trouble}` : "";
      const why = held.kind === "staged" ? held.why : held.kind;
      return `held ${why} ${held.hash}${trouble}${repeated ? " again" : ""}`;
    }
    case "rolling-back": {
      const { from, to, rollback: { cause, scope } } = report;
      return `rolling-back ${from.number} to ${to} (${cause}, ${scope})`;
    }
    case "baking":
    case "healthy":
    case "confirmed":
      return `${report.kind} ${report.release.number}`;
    case "unhealthy":
      return `unhealthy ${report.release.number}${report.halted === null ? "" : `, halted: ${report.halted}`}`;
    case "hold-ended":
      return `hold-ended${report.by === null ? "" : ` by ${report.by}`}`;
    case "rollout-proposed":
    case "rollout-moved":
    case "rollout-done":
    case "rollout-refused":
      return rolloutReportText(report);
    default:
      return report.kind;
  }
}
