// A rollout in words: its progress, its end, and the notes on its hosts. Texts from outside are as they were given, so
// a caller makes the result safe for a terminal or a page.
import { durationText } from "../time/elapsed_text.ts";
import type { RolloutHost, RolloutSummary } from "./rollout_view.ts";

/** How far a rollout is, as a {@linkcode RolloutSummary} of this version or a later one has it. */
export interface RolloutProgress extends Omit<RolloutSummary, "hash" | "phase" | "leftOut"> {
  readonly phase: string;
  readonly leftOut?: number | undefined;
  /** Absent: they are not known. */
  readonly hosts?: readonly OutsideHost[];
}

type OutsideHost = Pick<RolloutHost, "instance" | "rank" | "isHere"> & { readonly runs: string | null };

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
      return doneText(rollout);
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

/** The most hosts that follow and are named. */
const MAX_NAMED = 3;

/** Hosts without a place in the order take the candidate up when it is the head. */
function doneText({ steps, leftOut = 0, hosts }: RolloutProgress): string {
  const outside = hosts?.filter(({ rank }) => rank === null) ?? [];
  const behind = outside.filter(({ runs }) => runs !== "candidate");
  if (leftOut === 0 && behind.length === 0) return "done, all hosts are let in";
  const letIn = steps.at(-1)!;
  const all = letIn + Math.max(leftOut, outside.length);
  const begin = `done, ${letIn} of ${all} hosts let in`;
  if (hosts === undefined) return `${begin}, the others follow`;
  if (behind.length === 0) return `${begin}, the others followed`;
  const names = behind.slice(0, MAX_NAMED).map(({ instance, isHere }) => isHere ? instance : `${instance} (away)`);
  const more = behind.length - names.length;
  return `${begin}, still to follow: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The time of the last move, and the next limit: `12 s ago, bakes for 48 s more`. */
export function moveText(rollout: RolloutMove): string {
  const { phase, ageSeconds, bakeSeconds, deadlineSeconds } = rollout;
  const ago = `${durationText(ageSeconds * 1000)} ago`;
  // Approvals have no deadline.
  if (endOf(rollout) !== "under way" || phase === "awaiting-approval") return ago;
  const limit = phase === "baking" ? bakeSeconds : deadlineSeconds;
  const left = durationText((limit - ageSeconds) * 1000);
  return phase === "baking"
    ? `${ago}, bakes for ${left} more`
    : `${ago}, is halted in ${left} if its hosts are not healthy`;
}

/** The note on a host in a rollout for a person; empty: none. */
export function noteText(
  { rejected, ownRejected, hindrance, isLetIn, runs, isHere, rank, isLeftOut }:
    & Pick<RolloutHost, "rejected" | "ownRejected" | "isLetIn" | "isHere" | "rank">
    & {
      readonly runs: string | null;
      readonly hindrance?: string | undefined;
      readonly isLeftOut?: boolean | undefined;
    },
): string {
  if (rejected !== null) return `rejected it: ${rejected}`;
  if (ownRejected !== null && isLetIn && runs !== "candidate") return `its own source is rejected: ${ownRejected}`;
  if (hindrance !== undefined && isLetIn && runs !== "candidate") return `does not run it: ${hindrance}`;
  if (!isHere) return "has no record now: it is away, and this is its id";
  if (rank !== null) return "";
  const origin = isLeftOut === true ? "was left out when a person went on" : "came later";
  return runs === "candidate" ? origin : `${origin}: it follows when the rollout is done`;
}
