// What becomes of an announcement, given the heads so far: a compare-and-set under which a generation only grows. The script that
// Redis runs follows the same rules in the same order, as their common contract tests show.
import type { AnnounceRequest } from "./notifier.ts";

/** What becomes of an announcement: written under a generation, known already, refused, or one too many. */
export type Verdict =
  | { readonly kind: "write"; readonly generation: number }
  | { readonly kind: "same" }
  | { readonly kind: "refused" }
  | { readonly kind: "exhausted" };

/** A head as it is kept. */
export interface KeptHead {
  /** From 1 on. */
  readonly generation: number;
  /** What was announced. */
  readonly hash: string;
  /** Whether it is what the generation before was, written again because it had been lost. */
  readonly restored: boolean;
}

/** Judges an announcement. `heads` are those that are remembered, the current one last; none: it is missing. */
export function judgeAnnouncement(heads: readonly KeptHead[], request: AnnounceRequest): Verdict {
  const head = heads.at(-1);
  const { hash, base, floor, force, since = Infinity } = request;
  if (head !== undefined && head.generation >= floor) {
    if (head.hash === hash) return { kind: "same" };
    // A change on what was lost and restored is one on what it was restored to.
    const isOnHead = head.generation === base || (head.restored && base > 0 && head.generation === base + 1);
    const isLate = heads.some((one) => one.generation > since && one.hash === hash);
    if (!force && (!isOnHead || isLate)) return { kind: "refused" };
  }
  const last = Math.max(head?.generation ?? 0, floor);
  return last >= Number.MAX_SAFE_INTEGER ? { kind: "exhausted" } : { kind: "write", generation: last + 1 };
}

/** Whether a head that an announcement makes is a restored one. */
export function isRestoring({ base }: AnnounceRequest): boolean {
  return base < 0;
}
