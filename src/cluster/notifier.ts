// The contract between an instance and its cluster: it announces, reads the head, hears messages, writes its own record
// and reads those of its peers. An outage is an answer, never a throw. A message is a hint; only the head counts.
import type { AnnounceAnswer, Announcement } from "../agreement/announcing.ts";
import type { Head } from "../agreement/head.ts";
import type { MoveAnswer, RolloutMove, StoredRollout } from "../agreement/rollout.ts";
import type { Skip } from "../agreement/skip.ts";
import type { Message } from "./announcement.ts";
import type { Peer, PeerRecord } from "./peer_record.ts";
import type { ApprovalsAnswer, PutApprovalAnswer } from "./stored_approvals.ts";
import type { PutSourceAnswer, SourceAnswer, StoredSource } from "./stored_source.ts";

/** The head, with the facts that only the store knows. */
export interface StoredHead extends Head {
  /** The incarnation of the process that announced it. */
  readonly by: string;
  /** The time since the announcement, by the store's clock only: no host's clock takes part. */
  readonly ageMilliseconds: number;
  /** The hashes that no instance runs unless a person forces it. */
  readonly skips: readonly Skip[];
  /** Null: there is none, or the store has something else in its place. */
  readonly rollout: StoredRollout | null;
  /** The mark of the text that the store has as the rollout, valid or not, for the next move; null: it has none. */
  readonly rolloutMark: string | null;
}

/** The head (null: there is none), or the reason why it could not be read: one line without secrets. */
export type HeadAnswer =
  | { readonly ok: true; readonly head: StoredHead | null }
  | { readonly ok: false; readonly reason: string };

/** Whether the record was written; `namesake`: another living process uses this instance's name. */
export type WriteRecordAnswer =
  | { readonly ok: true; readonly namesake: boolean }
  | { readonly ok: false; readonly reason: string };

/** The living processes, this one included, in the order of their names; or the reason why they are not known. */
export type PeersAnswer =
  | {
    readonly ok: true;
    readonly peers: readonly Peer[];
    /**
     * Since when there are records without a gap, by the store's clock; absent: not known. Until each living process had
     * to write its record in that time, some may be missing.
     */
    readonly ageMilliseconds?: number;
    /** Why others may be missing: the store does not have the record of this process either. One line; absent: it has. */
    readonly doubt?: string;
  }
  | { readonly ok: false; readonly reason: string };

/** The number of receivers, without this instance; or the reason why the message was not sent. */
export type LookAgainAnswer =
  | { readonly ok: true; readonly delivered: number }
  | { readonly ok: false; readonly reason: string };

/** Whether the cluster can be reached and heard at the moment. */
export type Link =
  | { readonly state: "connecting" }
  /** `refuses`: the reason why Redis refuses requests, one line without secrets; absent: it refuses none. */
  | { readonly state: "up"; readonly refuses?: string }
  /** `final`: the link is not tried again. `reason` is one line without secrets. */
  | { readonly state: "down"; readonly reason: string; readonly final: boolean };

/** Receives messages and changes of the link. Neither function may throw. */
export interface Listener {
  /** Called for each message, this instance's own included. */
  heard(message: Message): void;
  /**
   * Called for each change of the link and each new reason, not for each try; with `up` also if messages may have been
   * missed before it.
   */
  linked(link: Link): void;
}

/** A way to the cluster. Disposing of it ends all that it began, and waits for that. */
export interface Notifier extends AsyncDisposable {
  /** Begins to connect and to listen; only once. Returns at once: the listener receives the result. */
  watch(listener: Listener): void;
  /** The present state. */
  link(): Link;
  /** Makes a hash the head if no other instance was quicker, and sends the message of it. */
  announce(announcement: Announcement): Promise<AnnounceAnswer<StoredHead>>;
  head(): Promise<HeadAnswer>;
  /**
   * Replaces the rollout if no other instance was quicker, and sends the message of the present head, so that all read
   * it again.
   */
  moveRollout(move: RolloutMove): Promise<MoveAnswer<StoredHead>>;
  /** Makes every instance look again although nothing changed, by the message that older Honua servers send: a path. */
  lookAgain(path: string): Promise<LookAgainAnswer>;
  /**
   * Keeps a source under its hash for weeks. The caller has one transfer under way at a time, which bounds the memory.
   */
  putSource(hash: string, source: StoredSource): Promise<PutSourceAnswer>;
  /** Reads the source of a hash. Any client can write there: compile it, and compare the hash. */
  source(hash: string): Promise<SourceAnswer>;
  /** Adds a signature to those of a hash, and keeps them for weeks. The same one again only makes it the newest. */
  putApproval(hash: string, signature: string): Promise<PutApprovalAnswer>;
  /** Reads the signatures of a hash, the newest last. Any client can write there: verify each. */
  approvals(hash: string): Promise<ApprovalsAnswer>;
  /** Writes this instance's record, which expires if it is not written again. */
  writeRecord(record: PeerRecord): Promise<WriteRecordAnswer>;
  /** Reads the records of all living processes; two processes with one name have a record each. */
  peers(): Promise<PeersAnswer>;
}
