// The next command for a person whose valid source is not in force, in one line. FILE is the path of that source, which
// the command line knows.
import type { HeldKind } from "../admin/daemon_api.ts";
import type { HeldBack } from "../cluster/peer_record.ts";
import { isTakenBack } from "../releases/admission.ts";
import { type Held, type KeptReleases, runningRelease } from "../releases/release.ts";

/** Returns the advice about a source that is held. */
export function adviceOf(held: Held, kept: KeptReleases): string {
  switch (held.kind) {
    case "frozen":
      return "honua-configd release-hold ends the hold; honua-configd reload --force overrules it";
    case "unapproved":
      return `honua-configd approve ${held.hash.slice(0, 12)} approves it; honua-configd pending says what is missing`;
    case "staged":
      // To take it up would undo the fleet's release.
      if (held.why === "late") {
        return "honua-configd pull --force FILE brings the file in line with the fleet's release";
      }
      return "honua-configd rollout shows what it waits for; " +
        "honua-configd reload --now --reason TEXT takes it up on all hosts at once";
    case "skipped":
      return skippedAdvice(kept);
  }
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

/** The kind of a hold in answers: a file that waits for its step is told from one that waits for nothing. */
export function heldKindOf(held: Held): HeldKind {
  const isOvertaken = held.kind === "staged" && (held.why === "late" || held.why === "ahead");
  return isOvertaken ? "overtaken" : held.kind;
}

/** The reason in the record of this instance. */
export function heldBackOf(held: Held): HeldBack {
  const kind = heldKindOf(held);
  return kind === "skipped" ? "rolled-back" : kind;
}
