// The invariants after every single step of an instance, after any events.
import { assert, assertStrictEquals } from "@std/assert";
import { isGeneration, isHash } from "../../src/agreement/head.ts";
import type { Agreement, Ledger } from "../../src/agreement/agreement.ts";
import type { Action, Event } from "../../src/reload/events.ts";
import type { SnapshotId, State } from "../../src/reload/state.ts";

/** Throws if one does not hold. */
export function checkStep(
  before: State<SnapshotId>,
  event: Event<SnapshotId>,
  after: State<SnapshotId>,
  actions: readonly Action<SnapshotId>[],
): void {
  const [old, now] = [before.agreement!, after.agreement!];
  assert(now.ledger.seen >= old.ledger.seen, "the highest generation seen does not go backwards");
  assert(generationOf(now) >= generationOf(old), "the generation agreed with does not go backwards");
  assert(generationOf(now) <= now.ledger.seen, "the generation agreed with was seen");
  assert((now.ledger.diverged?.generation ?? 0) <= now.ledger.seen, "the generation diverged from was seen");
  const kept = actions.findLast((action) => action.kind === "keep");
  if (now.ledger !== old.ledger) assertStrictEquals(kept?.ledger, now.ledger, "each change of the ledger is kept");
  if (event.kind !== "activated" || event.result.kind !== "written") {
    assertStrictEquals(after.active, before.active, "the active mark moves only with a write");
  }
  if (before.stopping) {
    assert(
      actions.every(({ kind }) => kind === "record" || kind === "report" || kind === "finish"),
      "nothing is begun while stopping",
    );
  }
  if (now.syncState.kind === "agreed" && now.ledger.owed === null && old.syncState.kind !== "agreed") {
    assert(now.head !== null && now.ledger.agreed !== null, "nobody agrees with nothing");
  }
}

/** Throws if the state kept for the next process differs from the state that it takes. */
export function checkKept({ seen, agreed, diverged, concluded }: Ledger): void {
  assert(seen === 0 || isGeneration(seen), `a generation is kept as seen, and not ${seen}`);
  for (const head of [agreed, diverged]) {
    assert(head === null || (isGeneration(head.generation) && isHash(head.hash)), `no head is kept: ${head?.hash}`);
  }
  assert(concluded === null || isHash(concluded));
}

function generationOf({ ledger }: Agreement): number {
  return ledger.agreed?.generation ?? 0;
}
