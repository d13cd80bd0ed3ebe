// A transcript of the reload loop: one line an event and the actions that must follow, `hint file -> look`. Marks are
// written hash/content (`1/2`), `none` is no snapshot; jitter is 0, so a wait is half of the longest that the backoff
// allows.
import { assertEquals } from "@std/assert";
import { decide } from "../../src/reload/decide.ts";
import type { Action, Event, LookOutcome } from "../../src/reload/events.ts";
import type { Report } from "../../src/reload/report.ts";
import {
  type HintReason,
  initialState,
  type SnapshotId,
  type State,
  type StateOptions,
} from "../../src/reload/state.ts";

/** Replays the lines from a loop at rest with `active` in force, and returns the state that they end in. */
export function replay(active: string, transcript: string, beginnings: StateOptions = {}): State<string> {
  let state = initialState<string>(snapshotIdOf(active), beginnings);
  for (const line of transcript.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    const [event = "", actions = ""] = line.split("->").map((part) => part.trim());
    const decision = decide(state, eventOf(event, state));
    state = decision.state;
    // The releases have their own transcripts.
    const shown = decision.actions.filter((one) => one.kind !== "record");
    assertEquals(shown.map(actionText).join(", "), actions, `after ${event}`);
  }
  return state;
}

/** The snapshot id of `1/2`, or null of `none`. */
export function snapshotIdOf(text: string): SnapshotId | null {
  const [hash = "", contentHash = ""] = text.split("/");
  return text === "none" ? null : { hash, contentHash };
}

/**
 * `hint REASON` · `saw MARK [stored MARK]` (stored: default the snapshot in force) · `saw rejected SOURCE [unread]` ·
 * `saw unreadable CODE` · `wrote` · `failed REASON` · `refused REASON` · `superseded` · `retry-due` · `stop`.
 */
function eventOf(text: string, state: State<string>): Event<string> {
  const [verb, ...rest] = text.split(" ");
  const timing = { tookMilliseconds: 5, random: 0, at: 0 };
  switch (verb) {
    case "hint":
      return { kind: "hint", reason: rest[0] as HintReason };
    case "saw":
      return { kind: "looked", outcome: outcomeOf(rest, state), ...timing };
    case "wrote":
      return { kind: "activated", result: { kind: "written" }, ...timing };
    case "failed":
      return { kind: "activated", result: { kind: "failed", reason: rest[0]! }, ...timing };
    case "refused":
      return { kind: "activated", result: { kind: verb, reason: rest[0]!, diagnostics: [] }, ...timing };
    case "superseded":
      return { kind: "activated", result: { kind: verb }, ...timing };
    case "retry-due":
    case "stop":
      return { kind: verb };
  }
  throw new Error(`no such event: ${text}`);
}

function outcomeOf([what = "", detail = "", stored]: string[], state: State<string>): LookOutcome<string> {
  if (what === "rejected") {
    return { kind: what, fingerprint: detail, reason: "wrong", diagnostics: [], isUnread: stored === "unread" };
  }
  if (what === "unreadable") return { kind: what, fingerprint: detail, reason: detail };
  return {
    kind: "candidate",
    ...snapshotIdOf(what)!,
    fingerprint: what,
    candidate: what,
    text: { format: "hcl", digest: what },
    stored: stored === undefined ? state.active : snapshotIdOf(stored),
  };
}

function actionText(action: Action<string>): string {
  switch (action.kind) {
    case "activate":
      return `activate ${action.candidate}`;
    case "arm-retry":
      return `arm-retry ${action.milliseconds}`;
    case "report":
      return `report ${reportText(action.report)}`;
    default:
      return action.kind;
  }
}

function reportText(report: Report<string>): string {
  const words: unknown[] = [report.kind];
  if (report.kind === "activated") words.push(report.change);
  if ("fingerprint" in report) words.push(report.fingerprint);
  if (report.kind === "rejected" && report.isUnread) words.push("unread");
  if ("healed" in report && report.healed !== null) words.push("healed", report.healed);
  if ("repeated" in report && report.repeated) words.push("again");
  if ("reasons" in report) words.push(`(${report.reasons.join(" ")})`);
  return words.join(" ");
}
