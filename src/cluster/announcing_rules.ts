// What becomes of an announcement, given the heads so far: a compare-and-set under which a generation never goes back. The
// script that Redis runs follows the same rules in the same order, as their common contract tests show.
import type { AnnounceRequest } from "./notifier.ts";

/** What becomes of an announcement: written under a generation, or not, and why. */
export type Verdict =
  | { readonly kind: "write"; readonly generation: number }
  | { readonly kind: "same" | "refused" | "lost" };

/** A head as it is kept. */
export interface KeptHead {
  /** From 1 on. */
  readonly generation: number;
  /** What was announced. */
  readonly hash: string;
}

/** Judges an announcement. `heads` are those that are remembered, the current one last; none: it is missing. */
export function judgeAnnouncement(heads: readonly KeptHead[], request: AnnounceRequest): Verdict {
  const head = heads.at(-1);
  const { hash, base, unanswered, since, floor, restores, force } = request;
  if (head !== undefined && head.generation >= floor) {
    if (head.hash === hash) return { kind: "same" };
    const isLate = heads.some((one) => one.generation > since && one.hash === hash);
    const isOnHead = unanswered.includes(head.hash) || (head.hash === base && !isLate);
    if (!force && !isOnHead) return { kind: "refused" };
  } else if (!force && !restores) return { kind: "lost" };
  const last = Math.max(head?.generation ?? 0, floor);
  return { kind: "write", generation: Math.min(last + 1, MAX_GENERATION) };
}

/**
 * Far beyond what can be counted to. A head with a later one is a lie and taken for none; and since announcements compare
 * hashes, a lie just below it costs the order of generations and not agreement: the count stays there.
 */
export const MAX_GENERATION = 2 ** 52;
