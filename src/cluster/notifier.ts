// The contract between an instance and its cluster: one announces, reads the head, hears messages, and tells and sees
// who runs what. An outage is an answer, never a throw; what is heard is a hint, and the head alone says what holds.
import type { Message } from "./announcement.ts";
import type { Peer, PeerRecord } from "./peers.ts";

/** What the cluster has agreed on last. */
export interface Head {
  /** Counts announced changes, from 1 on. */
  readonly generation: number;
  /** The announced hash: SHA-256 of a portable config, in hex. */
  readonly hash: string;
  /** The incarnation of the process that announced it. */
  readonly by: string;
  /** How long ago it was announced, by the clock of the one who keeps it; no host's clock takes part. */
  readonly ageMilliseconds: number;
}

/** What an instance wants to become the head. */
export interface AnnounceRequest {
  /** The hash of what it runs. */
  readonly hash: string;
  /** The hash on which the change was made: where the head is another, it has moved on; null: on none. */
  readonly base: string | null;
  /** Own hashes of before that may have become the head, for no answer came: a change on one of them is on the head. */
  readonly unanswered: readonly string[];
  /**
   * The generation that the instance agreed with last; 0: none. Where the hash was the head of a later one, and the head
   * is not the instance's own, it is an older state on its way, and refused.
   */
  readonly since: number;
  /** The highest generation that the instance has seen: the new one is higher, and a head below it is a lost one. */
  readonly floor: number;
  /** Whether it is written where the head is lost: missing, or below the floor. */
  readonly restores: boolean;
  /** Writes over a head that moved on. */
  readonly force: boolean;
}

/** How an announcement ended. */
export type AnnounceAnswer =
  /** It is the head now. `delivered` counts those who got the message, this instance not among them. */
  | { readonly kind: "accepted"; readonly head: Head; readonly delivered: number }
  /** The head says the same already, and nothing was sent. */
  | { readonly kind: "same"; readonly head: Head }
  /** The head moved on, or the hash is an older state. */
  | { readonly kind: "refused"; readonly head: Head }
  /** The head is missing (null) or below the floor, and was not to be restored. */
  | { readonly kind: "lost"; readonly head: Head | null }
  /** Nobody knows whether it was taken: an outage, a timeout, a refusal of the server. `reason` has no secret. */
  | { readonly kind: "failed"; readonly reason: string };

/** The head (null: there is none), or in one line without secrets why it could not be read. */
export type HeadAnswer =
  | { readonly ok: true; readonly head: Head | null }
  | { readonly ok: false; readonly reason: string };

/** Whether all was told; `namesake` says that another living process uses this instance's name. */
export type TellAnswer =
  | { readonly ok: true; readonly namesake: boolean }
  | { readonly ok: false; readonly reason: string };

/** Which processes are there, this one included, in the order of their names; or why that is not known. */
export type PeersAnswer =
  | { readonly ok: true; readonly peers: readonly Peer[] }
  | { readonly ok: false; readonly reason: string };

/** How many got a message, this instance not among them; or why it was not sent. */
export type LookAgainAnswer =
  | { readonly ok: true; readonly delivered: number }
  | { readonly ok: false; readonly reason: string };

/** Whether the cluster can be reached and heard at the moment. */
export type Link =
  | { readonly state: "connecting" }
  /** `refuses`: why Redis answers and refuses requests, in one line without secrets; absent: it refuses none. */
  | { readonly state: "up"; readonly refuses?: string }
  /** `final`: it was given up and is not tried again. `reason` is one line without secrets. */
  | { readonly state: "down"; readonly reason: string; readonly final: boolean };

/** Is told what is heard. Neither function may throw. */
export interface Listener {
  /** A message arrived, this instance's own included. */
  heard(message: Message): void;
  /** The link changed: once a change or a reason that is new, not once a try. `up` comes whenever messages may have been missed before it. */
  linked(link: Link): void;
}

/** A way to the cluster. Disposing of it ends all that it has begun and waits for it. */
export interface Notifier extends AsyncDisposable {
  /** Begins to connect and to listen, once. Returns at once; what becomes of it is told to the listener. */
  watch(listener: Listener): void;
  /** Whether the cluster can be reached now. */
  link(): Link;
  /** Makes a hash the head, where nobody was quicker, and tells all. */
  announce(request: AnnounceRequest): Promise<AnnounceAnswer>;
  /** Reads the head. */
  head(): Promise<HeadAnswer>;
  /** Makes all look again although nothing changed, by the message that older Honua servers send: a path. */
  lookAgain(path: string): Promise<LookAgainAnswer>;
  /** Writes what this instance runs, for as long as the record lives. */
  tell(record: PeerRecord): Promise<TellAnswer>;
  /** Reads the records of all living processes, each of its own, also if two have one name. */
  peers(): Promise<PeersAnswer>;
}
