// The next command for a person whose valid source is not in force, in one line. FILE is the path of that source, which
// the command line knows.
import type { HeldKind } from "../admin/daemon_api.ts";
import type { HeldBack } from "../cluster/peer_record.ts";
import type { Rollout } from "../agreement/rollout.ts";
import { isTakenBack } from "../releases/admission.ts";
import { type Held, type KeptReleases, runningRelease, skipOf } from "../releases/release.ts";

/** The knowledge of this host that an advice depends on. */
export interface AdviceFacts {
  readonly kept: KeptReleases;
  /** The one that is under way; null: none. */
  readonly rollout: Rollout | null;
}

/** Returns the advice about a source that is held. */
export function adviceOf(held: Held, { kept, rollout }: AdviceFacts): string {
  switch (held.kind) {
    case "frozen":
      return "honua-configd release-hold ends the hold; honua-configd reload --force overrules it";
    case "unapproved":
      return unapprovedAdvice(held.hash);
    case "staged":
      return stagedAdvice(held, { kept, rollout });
    case "skipped":
      return skippedAdvice(kept);
  }
}

function stagedAdvice(
  { why, hash }: Extract<Held, { readonly kind: "staged" }>,
  { kept, rollout }: AdviceFacts,
): string {
  switch (why) {
    case "late":
      return overtakenAdvice(hash, rollout);
    case "taken-back":
      if (rollout !== null && skipOf(kept, rollout.hash) !== null) return ENDS_OR_PASSES;
      return "honua-configd rollback --reason TEXT lets the other hosts go back too; to try the fleet's release " +
        "again here: honua-configd pull --force FILE, then honua-configd reload --force";
    case "ahead":
      return "honua-configd rollout shows the other change; when all hosts run it, honua-configd pull --force FILE " +
        "brings the file in line";
    case "unlinked":
      return "nothing: it is proposed when Redis is back, and the line Redis says why that is away; " +
        "honua-configd reload --now --reason TEXT takes it up on this host now, and on the others then";
    case "refused":
      return `when that is mended honua-configd reload proposes it; ${AT_ONCE}`;
    case "waiting":
      return rollout === null ? WAITS : waitingAdvice(rollout);
    case "proposing":
      return WAITS;
  }
}

const AT_ONCE = "honua-configd reload --now --reason TEXT takes it up on all hosts at once";
const WAITS = `honua-configd rollout shows what it waits for; ${AT_ONCE}`;

function waitingAdvice({ phase, hash }: Rollout): string {
  switch (phase) {
    case "awaiting-approval":
      return unapprovedAdvice(hash);
    case "halted":
      return `honua-configd rollout shows why it is halted; ${ENDS_OR_PASSES}`;
    case "paused":
      return "honua-configd promote --reason TEXT goes on with the rollout, which is paused; " +
        "honua-configd rollback --reason TEXT ends it for all hosts";
    default:
      return WAITS;
  }
}

/** Until the other change is agreed on, the fleet's release is the one before both. */
function overtakenAdvice(hash: string, rollout: Rollout | null): string {
  const isOnItsWay = rollout !== null && rollout.hash !== hash;
  const first = isOnItsWay ? "honua-configd rollout shows the other change; when all hosts run it, " : "";
  return `${first}honua-configd pull --force FILE brings the file in line with the fleet's release; ` +
    "to take the file up instead, on all hosts: honua-configd publish FILE --reason TEXT";
}

const ENDS_OR_PASSES = "honua-configd rollback --reason TEXT ends the rollout for all hosts; " +
  "honua-configd promote --reason TEXT goes on without the hosts that are not healthy";

function unapprovedAdvice(hash: string): string {
  const approves = `honua-configd approve ${hash.slice(0, 12)} --key FILE approves it, with the file of a key`;
  return `${approves}; honua-configd pending says what is missing`;
}

function skippedAdvice(kept: KeptReleases): string {
  const running = runningRelease(kept);
  const other = "honua-configd reload --force runs it as it is";
  // The release in its place could not be had.
  if (running === null || isTakenBack(kept)) {
    return `edit the file, or honua-configd rollback NUMBER --reason TEXT goes back to another one; ${other}`;
  }
  return `honua-configd show ${running.number} --output FILE brings the file in line, or edit it; ${other}`;
}

/** The kind of a hold in answers: `staged` waits for its step, `overtaken` and `taken-back` wait for nothing. */
export function heldKindOf(held: Held): HeldKind {
  if (held.kind !== "staged") return held.kind;
  if (held.why === "taken-back") return held.why;
  return held.why === "late" || held.why === "ahead" ? "overtaken" : "staged";
}

/** The reason in the record of this instance. */
export function heldBackOf(held: Held): HeldBack {
  const kind = heldKindOf(held);
  return kind === "skipped" ? "rolled-back" : kind;
}
