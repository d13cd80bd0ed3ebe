// The loop's access to the fleet's rollout: the living instances as rollouts see them, and moves, before which a
// proposed text is in the store.
import type { RolloutAnswer } from "../admin/daemon_api.ts";
import type { RolloutMove } from "../agreement/rollout.ts";
import type { Notifier, PeersAnswer, StoredHead } from "../cluster/notifier.ts";
import type { Peer } from "../cluster/peer_record.ts";
import type { ClusterAccess } from "../reload/cluster_access.ts";
import type { FleetAnswer, FleetMember, MoveOutcome } from "../rollout/rollouts.ts";
import { viewRollout } from "../rollout/rollout_view.ts";
import type { StoreView } from "../rollout/staging.ts";
import type { KeyRingFile } from "../releases/key_ring.ts";
import type { TextRead } from "../releases/source_history.ts";
import { putText } from "./store_sources.ts";

/** The parts of the access. */
export interface RolloutAccessParts {
  readonly notifier: Pick<Notifier, "peers" | "head" | "moveRollout" | "putSource" | "source">;
  /** Seals texts; null: none. */
  readonly keyRing: KeyRingFile | null;
  /** The text of a config that this host compiled: of a release, or of its source. */
  textOf(hash: string): Promise<TextRead>;
  /** How long there have to be records before each living instance has written its own. */
  readonly gatherMilliseconds: number;
  /** Called after a move: the head is to be read, as after a message of another instance. */
  moved(): void;
}

/** Makes the functions of the access. */
export function rolloutAccess(
  { notifier, keyRing, textOf, gatherMilliseconds, moved }: RolloutAccessParts,
): Pick<ClusterAccess, "readFleet" | "moveRollout"> {
  return {
    async readFleet(): Promise<FleetAnswer> {
      const answer = await notifier.peers();
      if (!answer.ok) return answer;
      // Read after the peers: their hashes were let in by this state of the store, or by an earlier one.
      const head = await notifier.head();
      if (!head.ok) return head;
      const gathersMilliseconds = gatherLeft(answer, gatherMilliseconds);
      return { ok: true, fleet: answer.peers.map(memberOf), gathersMilliseconds, view: viewOf(head.head) };
    },
    async moveRollout(move: RolloutMove, isProposal: boolean): Promise<MoveOutcome> {
      const trouble = isProposal ? await putProposed(move.to.hash, { notifier, keyRing, textOf }) : null;
      if (trouble !== null) return trouble;
      const answer = await notifier.moveRollout(move);
      if (answer.kind === "failed") return answer;
      moved();
      const { head, rollout, kind } = answer;
      return { kind, view: { ...viewOf(head), stored: rollout } };
    },
  };
}

/** The milliseconds until each living host had time to write its record; 0: none can be missing. */
export function gatherLeft(
  { ageMilliseconds = 0 }: Pick<Extract<PeersAnswer, { readonly ok: true }>, "ageMilliseconds">,
  gatherMilliseconds: number,
): number {
  return Math.max(0, gatherMilliseconds - ageMilliseconds);
}

/** The fleet's rollout with its hosts, for an answer. */
export async function readRollout(
  { peers }: Extract<PeersAnswer, { readonly ok: true }>,
  notifier: Pick<Notifier, "head">,
): Promise<RolloutAnswer> {
  // Read after the peers: their hashes were let in by this state of the store, or by an earlier one.
  const read = await notifier.head();
  if (!read.ok) return read;
  const { head } = read;
  return { ok: true, rollout: head?.rollout ? viewRollout(head.rollout, head, head.skips, peers) : null };
}

/** Puts the text of a hash into the store. Null: it is there. */
async function putProposed(
  hash: string,
  { notifier, keyRing, textOf }: Pick<RolloutAccessParts, "notifier" | "keyRing" | "textOf">,
): Promise<Extract<MoveOutcome, { readonly kind: "gone" | "failed" }> | null> {
  const text = await textOf(hash);
  const put = await putText(hash, { notifier, keyRing, textOf: () => Promise.resolve(text) });
  if (put.ok) return null;
  // A release that a person published is in the store already, and often only there.
  const stored = await notifier.source(hash);
  if (stored.ok && stored.source !== null) return null;
  // A copy that cannot be opened is as good as none: its key may never come back, and edits would wait for it.
  return stored.ok && !text.ok ? { kind: "gone" } : { kind: "failed", reason: put.reason };
}

/** A peer as rollouts see it. */
export function memberOf({ instance, hash, release, rejected, hindrance, stages, canary }: Peer): FleetMember {
  return {
    instance,
    hash,
    state: release?.state ?? null,
    hindrance: hindrance ?? rejected?.why ?? null,
    stages: stages === true,
    canary: canary === true,
  };
}

/** The answer of the store, as rollouts see it. */
export function viewOf(head: StoredHead | null): StoreView {
  if (head === null) return { head: null, skips: [], stored: null, mark: null };
  const { generation, hash, skips, rollout, rolloutMark } = head;
  return { head: { generation, hash }, skips, stored: rollout, mark: rolloutMark };
}
