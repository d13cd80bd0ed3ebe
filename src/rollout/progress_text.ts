// A rollout in words: its progress, its end, and the notes on its hosts. Texts from outside are as they were given, so
// a caller makes the result safe for a terminal or a page.
import { durationText } from "../time/elapsed_text.ts";
import type { RolloutHost, RolloutSummary } from "./rollout_view.ts";

/** How far a rollout is, as a {@linkcode RolloutSummary} of this version or a later one has it. */
export interface RolloutProgress extends Omit<RolloutSummary, "hash" | "phase"> {
  readonly phase: string;
}

interface RolloutMove extends RolloutProgress {
  readonly ageSeconds: number;
  readonly bakeSeconds: number;
  readonly deadlineSeconds: number;
}

/** The outcome of a rollout, as far as it is known. */
export type RolloutEnd = "under way" | "waits" | "done" | "rolled back" | "withdrawn" | "void";

/** `waits`: it goes on only if a person says so. */
export function endOf({ phase, isUnderWay, isVoid, isDone }: RolloutProgress): RolloutEnd {
  if (isDone) return "done";
  if (phase === "withdrawn") return phase;
  // A skip of the candidate takes it back before the phase says so.
  if (phase === "rolled-back" || (!isUnderWay && !isVoid)) return "rolled back";
  if (isVoid) return "void";
  return phase === "halted" || phase === "paused" ? "waits" : "under way";
}

/** Whether a status shows it: it is under way, or ended last of all and a person should know how. */
export function isShown(rollout: RolloutProgress): boolean {
  return !rollout.isVoid && ["under way", "waits", "rolled back"].includes(endOf(rollout));
}

/** `step 2 of 3, 3 of 10 hosts let in, baking`. */
export function progressText(rollout: RolloutProgress): string {
  const { phase, step, steps, why } = rollout;
  const because = why === null ? "" : `: ${why}`;
  const end = endOf(rollout);
  switch (end) {
    case "done":
      return "done, all hosts are let in";
    case "void":
      return "over, because another configuration came into force meanwhile";
    case "rolled back":
    case "withdrawn":
      return `${end}${because}`;
    default: {
      const hosts = steps.at(-1)!;
      if (phase === "awaiting-approval") return `waits for approvals before the first of ${hosts} hosts is let in`;
      const letIn = `${steps[step] ?? hosts} of ${hosts} ${hosts === 1 ? "host" : "hosts"} let in`;
      return `step ${step + 1} of ${steps.length}, ${letIn}, ${phase}${because}`;
    }
  }
}

/** The time of the last move, and the next limit: `12 s ago, bakes for 48 s more`. */
export function moveText(rollout: RolloutMove): string {
  const { phase, ageSeconds, bakeSeconds, deadlineSeconds } = rollout;
  const ago = `${durationText(ageSeconds * 1000)} ago`;
  if (endOf(rollout) !== "under way") return ago;
  const limit = phase === "baking" ? bakeSeconds : deadlineSeconds;
  const left = durationText((limit - ageSeconds) * 1000);
  return phase === "baking"
    ? `${ago}, bakes for ${left} more`
    : `${ago}, is halted in ${left} if its hosts are not healthy`;
}

/** The note on a host in a rollout for a person; empty: none. */
export function noteText(
  { rejected, ownRejected, isLetIn, runs, isHere, rank }:
    & Pick<RolloutHost, "rejected" | "ownRejected" | "isLetIn" | "isHere" | "rank">
    & { readonly runs: string | null },
): string {
  if (rejected !== null) return `rejected it: ${rejected}`;
  if (ownRejected !== null && isLetIn && runs !== "candidate") return `its own source is rejected: ${ownRejected}`;
  if (!isHere) return "has no record now: it is away, and this is its id";
  return rank === null ? "came later: it follows when the rollout is done" : "";
}
