// The knowledge of an instance about its cluster, and the consequences: each condition apart from the others.
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  agreedOn,
  type Agreement,
  baseOf,
  initialAgreement,
  isAnnouncing,
  isLost,
  type Ledger,
  mayRestore,
  NEW_LEDGER,
  withUnanswered,
} from "../../src/agreement/agreement.ts";
import type { Head } from "../../src/agreement/head.ts";
import { AGREED } from "./agreement_transcript.ts";

const HEAD: Head = { generation: 1, hash: "a" };

function agreementOf(changes: Partial<Agreement> = {}, ledger: Partial<Ledger> = {}): Agreement {
  const limits = { settleMilliseconds: 0, reconcileMilliseconds: 0 };
  return { ...initialAgreement({ ...AGREED, ...ledger }, limits), syncState: { kind: "agreed" }, ...changes };
}

Deno.test("a lost head is restored at once by an instance that agrees, and by others after a wait", () => {
  const at: Head = { generation: 1, hash: "a" };
  const atOdds: [Partial<Agreement>, Partial<Ledger>][] = [
    [{}, { seen: 2 }],
    [{}, { seen: 1, agreed: null }],
    [{}, { seen: 2, agreed: { generation: 2, hash: "a" }, diverged: { generation: 2, hash: "b" } }],
    [{ syncState: { kind: "settling", against: HEAD, attempts: 0, leftMilliseconds: 0 } }, {}],
    [{ syncState: { kind: "diverged", against: HEAD } }, {}],
    [{ syncState: { kind: "held", against: HEAD } }, {}],
    [{ isHeldBack: true }, {}],
  ];
  for (const [changes, ledger] of atOdds) {
    for (const loss of ["none", "noticed", "waiting", "waited"] as const) {
      assertEquals(
        mayRestore(agreementOf({ ...changes, loss }, ledger), "a"),
        loss === "waited",
        JSON.stringify(ledger),
      );
    }
  }
  for (const kind of ["unknown", "agreed"] as const) {
    for (const head of [null, at, { ...at, hash: "z" }]) {
      assertEquals(mayRestore(agreementOf({ syncState: { kind }, head }), "a"), true);
    }
  }
  assertEquals(mayRestore(agreementOf({}, NEW_LEDGER), "a"), true);
});

Deno.test("an instance that never agreed with anything restores no head over another, however long it waited", () => {
  for (const [head, may] of [[null, true], [HEAD, true], [{ generation: 1, hash: "z" }, false]] as const) {
    assertEquals(mayRestore(agreementOf({ head, loss: "waited" }, { seen: 2, agreed: null }), "a"), may);
  }
});

Deno.test("a head is lost if it is missing, or of a generation before the highest that was seen", () => {
  const ledger = { ...AGREED, seen: 3 };
  const lost = [2, 3, 4].map((generation) => isLost({ generation, hash: "a" }, ledger));
  assertEquals([isLost(null, NEW_LEDGER), ...lost], [true, true, false, false]);
  assertEquals(isLost({ generation: 0, hash: "a" }, NEW_LEDGER), false);
});

Deno.test("eight hashes are remembered as unanswered, the latest last, each once", () => {
  let ledger = AGREED;
  for (const hash of "bcdefghi") ledger = withUnanswered(ledger, hash);
  assertEquals(ledger.unanswered, [..."bcdefghi"]);
  assertStrictEquals(withUnanswered(ledger, "i"), ledger);
  assertEquals(withUnanswered(ledger, "h").unanswered, [..."bcdefgih"]);
  assertEquals(withUnanswered(ledger, "b").unanswered, [..."cdefghib"]);
  assertEquals(withUnanswered(ledger, "j").unanswered, [..."cdefghij"]);
});

Deno.test("a change is based on the agreed hash, or on the head from which the instance diverged", () => {
  const diverged = { generation: 2, hash: "b" };
  assertEquals(baseOf(AGREED), "a");
  assertEquals(baseOf({ ...AGREED, diverged }), "b");
  assertEquals(baseOf({ ...AGREED, agreed: null, diverged }), null);
});

Deno.test("a ledger that agrees has nothing open but the given change", () => {
  const open: Ledger = { ...AGREED, seen: 7, diverged: HEAD, concluded: "x", unanswered: ["y"], owed: null };
  const owed = { hash: "c", base: "b" };
  assertEquals(agreedOn(open, { generation: 6, hash: "b" }, owed), {
    seen: 7,
    agreed: { generation: 6, hash: "b" },
    diverged: null,
    concluded: "b",
    unanswered: [],
    owed,
  });
});

Deno.test("an announcement counts as pending while it is under way, or if nothing prevents it", () => {
  const owed = { owed: { hash: "b", base: "a" } };
  const ready: Partial<Agreement> = { linked: true, hasLooked: true };
  const cases: readonly (readonly [Partial<Agreement>, Partial<Ledger>, boolean])[] = [
    [{ request: { kind: "announcement", hash: "b", purpose: "change" } }, {}, true],
    [{ request: { kind: "head" } }, owed, false],
    [ready, {}, false],
    [ready, owed, true],
    [{ ...ready, request: { kind: "head" } }, owed, true],
    [{ ...ready, linked: false }, owed, false],
    [{ ...ready, hasLooked: false }, owed, false],
    [{ ...ready, isDeferred: true }, owed, false],
    [{ ...ready, isForced: true }, {}, true],
    [{ ...ready, isForced: true, isDeferred: true }, {}, true],
    [{ ...ready, isForced: true, linked: false }, {}, false],
    [{ ...ready, isForced: true, hasLooked: false }, {}, false],
  ];
  for (const [changes, ledger, expected] of cases) {
    assertEquals(isAnnouncing(agreementOf(changes, ledger)), expected, JSON.stringify([changes, ledger]));
  }
});
