// The state that an instance keeps, waits for and holds back, as values: a transcript does not show it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { agree, type AgreeResult, type ClusterAction, type ClusterEvent } from "../../src/agreement/agree.ts";
import { type Agreement, type Ledger } from "../../src/agreement/agreement.ts";
import { AGREED, ledgerOf, replayAgreement, STARTED } from "./agreement_transcript.ts";

const settled: Agreement = replayAgreement({}, STARTED).agreement!;

function kindsOf({ actions }: AgreeResult): string[] {
  return actions.map(({ kind }) => kind);
}

/** The delay of the timer of that kind. */
function armed({ actions }: AgreeResult, kind: "arm-reconcile" | "arm-settle"): number[] {
  return actions.filter((action): action is Extract<ClusterAction, { milliseconds: number }> => action.kind === kind)
    .map(({ milliseconds }) => milliseconds);
}

Deno.test("a head that says nothing new is kept once, and only if it settles something that was open", () => {
  const open: Partial<Ledger>[] = [
    { concluded: "x" },
    { owed: { hash: "b", base: "a" } },
    { diverged: { generation: 1, hash: "b" } },
    { unanswered: ["b"] },
    { unanswered: ["a"] },
  ];
  const read: ClusterEvent = { kind: "head-read", head: { generation: 1, hash: "a" }, skips: [] };
  for (const changes of open) {
    const before = { ...settled, ledger: { ...AGREED, ...changes } };
    const first = agree(before, read, "a");
    assertEquals([first.agreement.ledger, kindsOf(first)], [AGREED, ["keep"]], JSON.stringify(changes));
    assertEquals(kindsOf(agree(first.agreement, read, "a")), []);
  }
  assertEquals(kindsOf(agree(settled, read, "a")), []);
});

Deno.test("a head of another generation or hash is news, and so is the first one", () => {
  const read = (generation: number): ClusterEvent => ({
    kind: "head-read",
    head: { generation, hash: "a" },
    skips: [],
  });
  assertEquals(kindsOf(agree(settled, read(2), "a")), ["keep", "report"]);
  const other = { ...settled, ledger: { ...AGREED, agreed: { generation: 1, hash: "z" } } };
  assertEquals(kindsOf(agree(other, read(1), "a")), ["keep", "report"]);
  const unknown: Agreement = { ...settled, syncState: { kind: "unknown" } };
  assertEquals(kindsOf(agree(unknown, read(1), "a")), ["keep", "report"]);
});

Deno.test("a failed question is asked again after a backoff that never is longer than the interval", () => {
  const limits = { settleMilliseconds: 0, reconcileMilliseconds: 30_000 };
  let agreement: Agreement = { ...settled, limits, request: { kind: "head" } };
  const waits: number[] = [];
  const repeated: boolean[] = [];
  for (let count = 0; count < 7; count++) {
    const failed = agree(agreement, { kind: "head-unreadable", reason: "timeout", random: 1 }, "a");
    waits.push(...armed(failed, "arm-reconcile"));
    const [report] = failed.actions.slice(-1);
    assert(report?.kind === "report" && report.report.kind === "head-unreadable");
    repeated.push(report.report.repeated);
    agreement = { ...failed.agreement, request: { kind: "head" } };
  }
  assertEquals(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assertEquals(repeated, [false, true, true, true, true, true, true]);
});

Deno.test("the wait before a lost head is restored is a whole interval", () => {
  const behind = { ...settled, ledger: { ...AGREED, seen: 2 } };
  const lost = agree(behind, { kind: "head-read", head: null, skips: [] }, "a");
  assertEquals([armed(lost, "arm-reconcile"), lost.agreement.loss], [[30_000], "waiting"]);
  const again = agree(lost.agreement, { kind: "head-read", head: null, skips: [] }, "a");
  assertEquals([kindsOf(again), again.agreement.loss], [[], "waiting"]);
});

Deno.test("a change that is taken back before it was announced is not owed any more", () => {
  const edited = replayAgreement({}, `${STARTED}\nunlinked ->\nfinds b -> look`);
  assertEquals(ledgerOf(edited).owed, { hash: "b", base: "a" });
  const state = replayAgreement(
    { from: edited },
    "finds a -> look\nlinked -> look, read-head\nfinds a ->\nhead a@1 ->",
  );
  assertEquals(ledgerOf(state), AGREED);
});

Deno.test("an interval lasts at least three quarters of its length, and at most all of it", () => {
  const wait = (random: number) => armed(agree(settled, { kind: "reconcile-due", random }, "a"), "arm-reconcile");
  assertEquals([wait(0), wait(0.5), wait(1)], [[30_000], [26_250], [22_500]]);
});

Deno.test("without a link nothing is asked again: no timer is armed for a failure meanwhile", () => {
  const asking: Agreement = {
    ...settled,
    linked: false,
    request: { kind: "announcement", hash: "b", purpose: "change" },
  };
  const failed: ClusterEvent = {
    kind: "announcement-answered",
    answer: { kind: "failed", reason: "timeout" },
    random: 0,
  };
  assertEquals(kindsOf(agree(asking, failed, "b")), ["report"]);
  assertEquals(kindsOf(agree({ ...asking, linked: true }, failed, "b")), ["arm-reconcile", "report", "read-head"]);
});

Deno.test("waits between looks at a source that is late double up to five seconds, and end with the settle time", () => {
  let state = replayAgreement({ settleMilliseconds: 20_000 }, `${STARTED}\nheard -> read-head\nhead b@2 -> look`);
  const waits: number[] = [];
  for (let count = 0; count < 10 && state.agreement?.syncState.kind === "settling"; count++) {
    const event = {
      couldRead: true,
      isFresh: true,
      isHeldBack: false,
      isFollowing: false,
      undoes: [],
      skips: [],
      random: 1,
      reasons: ["announcement"],
    } as const;
    const looked = agree(state.agreement, { kind: "reloaded", ...event }, "a");
    waits.push(...armed(looked, "arm-settle"));
    state = { ...state, agreement: looked.agreement };
  }
  assertEquals(waits, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 2_250]);
});

Deno.test("a look counts against the settle time only if the head asked for it, and was known before it began", () => {
  const settling = replayAgreement({}, `${STARTED}\nheard -> read-head\nhead b@2 -> look`).agreement!;
  const look = {
    kind: "reloaded",
    couldRead: true,
    isFresh: true,
    isHeldBack: false,
    isFollowing: false,
    undoes: [],
    skips: [],
    random: 0,
  } as const;
  assertEquals(armed(agree(settling, { ...look, reasons: ["announcement"] }, "a"), "arm-settle"), [125]);
  assertEquals(kindsOf(agree(settling, { ...look, reasons: ["file"] }, "a")), []);
  // The first look of all is compared with a head that was read before.
  const unjudged: Agreement = { ...settling, syncState: { kind: "unknown" }, hasLooked: false };
  const first = agree(unjudged, { ...look, reasons: ["announcement"] }, "a");
  assertEquals([kindsOf(first), armed(first, "arm-settle")], [["disarm-settle", "hint", "read-head"], []]);
});

Deno.test("another head while the source settles starts the settle time again: of another hash, or another generation", () => {
  const settling = `${STARTED}\nheard -> read-head\nhead b@2 -> look\nfinds a -> arm-settle 125\nheard -> read-head\n`;
  for (const [head, then] of [["c@2", "look"], ["b@3", "look"], ["b@2", ""]]) {
    replayAgreement({}, `${settling}head ${head} -> ${then}`);
  }
});

Deno.test("a restored head that was not answered is settled by the head, and no base of a later change", () => {
  const state = replayAgreement(
    {},
    `${STARTED}
     heard     -> read-head
     head none -> report head-lost, announce a on nothing above 1
     failed    -> report announcement-failed, read-head
     head a@1  ->
     heard     -> read-head
     head a@1  ->
     finds b   -> look, announce b on a above 1`,
  );
  assertEquals(ledgerOf(state).unanswered, ["b"]);
});

Deno.test("an announcement that is answered as lost after the wait is made again at once", () => {
  replayAgreement(
    { ledger: { ...AGREED, seen: 2 } },
    `hint start    -> look
     linked        -> read-head
     finds b       -> look
     finds b       ->
     head none     -> report head-lost, announce b on a above 2 patiently
     reconcile-due -> look
     finds b       ->
     lost none     -> announce b on a above 2`,
  );
});

Deno.test("an instance that is at odds with the cluster stays patient until it agrees with its own announcement", () => {
  const diverged = { generation: 2, hash: "b" };
  replayAgreement(
    { ledger: { ...AGREED, seen: 2, diverged, concluded: "c" }, active: "c", settleMilliseconds: 0 },
    `linked       -> look, read-head
     finds c      ->
     head b@2     -> look, read-head
     finds c      -> report diverged
     head b@2     ->
     finds d      -> look, announce d on b above 2 patiently
     finds e      -> look
     accepted d@3 -> report announced, announce e on d above 3 patiently
     accepted e@4 -> report announced, report agreed
     finds f      -> look, announce f on e above 4`,
  );
});

Deno.test("a head that is older than the highest seen is no reason to agree, for any hash", () => {
  replayAgreement(
    { ledger: { ...AGREED, seen: 2 } },
    `hint start -> look
     linked     -> read-head
     finds a    -> look
     finds a    ->
     head a@1   -> report head-lost, read-head
     finds a    -> look
     head a@1   ->`,
  );
});

Deno.test("a forced announcement has no base, and its refusal does not judge the change itself", () => {
  replayAgreement(
    {},
    `${STARTED}
     hint force  -> look
     finds b     -> announce b on nothing above 1 by force
     refused c@2 -> report announcement-refused, look
     finds b     -> arm-settle 125, announce b on a above 2 patiently`,
  );
});

Deno.test("an answer to an announcement that was not made is a bug and throws", () => {
  const answer = { kind: "failed", reason: "timeout" } as const;
  const answered: ClusterEvent = { kind: "announcement-answered", answer, random: 0 };
  assertThrows(() => agree(settled, answered, "a"), Error, "an announcement was answered while undefined");
  assertThrows(() => agree({ ...settled, request: { kind: "head" } }, answered, "a"), Error, "answered while head");
});
