// A transcript of the exchange between an instance and its cluster: one line an event and its consequences for the
// cluster, `head b@2 -> look`. Jitter is 0, so a wait is half of the longest that the backoff allows.
import { assertEquals } from "@std/assert";
import type { ClusterEvent } from "../../src/agreement/agree.ts";
import { initialAgreement, type Ledger } from "../../src/agreement/agreement.ts";
import { decide } from "../../src/reload/decide.ts";
import type { Action, Event } from "../../src/reload/events.ts";
import { type HintReason, initialState, type SnapshotId, type State } from "../../src/reload/state.ts";

/** Agreed on `a` at generation 1. */
export const AGREED: Ledger = {
  seen: 1,
  agreed: { generation: 1, hash: "a" },
  diverged: null,
  concluded: "a",
  unanswered: [],
  owed: null,
};

/** As far as an instance that agreed on `a` comes when it starts. */
export const STARTED = `linked -> look, read-head
  finds a ->
  head a@1 -> report agreed, read-head
  head a@1 ->`;

/** The beginning of an instance: agreed on `a`, and a second to settle, unless given. */
export interface Start {
  readonly ledger?: Ledger;
  /** The mark in force, `a` is `a/1`. */
  readonly active?: string | null;
  readonly settleMilliseconds?: number;
  /** Goes on from there instead. */
  readonly from?: State<string>;
}

function markOf(text: string): SnapshotId {
  const [hash = "", contentHash = hash] = text.split("/");
  return { hash, contentHash };
}

/** Replays the lines, and returns the state that they end in. */
export function replayAgreement(start: Start, transcript: string): State<string> {
  const { ledger = AGREED, active = "a", settleMilliseconds = 1_000 } = start;
  const limits = { settleMilliseconds, reconcileMilliseconds: 30_000 };
  let state = start.from ??
    initialState<string>(
      active === null ? null : markOf(active),
      { agreement: initialAgreement(ledger, limits) },
    );
  for (const line of transcript.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    const [event = "", expected = ""] = line.split("->").map((part) => part.trim());
    const actions: Action<string>[] = [];
    const happen = (one: Event<string>) => {
      const decision = decide(state, one);
      state = decision.state;
      actions.push(...decision.actions);
    };
    const [verb = "", what = ""] = event.split(" ");
    if (verb === "finds") find(what, () => state, happen);
    else happen(eventOf(verb, what));
    assertEquals(actions.map(actionText).filter((text) => text !== "").join(", "), expected, `after ${event}`);
  }
  return state;
}

/**
 * `finds b`: the current look, or one for the file, finds b, which is written if it is another. `finds nothing`: the
 * source is rejected; `finds no-file`: it cannot read the source, and tries again; `finds missing`: there is none;
 * `finds b!`: b cannot be written.
 */
function find(what: string, state: () => State<string>, happen: (event: Event<string>) => void): void {
  const timing = { tookMilliseconds: 1, random: 0, at: 0 };
  if (state().work.kind === "idle") happen({ kind: "hint", reason: "file" });
  if (what === "no-file") {
    const outcome = { kind: "unreadable", fingerprint: "EIO", reason: "EIO" } as const;
    return happen({ kind: "looked", outcome, ...timing });
  }
  if (what === "nothing" || what === "missing") {
    const isUnread = what === "missing";
    const outcome = { kind: "rejected", fingerprint: "x", reason: "wrong", diagnostics: [], isUnread } as const;
    return happen({ kind: "looked", outcome, ...timing });
  }
  const outcome = {
    kind: "candidate",
    ...markOf(what),
    fingerprint: what,
    candidate: what,
    text: { format: "hcl", digest: what },
  } as const;
  happen({ kind: "looked", outcome: { ...outcome, stored: state().active }, ...timing });
  if (state().work.kind !== "activating") return;
  const result = what.endsWith("!") ? { kind: "failed", reason: "ENOSPC" } as const : { kind: "written" } as const;
  happen({ kind: "activated", result, ...timing });
}

/**
 * `linked` · `unlinked` · `heard` · `head none|HASH@GENERATION` · `unreadable` · `accepted|same|refused|lost HEAD` ·
 * `failed` · `reconcile-due` · `settle-due` · `hint REASON`.
 */
function eventOf(verb: string, what: string): Event<string> {
  const random = 0;
  const [hash = "", generation] = what.split("@");
  const head = { hash, generation: Number(generation) };
  const answered = (answer: Extract<ClusterEvent, { kind: "announcement-answered" }>["answer"]): Event<string> => {
    return { kind: "announcement-answered", answer, random };
  };
  switch (verb) {
    case "linked":
    case "reconcile-due":
      return { kind: verb, random };
    case "unlinked":
    case "heard":
    case "settle-due":
      return { kind: verb };
    case "hint":
      return { kind: "hint", reason: what as HintReason };
    case "head":
      return { kind: "head-read", head: what === "none" ? null : head, skips: [] };
    case "unreadable":
      return { kind: "head-unreadable", reason: "timeout", random };
    case "accepted":
      return answered({ kind: verb, head, delivered: 2 });
    case "same":
    case "refused":
      return answered({ kind: verb, head });
    case "lost":
      return answered({ kind: verb, head: what === "none" ? null : head });
    case "failed":
      return answered({ kind: verb, reason: "timeout" });
  }
  throw new Error(`no such event: ${verb}`);
}

/** The actions for the cluster; the rest of the reload has its own transcripts. */
function actionText(action: Action<string>): string {
  switch (action.kind) {
    case "look":
    case "read-head":
      return action.kind;
    case "arm-settle":
      return `arm-settle ${action.milliseconds}`;
    case "announce": {
      const { hash, base, unanswered, floor, restores, force } = action.announcement;
      const how = force ? " by force" : restores ? "" : " patiently";
      return `announce ${hash} on ${[base ?? "nothing", ...unanswered].join("+")} above ${floor}${how}`;
    }
    case "report":
      return "reasons" in action.report ? "" : `report ${action.report.kind}`;
    default:
      return "";
  }
}

/** The part of a state that is kept for the next process. */
export function ledgerOf(state: State<string>): Ledger {
  return state.agreement!.ledger;
}
