import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ApprovalVerdict } from "../../src/approvals/verify_approvals.ts";
import { type ApprovalParts, noApprovals, openApprovalAnswers } from "../../src/daemon/approval_answers.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;
const SIGNERS = [{ principal: "ben", key: "SHA256:b" }];
const VERDICT: ApprovalVerdict = {
  have: 1,
  need: 2,
  signers: [{ ...SIGNERS[0]!, signature: "armored" }],
  refused: ["The key has expired"],
  trouble: null,
};

/** One configuration of Ann's waits. */
function open(given: Partial<ApprovalParts> = {}) {
  const done: unknown[] = [];
  const answers = openApprovalAnswers({
    judge: {
      verdictOf: (hash, author) => (done.push({ judged: hash, author }), Promise.resolve(VERDICT)),
      takeIn(hash, author, signature) {
        done.push({ taken: hash, author, signature });
        const isGood = signature === "good";
        return Promise.resolve(
          isGood ? { ok: true, verdict: VERDICT, notShared: null } : { ok: false, reason: "not allowed" },
        );
      },
    },
    required: 2,
    channel: "honua:config",
    waiting: () => [{ hash: A, author: "ann", reason: "tiles", at: null }],
    record: (entry) => void done.push(entry),
    onSignature: () => void done.push("look"),
    reject: (hash, reason, author) => (done.push({ rejected: hash, reason, author }), Promise.resolve({ ok: true })),
    ...given,
  }, (text) => text.replaceAll("hunter2", "***"));
  return { answers, done };
}

Deno.test("a configuration that waits is answered with the judgement of its approvals, without the signatures", async () => {
  const { answers, done } = open();
  const { signers: _, ...verdict } = VERDICT;
  assertEquals(await answers.pendingApprovals(), {
    required: 2,
    channel: "honua:config",
    pending: [{ hash: A, author: "ann", reason: "tiles", at: null, ...verdict, signers: SIGNERS }],
  });
  assertEquals(done, [{ judged: A, author: "ann" }]);
});

Deno.test("a signature is judged with the author of the configuration, and one that counts leads to a look", async () => {
  const { answers, done } = open();
  const counted = { ok: true, have: 1, need: 2, signers: SIGNERS, notShared: null } as const;
  assertEquals(await answers.approve(A, "good"), { ...counted, hash: A });
  assertEquals(await answers.approve(B, "bad"), { ok: false, reason: "not allowed" });
  assertEquals(done, [
    { taken: A, author: "ann", signature: "good" },
    "look",
    { taken: B, author: null, signature: "bad" },
  ]);
});

Deno.test("only a configuration that waits is rejected, with masked texts", async () => {
  const { answers, done } = open();
  const refused = await answers.reject({ hash: B, reason: "x", author: null });
  assertStringIncludes(refused.ok ? "" : refused.reason, "does not wait for approval");
  assertEquals(await answers.reject({ hash: A, reason: "is hunter2", author: "hunter2" }), { ok: true });
  assertEquals(done, [
    { rejected: A, reason: "is ***", author: "***" },
    { kind: "rejected", hash: A, who: "***", why: "is ***", outcome: "by a person" },
  ]);
});

Deno.test("without required approvals nothing waits, and every order about them is refused", async () => {
  const { answers, done } = open(noApprovals("honua:config"));
  assertEquals(await answers.pendingApprovals(), { required: 0, channel: "honua:config", pending: [] });
  for (
    const answer of [await answers.approve(A, "good"), await answers.reject({ hash: A, reason: "x", author: null })]
  ) {
    assertStringIncludes(answer.ok ? "" : answer.reason, "Approvals:Required is 0");
  }
  assertEquals(done, []);
});
