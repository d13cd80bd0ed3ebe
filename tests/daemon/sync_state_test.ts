import { assertEquals } from "@std/assert";
import { agreedGeneration, syncStateOf } from "../../src/daemon/sync_state.ts";
import { type Agreement, initialAgreement, NEW_LEDGER } from "../../src/agreement/agreement.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;
const LIMITS = { settleMilliseconds: 1_000, reconcileMilliseconds: 1_000 };

/** An instance that agreed on generation 7, and owes this since. */
function agreedOnSeven(owed: string | null): Agreement {
  const ledger = { ...NEW_LEDGER, seen: 7, agreed: { generation: 7, hash: A }, concluded: A };
  const initial = initialAgreement({ ...ledger, owed: owed === null ? null : { hash: owed, base: A } }, LIMITS);
  return { ...initial, syncState: { kind: "agreed" } };
}

Deno.test("the sync state of an instance comes with the generation that it agreed with last", () => {
  assertEquals([syncStateOf(agreedOnSeven(null)), agreedGeneration(agreedOnSeven(null))], ["agreed", 7]);
  const fresh = initialAgreement(NEW_LEDGER, LIMITS);
  assertEquals([syncStateOf(fresh), agreedGeneration(fresh)], ["unknown", null]);
});

Deno.test("while an own change waits to be announced, nothing is called agreed", () => {
  const owing = agreedOnSeven(B);
  assertEquals([syncStateOf(owing), agreedGeneration(owing)], ["unknown", null]);
});

Deno.test("a single instance has no sync state", () => {
  assertEquals([syncStateOf(null), agreedGeneration(null)], ["unknown", null]);
});
