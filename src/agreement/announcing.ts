// The rules of announcing: a compare-and-set on the head, under which a generation never goes backwards. The script
// that Redis runs follows the same rules in the same order, as their common contract tests show.
import { type Head, MAX_GENERATION } from "./head.ts";
import { isSkipped, joinSkips, type Skip } from "./skip.ts";

/** The request to make a hash the head. */
export interface Announcement {
  readonly hash: string;
  /** The hash on which the change was made: if the head is another, it has moved on. Null: none. */
  readonly base: string | null;
  /** Earlier own hashes that may have become the head, since no answer came: a change on one of them is on the head. */
  readonly unanswered: readonly string[];
  /**
   * The generation that the instance agreed with last; 0: none. If the hash was the head of a later one, and the head
   * is not the instance's own, the hash is a late copy of an older state, and refused.
   */
  readonly since: number;
  /** The highest generation that the instance has seen: the new one is higher, and a head below it is a lost one. */
  readonly floor: number;
  /** Whether to write if the head is lost: missing, or below the floor. */
  readonly restores: boolean;
  /** Whether to overrule a head that moved on, and a skip of the hash. */
  readonly force: boolean;
  /** Skips to add to the store's. */
  readonly skips: readonly Skip[];
  /**
   * The hashes that a rollback undoes: it overrules a head with one of them and, if its own hash is among them, the skip
   * of that. Empty: the announcement is no rollback.
   */
  readonly undoes: readonly string[];
}

/** The answer to an announcement. A store may add fields to the head. */
export type AnnounceAnswer<H extends Head = Head> =
  /** The hash is the head now. `delivered` counts the other instances that got the message. */
  | { readonly kind: "accepted"; readonly head: H; readonly delivered: number }
  /** The head has that hash already, and nothing was sent. */
  | { readonly kind: "same"; readonly head: H }
  /** The head moved on, or the hash is an older state or skipped. */
  | { readonly kind: "refused"; readonly head: H }
  /** The head is missing (null) or below the floor, and the announcement does not restore it. */
  | { readonly kind: "lost"; readonly head: H | null }
  /** It is not known whether the hash is the head: an outage, a timeout, a refusal of the server. */
  | {
    readonly kind: "failed";
    /** Without secrets. */
    readonly reason: string;
  };

/** Whether an announcement is written, and under which generation, or why not. `skips` is the store's set after it. */
export type AnnouncementVerdict =
  | { readonly kind: "write"; readonly generation: number; readonly skips: readonly Skip[] }
  | { readonly kind: "same"; readonly skips: readonly Skip[] }
  | { readonly kind: "refused" }
  | { readonly kind: "lost" };

/**
 * Judges an announcement. `heads` are the remembered ones, the current one last; if empty, the head is missing. `skips`
 * is the store's set, which is empty then. If the head is below the floor, the set too is older than the state that the
 * instance has seen, so a hash in it may be restored.
 */
export function judgeAnnouncement(
  heads: readonly Head[],
  skips: readonly Skip[],
  announcement: Announcement,
): AnnouncementVerdict {
  const head = heads.at(-1);
  const { hash, base, unanswered, undoes, since, floor, restores, force } = announcement;
  const joined = joinSkips(skips, announcement.skips, hash);
  if (head !== undefined && head.generation >= floor) {
    if (!force && !undoes.includes(hash) && isSkipped(hash, skips)) return { kind: "refused" };
    if (head.hash === hash) return { kind: "same", skips: joined };
    const isLate = heads.some((one) => one.generation > since && one.hash === hash);
    const isOwn = unanswered.includes(head.hash) || undoes.includes(head.hash);
    const isOnHead = isOwn || (head.hash === base && !isLate);
    if (!force && !isOnHead) return { kind: "refused" };
  } else if (!force && !restores) return { kind: "lost" };
  const last = Math.max(head?.generation ?? 0, floor);
  return { kind: "write", generation: Math.min(last + 1, MAX_GENERATION), skips: joined };
}
