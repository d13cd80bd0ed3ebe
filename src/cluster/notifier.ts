// The contract between an instance and its cluster: one announces, reads the head, hears messages, and tells and sees
// who runs what. An outage is an answer, never a throw; what is heard is a hint, and the head alone says what holds.
import type { AnnounceAnswer, Announcement } from "../agreement/announcing.ts";
import type { Head } from "../agreement/head.ts";
import type { Message } from "./announcement.ts";
import type { Peer, PeerRecord } from "./peers.ts";

/** The head, with what the store knows of it. */
export interface StoredHead extends Head {
  /** The incarnation of the process that announced it. */
  readonly by: string;
  /** How long ago it was announced, by the store's clock; no host's clock takes part. */
  readonly ageMilliseconds: number;
}

/** The head (null: there is none), or in one line without secrets why it could not be read. */
export type HeadAnswer =
  | { readonly ok: true; readonly head: StoredHead | null }
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
  announce(announcement: Announcement): Promise<AnnounceAnswer<StoredHead>>;
  /** Reads the head. */
  head(): Promise<HeadAnswer>;
  /** Makes all look again although nothing changed, by the message that older Honua servers send: a path. */
  lookAgain(path: string): Promise<LookAgainAnswer>;
  /** Writes what this instance runs, for as long as the record lives. */
  tell(record: PeerRecord): Promise<TellAnswer>;
  /** Reads the records of all living processes, each of its own, also if two have one name. */
  peers(): Promise<PeersAnswer>;
}
