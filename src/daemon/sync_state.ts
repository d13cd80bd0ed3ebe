// Where the instance stands towards its cluster, as it is told to people and to the others: nothing is called agreed that
// is not announced yet.
import type { SyncStateKind } from "../cluster/peers.ts";
import type { Agreement } from "../agreement/agreement.ts";

/** Where it stands; `unknown` too while an own change waits to be announced, or the instance is alone (null). */
export function syncStateOf(agreement: Agreement | null): SyncStateKind {
  return agreement === null || agreement.ledger.owed !== null ? "unknown" : agreement.syncState.kind;
}

/** The generation agreed with last; null: none, alone, or an own change waits to be announced on top of it. */
export function agreedGeneration(agreement: Agreement | null): number | null {
  if (agreement === null || agreement.ledger.owed !== null) return null;
  return agreement.ledger.agreed?.generation ?? null;
}
