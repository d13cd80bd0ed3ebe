// Shares an answer of the store among all readers for a short time: each open page asks every few seconds.
import { withinLimit } from "../../time/limit.ts";
import type { Peer } from "../../cluster/peer_record.ts";
import type { DaemonApi } from "../daemon_api.ts";
import type { AdminLimits } from "../limits.ts";
import { maskedPeers } from "./fleet_rows.ts";
import { masked } from "./masked.ts";

/** The shortest time between two equal requests to the store, of all readers together. */
const STORE_FRESH_MILLISECONDS = 2_000;

type Unknown = { readonly ok: false; readonly reason: string };
type Answer<K extends "peers" | "rollout"> = Awaited<ReturnType<DaemonApi[K]>>;

/** The facts, masked, as they were a short time ago. */
export interface SharedFacts {
  readonly peersOf: () => Promise<Answer<"peers">>;
  /** The last records of hosts that are gone. */
  readonly lost: () => readonly Peer[];
  readonly rolloutOf: () => Promise<Answer<"rollout">>;
}

export function openSharedFacts(api: DaemonApi, limits: AdminLimits): SharedFacts {
  return {
    // Masked once for all readers as well: a thousand records have many texts.
    peersOf: shared(async () => {
      const answer = await api.peers();
      return answer.ok ? { ok: true, peers: maskedPeers(answer.peers, api.mask) } : masked(answer, api.mask);
    }, limits),
    lost: () => maskedPeers(api.lostPeers(), api.mask),
    rolloutOf: shared(async () => masked(await api.rollout(), api.mask), limits),
  };
}

/** Waits for an answer of the store, no longer than for any other. */
export async function inTime<T>(answer: Promise<T>, { answerMilliseconds }: AdminLimits): Promise<T | Unknown> {
  const done = await withinLimit(answer, answerMilliseconds);
  if (done.ok) return done.value;
  return { ok: false, reason: `the store did not answer within ${answerMilliseconds / 1000} s` };
}

/** Asks the store, once for all that ask within a short time. */
function shared<T>(begin: () => Promise<T>, limits: AdminLimits): () => Promise<T | Unknown> {
  let asked: { readonly at: number; readonly answer: Promise<T | Unknown> } | null = null;
  return () => {
    const now = performance.now();
    if (asked === null || now - asked.at > STORE_FRESH_MILLISECONDS) {
      asked = { at: now, answer: inTime(begin(), limits) };
    }
    return asked.answer;
  };
}
