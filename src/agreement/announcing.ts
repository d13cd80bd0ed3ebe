// The rules of announcing: a compare-and-set on the head, under which a generation never goes back. The script that Redis
// runs follows the same rules in the same order, as their common contract tests show.
import { type Head, MAX_GENERATION } from "./head.ts";

/** What an instance wants to become the head. */
export interface Announcement {
  /** The hash of the configuration in force. */
  readonly hash: string;
  /** The hash on which the change was made: if the head is another, it has moved on; null: on none. */
  readonly base: string | null;
  /** Own hashes of before that may have become the head, for no answer came: a change on one of them is on the head. */
  readonly unanswered: readonly string[];
  /**
   * The generation that the instance agreed with last; 0: none. If the hash was the head of a later one, and the head is
   * not the instance's own, it is an older state on its way, and refused.
   */
  readonly since: number;
  /** The highest generation that the instance has seen: the new one is higher, and a head below it is a lost one. */
  readonly floor: number;
  /** Whether it is written if the head is lost: missing, or below the floor. */
  readonly restores: boolean;
  /** Whether a head that moved on is overruled. */
  readonly force: boolean;
}

/** How an announcement ended. A store adds to the head what it knows of it. */
export type AnnounceAnswer<H extends Head = Head> =
  /** It is the head now. `delivered` counts the other instances that got the message. */
  | { readonly kind: "accepted"; readonly head: H; readonly delivered: number }
  /** The head says the same already, and nothing was sent. */
  | { readonly kind: "same"; readonly head: H }
  /** The head moved on, or the hash is an older state. */
  | { readonly kind: "refused"; readonly head: H }
  /** The head is missing (null) or below the floor, and was not to be restored. */
  | { readonly kind: "lost"; readonly head: H | null }
  /** Nobody knows whether it was taken: an outage, a timeout, a refusal of the server. `reason` has no secret. */
  | { readonly kind: "failed"; readonly reason: string };

/** The judgement on an announcement: written under a generation, or not, and why. */
export type AnnouncementVerdict =
  | { readonly kind: "write"; readonly generation: number }
  | { readonly kind: "same" | "refused" | "lost" };

/** Judges an announcement. `heads` are those that are remembered, the current one last; none: it is missing. */
export function judgeAnnouncement(heads: readonly Head[], announcement: Announcement): AnnouncementVerdict {
  const head = heads.at(-1);
  const { hash, base, unanswered, since, floor, restores, force } = announcement;
  if (head !== undefined && head.generation >= floor) {
    if (head.hash === hash) return { kind: "same" };
    const isLate = heads.some((one) => one.generation > since && one.hash === hash);
    const isOnHead = unanswered.includes(head.hash) || (head.hash === base && !isLate);
    if (!force && !isOnHead) return { kind: "refused" };
  } else if (!force && !restores) return { kind: "lost" };
  const last = Math.max(head?.generation ?? 0, floor);
  return { kind: "write", generation: Math.min(last + 1, MAX_GENERATION) };
}
