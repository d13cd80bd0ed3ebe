// How instances agree, sentence by sentence: see agreement_transcript.ts for how a transcript is written.
import { assertEquals } from "@std/assert";
import { type Ledger, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import { AGREED, ledgerOf, replayAgreement, type Start, STARTED } from "./agreement_transcript.ts";

Deno.test("an own change is announced on the agreed hash, and is agreed on once it is taken", () => {
  const state = replayAgreement(
    {},
    `${STARTED}
     finds b      -> look, announce b on a above 1
     accepted b@2 -> report announced, report agreed
     heard        -> read-head
     head b@2     ->`,
  );
  assertEquals(ledgerOf(state), {
    seen: 2,
    agreed: { generation: 2, hash: "b" },
    diverged: null,
    concluded: "b",
    unanswered: [],
    owed: null,
  });
});

Deno.test("an edit made while the instance was down is announced on its last known hash", () => {
  replayAgreement(
    {},
    `hint start   -> look
     linked       -> read-head
     finds b      -> look
     finds b      ->
     head a@1     -> announce b on a above 1
     accepted b@2 -> report announced, report agreed, read-head`,
  );
});

Deno.test("an edit written just before the process died is announced by the next one", () => {
  replayAgreement(
    { active: "b" },
    `linked -> look, read-head
     finds b ->
     head a@1 -> announce b on a above 1`,
  );
});

Deno.test("two simultaneous edits: the first wins, the other is refused, settles and has diverged", () => {
  const state = replayAgreement(
    {},
    `${STARTED}
     finds c     -> look, announce c on a above 1
     refused b@2 -> report announcement-refused, look
     finds c     -> arm-settle 125
     settle-due  -> look
     finds c     -> arm-settle 250
     settle-due  -> look
     finds c     -> arm-settle 500
     settle-due  -> look
     finds c     -> arm-settle 125
     settle-due  -> look
     finds c     -> report diverged`,
  );
  assertEquals(ledgerOf(state), {
    seen: 2,
    agreed: { generation: 1, hash: "a" },
    diverged: { generation: 2, hash: "b" },
    concluded: "c",
    unanswered: [],
    owed: null,
  });
});

Deno.test("another hash leads to a look, and the hash that it finds is agreed on and not announced", () => {
  replayAgreement(
    {},
    `${STARTED}
     heard      -> read-head
     head b@2   -> look
     finds a    -> arm-settle 125
     settle-due -> look
     finds b    -> report agreed`,
  );
});

Deno.test("with a settle time of 0 one look decides", () => {
  replayAgreement(
    { settleMilliseconds: 0 },
    `${STARTED}
     heard    -> read-head
     head b@2 -> look
     finds a  -> report diverged`,
  );
});

Deno.test("a hash equal to this instance's leads to no look, for any generation", () => {
  replayAgreement(
    {},
    `${STARTED}
     heard    -> read-head
     head a@7 -> report agreed
     heard    -> read-head
     head a@7 ->`,
  );
});

Deno.test("a change of only the environment is not announced", () => {
  replayAgreement({}, `${STARTED}\nfinds a/2 -> look`);
});

Deno.test("a source that does not validate is not announced, and its instance diverges from the others' valid hash", () => {
  replayAgreement(
    { settleMilliseconds: 0 },
    `${STARTED}
     finds nothing -> look
     heard         -> read-head
     head b@2      -> look
     finds nothing -> report diverged`,
  );
});

Deno.test("an intermediate state found while settling overrules nobody, also at the last look of the settle time", () => {
  for (const settleMilliseconds of [0, 1_000]) {
    replayAgreement(
      { settleMilliseconds },
      `${STARTED}
       heard    -> read-head
       head c@3 -> look
       finds b  -> ${settleMilliseconds === 0 ? "report diverged" : "arm-settle 125"}, announce b on a above 3 patiently
       refused c@3 -> report announcement-refused
       finds c  -> look, report agreed`,
    );
  }
});

Deno.test("a laggard that starts again with an intermediate state overrules nobody", () => {
  const settling: Ledger = {
    seen: 3,
    agreed: { generation: 1, hash: "a" },
    diverged: null,
    concluded: "a",
    unanswered: [],
    owed: null,
  };
  replayAgreement(
    { ledger: settling, active: "b" },
    `hint start  -> look
     linked      -> read-head
     finds b     -> look
     finds b     ->
     head c@3    -> announce b on a above 3 patiently
     refused c@3 -> report announcement-refused, look, read-head
     finds c     -> report agreed`,
  );
});

Deno.test("different files on two hosts make no ping-pong under any number of hints and reconciliations", () => {
  const diverged: Ledger = {
    seen: 2,
    agreed: { generation: 1, hash: "a" },
    diverged: { generation: 2, hash: "b" },
    concluded: "c",
    unanswered: [],
    owed: null,
  };
  let state = replayAgreement(
    { ledger: diverged, active: "c", settleMilliseconds: 0 },
    `linked   -> look, read-head
     finds c  ->
     head b@2 -> look, read-head
     finds c  -> report diverged
     head b@2 ->`,
  );
  const before = ledgerOf(state);
  for (let count = 0; count < 100; count++) {
    state = replayAgreement(
      { from: state },
      `hint file     -> look
       finds c       ->
       heard         -> read-head
       head b@2      ->
       reconcile-due -> look, read-head
       finds c       ->
       head b@2      ->`,
    );
  }
  assertEquals(ledgerOf(state), before);
});

const DIVERGED: Start = {
  ledger: {
    seen: 2,
    agreed: { generation: 1, hash: "a" },
    diverged: { generation: 2, hash: "b" },
    concluded: "c",
    unanswered: [],
    owed: null,
  },
  active: "c",
  settleMilliseconds: 0,
};
const STARTED_DIVERGED = `linked -> look, read-head
  finds c ->
  head b@2 -> look, read-head
  finds c -> report diverged
  head b@2 ->`;

Deno.test("a diverged instance is healed by its own later change, announced on the head", () => {
  replayAgreement(
    DIVERGED,
    `${STARTED_DIVERGED}\nfinds d -> look, announce d on b above 2 patiently\naccepted d@3 -> report announced, report agreed`,
  );
});

Deno.test("a diverged instance is healed when its source comes round, which each reconciliation looks for", () => {
  replayAgreement(
    DIVERGED,
    `${STARTED_DIVERGED}
     reconcile-due -> look, read-head
     finds b       -> report agreed
     head b@2      ->`,
  );
});

Deno.test("a diverged instance is healed by an announcement of its own hash", () => {
  replayAgreement(DIVERGED, `${STARTED_DIVERGED}\nheard -> read-head\nhead c@3 -> report agreed`);
});

Deno.test("force overrules a head that moved on, once", () => {
  replayAgreement(
    DIVERGED,
    `${STARTED_DIVERGED}
     hint force   -> look
     finds c      -> announce c on nothing above 2 by force
     accepted c@3 -> report announced, report agreed
     hint signal  -> look
     finds c      ->`,
  );
});

Deno.test("a lost head is written again above the highest generation seen, by one that has not diverged", () => {
  for (const head of ["none", "z@1"]) {
    replayAgreement(
      { ledger: { ...AGREED, seen: 5, agreed: { generation: 5, hash: "a" } } },
      `linked   -> look, read-head
       finds a  ->
       head a@5 -> report agreed, read-head
       head a@5 ->
       heard    -> read-head
       head ${head} -> report head-lost, announce a on nothing above 5
       accepted a@6 -> report announced, report agreed`,
    );
  }
});

Deno.test("a diverged instance waits a reconcile interval before it writes a lost head again", () => {
  replayAgreement(
    DIVERGED,
    `${STARTED_DIVERGED}
     heard         -> read-head
     head none     -> report head-lost
     heard         -> read-head
     head none     ->
     reconcile-due -> look, read-head
     head none     ->
     finds c       -> announce c on nothing above 2
     accepted c@3  -> report announced, report agreed`,
  );
});

Deno.test("a settling instance waits as well, and lets another be first", () => {
  replayAgreement(
    {},
    `${STARTED}
     heard     -> read-head
     head b@2  -> look
     finds a   -> arm-settle 125
     heard     -> read-head
     head none -> report head-lost
     heard     -> read-head
     head b@3  -> look
     finds b   -> report agreed`,
  );
});

Deno.test("an instance that never agreed with anything overrules no head, and writes one if there is none", () => {
  const start: Start = { ledger: NEW_LEDGER, active: null, settleMilliseconds: 0 };
  replayAgreement(
    start,
    `linked      -> look, read-head
     finds a     ->
     head b@4    -> announce a on nothing above 4 patiently
     refused b@4 -> report announcement-refused, look, read-head
     finds a     -> report diverged
     head b@3    -> report head-lost, look
     reconcile-due -> read-head
     head b@3    ->
     finds c     -> look, report diverged
     finds c     -> announce c on nothing above 4 patiently`,
  );
  replayAgreement(
    start,
    `linked       -> look, read-head
     finds a      ->
     head none    -> announce a on nothing above 0
     accepted a@1 -> report announced, report agreed, read-head`,
  );
});
