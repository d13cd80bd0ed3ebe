// The questions of the admin interface to the daemon about approvals. Every value is the JSON of an answer.
import type { OrderAnswer } from "./daemon_api.ts";

/** A configuration that waits for approval. */
export interface PendingApproval {
  readonly hash: string;
  /** The person who wrote it; null: not known. */
  readonly author: string | null;
  readonly reason: string | null;
  /** When it was proposed, in ISO 8601; null: not known. */
  readonly at: string | null;
  /** How many different keys approved it, and how many must. */
  readonly have: number;
  readonly need: number;
  /** The name of each key in the allowed signers of this host, and its fingerprint. */
  readonly signers: readonly { readonly principal: string; readonly key: string }[];
  /** Why other signatures do not count, in one line each. */
  readonly refused: readonly string[];
  /** Why not all signatures are known or could be judged, in one line; null: all were. */
  readonly trouble: string | null;
}

/** The releases that wait, and the text that a signature must name. */
export interface PendingApprovals {
  /** 0: nothing needs an approval here. */
  readonly required: number;
  /** The channel of the fleet. */
  readonly channel: string;
  readonly pending: readonly PendingApproval[];
}

/** How a signature was taken; every reason is one line with advice. */
export type ApproveAnswer =
  | {
    readonly ok: true;
    readonly hash: string;
    readonly have: number;
    readonly need: number;
    readonly signers: PendingApproval["signers"];
    /** Why it counts only on this host, and until its daemon ends; null: the other hosts find it in the store. */
    readonly notShared: string | null;
  }
  | { readonly ok: false; readonly reason: string };

/** The body of a request to reject a configuration. */
export interface RejectRequest {
  readonly hash: string;
  readonly reason: string;
  readonly author: string | null;
}

/** The part of the daemon that knows approvals. */
export interface ApprovalApi {
  pendingApprovals(): Promise<PendingApprovals>;
  /** Takes an armored signature of a hash. */
  approve(hash: string, signature: string): Promise<ApproveAnswer>;
  /** Resolves when no instance is to run the hash any more. */
  reject(request: RejectRequest): Promise<OrderAnswer>;
}
