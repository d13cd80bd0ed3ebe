// The judge of a host's approvals, over a store and a verifier under a test's control.
import { assert, assertEquals } from "@std/assert";
import { readSignature } from "../../src/approvals/approval_message.ts";
import type { ApprovalVerifier } from "../../src/approvals/verify_approvals.ts";
import { type ApprovalJudgeSettings, openApprovalJudge } from "../../src/daemon/approval_judge.ts";
import type { JournalEntry } from "../../src/releases/journal_line.ts";

const HASH = "a".repeat(64);

/** A signature in the form that only looks like one. */
const signature = (who: string) =>
  readSignature(`-----BEGIN SSH SIGNATURE-----\nU1NIU0lH${btoa(who)}\n-----END SSH SIGNATURE-----`)!;
const [ANN, BEN, EVE] = ["ann", "ben", "eve"].map(signature) as [string, string, string];

/** Two keys are needed, and Ann's and Ben's count. */
function open(given: Partial<ApprovalJudgeSettings> = {}) {
  const entries: JournalEntry[] = [];
  const judged: (readonly string[])[] = [];
  const revoked = new Set<string>();
  const verifier: ApprovalVerifier = {
    judge(_hash, author, signatures) {
      judged.push(signatures);
      const names = new Map([[ANN, "ann"], [BEN, "ben"]]);
      const counts = (one: string) => names.has(one) && names.get(one) !== author && !revoked.has(one);
      const signers = signatures.filter(counts).map((one) => (
        { principal: names.get(one)!, key: `SHA256:${names.get(one)}`, signature: one }
      ));
      const refused = signatures.filter((one) => !counts(one)).map(() => "The key is not in the allowed signers");
      return Promise.resolve({ have: signers.length, need: 2, signers, refused, trouble: null });
    },
  };
  let stored: readonly string[] | null = [];
  let asked = 0;
  const away = { ok: false, reason: "Redis cannot be reached" } as const;
  const store: ApprovalJudgeSettings["store"] = {
    approvals: () => (asked++, Promise.resolve(stored === null ? away : { ok: true, signatures: stored })),
    putApproval(_hash, one) {
      if (stored === null) return Promise.resolve(away);
      stored = [...stored, one];
      return Promise.resolve({ ok: true });
    },
  };
  const judge = openApprovalJudge({ verifier, store, onApproved: (entry) => void entries.push(entry), ...given });
  return {
    judge,
    entries,
    judged,
    revoked,
    asked: () => asked,
    stored: () => stored,
    store: (signatures: readonly string[] | null) => void (stored = signatures),
  };
}

Deno.test("a hash is approved once enough signatures of the store count, and the journal has it once", async () => {
  const { judge, entries, store } = open();
  const [trouble, need] = [null, 2];
  store([EVE, ANN]);
  assertEquals(await judge.approvalOf(HASH, null), { isApproved: false, have: 1, need, trouble });
  assertEquals(entries, []);
  store([EVE, ANN, BEN]);
  assertEquals(await judge.approvalOf(HASH, null), { isApproved: true, have: 2, need, trouble });
  assertEquals(await judge.approvalOf(HASH, null), { isApproved: true, have: 2, need, trouble });
  const [who, why] = ["ann, ben", "SHA256:ann SHA256:ben"];
  assertEquals(entries, [{ kind: "approved", hash: HASH, who, why, outcome: "2 of 2" }]);
  assertEquals((await judge.approvalOf(HASH, "ann")).isApproved, false);
  assertEquals((await judge.approvalOf("b".repeat(64), null)).isApproved, true);
});

Deno.test("signatures that counted once count without the store, until a key of them is revoked", async () => {
  const { judge, store, asked, revoked } = open();
  store([ANN, BEN]);
  assert((await judge.approvalOf(HASH, null)).isApproved);
  const before = asked();
  for (const signatures of [null, [], Array<string>(16).fill(EVE)]) {
    store(signatures);
    assert((await judge.approvalOf(HASH, null)).isApproved);
    assertEquals((await judge.verdictOf(HASH, null)).have, 2);
  }
  assertEquals(asked(), before + 3);
  revoked.add(ANN);
  store(null);
  const trouble = "Redis cannot be reached";
  assertEquals(await judge.approvalOf(HASH, null), { isApproved: false, have: 1, need: 2, trouble });
});

Deno.test("a store that is away or silent approves nothing, and the reason is known", async () => {
  const { judge, store } = open();
  store(null);
  const none = { isApproved: false, have: 0, need: 2 };
  assertEquals(await judge.approvalOf(HASH, null), { ...none, trouble: "Redis cannot be reached" });
  const silent = { approvals: () => new Promise<never>(() => {}), putApproval: () => new Promise<never>(() => {}) };
  const waiting = open({ store: silent, storeMilliseconds: 10 }).judge;
  assertEquals(await waiting.approvalOf(HASH, null), { ...none, trouble: "The store did not answer in time" });
  const taken = await waiting.takeIn(HASH, null, ANN);
  assertEquals(taken.ok && taken.notShared, "The store did not answer in time");
});

Deno.test("a signature that counts is put into the store, and another is refused with the reason", async () => {
  const { judge, stored, store } = open();
  const refused = { ok: false, reason: "The key is not in the allowed signers" } as const;
  assertEquals(await judge.takeIn(HASH, null, EVE), refused);
  assertEquals(await judge.takeIn(HASH, "ann", ANN), refused);
  assertEquals(await judge.takeIn(HASH, null, "x"), { ok: false, reason: "It is no armored signature of SSH" });
  assertEquals(stored(), []);
  const taken = await judge.takeIn(HASH, null, ANN.replaceAll("\n", "\r\n"));
  assert(taken.ok);
  assertEquals([taken.verdict.have, taken.notShared, stored()], [1, null, [ANN]]);
  store(null);
  const last = await judge.takeIn(HASH, null, BEN);
  assert(last.ok);
  assertEquals([last.verdict.have, last.notShared], [2, "Redis cannot be reached"]);
  assert((await judge.approvalOf(HASH, null)).isApproved);
});

Deno.test("without a verifier everything is approved, and the store is not asked", async () => {
  const { judge, asked } = open({ verifier: null });
  assertEquals(await judge.approvalOf(HASH, null), { isApproved: true, have: 0, need: 0, trouble: null });
  assertEquals((await judge.takeIn(HASH, null, ANN)).ok, false);
  assertEquals(asked(), 0);
});
