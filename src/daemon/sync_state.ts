// Where the instance stands towards its cluster, as it is told to people and to the others: nothing is called agreed that
// is not announced yet.
import type { Standing } from "../cluster/peers.ts";
import type { Agreement } from "../agreement/agreement.ts";

/** Where it stands; `unknown` too while an own change waits to be announced, or the instance is alone (null). */
export function standingOf(agreement: Agreement | null): Standing {
  return agreement === null || agreement.ledger.owed !== null ? "unknown" : agreement.standing.kind;
}

/** The generation agreed with last; null: none, alone, or an own change waits to be announced on top of it. */
export function agreedGeneration(agreement: Agreement | null): number | null {
  if (agreement === null || agreement.ledger.owed !== null) return null;
  return agreement.ledger.agreed?.generation ?? null;
}
