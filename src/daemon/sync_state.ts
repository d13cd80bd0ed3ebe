// The sync state that people and other instances see: a change that is not announced yet is never called agreed.
import type { Agreement, SyncStateKind } from "../agreement/agreement.ts";

/** The sync state; also `unknown` while an own change waits to be announced, and without a cluster (null). */
export function syncStateOf(agreement: Agreement | null): SyncStateKind {
  return agreement === null || agreement.ledger.owed !== null ? "unknown" : agreement.syncState.kind;
}

/** The generation agreed with last; null: none, no cluster, or an own change waits to be announced on top of it. */
export function agreedGeneration(agreement: Agreement | null): number | null {
  if (agreement === null || agreement.ledger.owed !== null) return null;
  return agreement.ledger.agreed?.generation ?? null;
}
