import { assert, assertEquals } from "@std/assert";
import { type Ledger, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import { AGREED, replayAgreement } from "./agreement_transcript.ts";

const STARTED = `hint start -> look
  linked   -> read-head
  finds a  -> look
  finds a  ->
  head a@1 -> report agreed, read-head
  head a@1 ->`;

/** Agreed on a at 1, has seen the head b at 2, and stopped before it looked at its source. */
const BEHIND: Ledger = { ...AGREED, seen: 2 };

Deno.test("force with a source that is rejected or cannot be read overrules nothing", () => {
  const diverged: Ledger = { ...AGREED, seen: 2, diverged: { generation: 2, hash: "b" }, concluded: "c" };
  for (const found of ["nothing", "no-file"]) {
    replayAgreement(
      { ledger: diverged, active: "c", settleMilliseconds: 0 },
      `hint start     -> look
       linked         -> read-head
       finds c        -> look
       finds c        ->
       head b@2       -> look, read-head
       finds c        -> report diverged
       head b@2       ->
       hint force     -> look
       finds ${found} ->`,
    );
  }
});

Deno.test("a laggard that starts again while Redis has lost the head lets the others be first", () => {
  replayAgreement(
    { ledger: BEHIND },
    `hint start    -> look
     linked        -> read-head
     finds a       -> look
     finds a       ->
     head none     -> report head-lost, read-head
     head none     ->
     reconcile-due -> look, read-head
     finds a       ->
     head none     -> announce a on nothing above 2
     accepted a@3  -> report announced, report agreed`,
  );
});

Deno.test("a late copy found while the head is lost is held, and refused once another wrote the head again", () => {
  replayAgreement(
    {},
    `${STARTED}
     heard         -> read-head
     head b@2      -> look
     finds a       -> arm-settle 125
     heard         -> read-head
     head c@3      -> look
     finds a       -> arm-settle 125
     finds b       -> look, announce b on a above 3 patiently
     lost none     -> report head-lost
     reconcile-due -> look, read-head
     finds b       ->
     head none     -> announce b on a above 3
     refused c@4   -> report announcement-refused, look`,
  );
});

Deno.test("an own change of an instance that never agreed overrules no older head either", () => {
  const never: Ledger = { ...NEW_LEDGER, seen: 2, concluded: "a", diverged: { generation: 2, hash: "b" } };
  replayAgreement(
    { ledger: never, settleMilliseconds: 0 },
    `hint start -> look
     linked     -> read-head
     finds c    -> look
     finds c    ->
     head x@1   -> report head-lost, announce c on nothing above 2 patiently
     lost x@1   -> report announcement-refused, look, read-head`,
  );
});

Deno.test("the wait for a lost head is a whole interval, even if something failed meanwhile", () => {
  replayAgreement(
    { ledger: BEHIND },
    `hint start    -> look
     linked        -> read-head
     finds a       -> look
     finds a       ->
     head none     -> report head-lost, read-head
     unreadable    -> report head-unreadable
     reconcile-due -> look, read-head
     head none     ->
     finds a       ->
     reconcile-due -> look, read-head
     head none     ->
     finds a       -> announce a on nothing above 2`,
  );
});

Deno.test("before the source could be read nothing is announced or restored", () => {
  replayAgreement(
    { active: "b" },
    `hint start    -> look
     linked        -> read-head
     finds no-file -> look
     finds no-file ->
     head none     -> report head-lost, read-head
     head none     ->`,
  );
});

Deno.test("a look that began before the head was known does not end in divergence", () => {
  replayAgreement(
    { settleMilliseconds: 0 },
    `${STARTED}
     heard             -> read-head
     head b@2          -> look
     finds a           -> report diverged
     reconcile-due     -> look, read-head
     head c@3          ->
     finds a           -> look
     finds c           -> report agreed`,
  );
});

Deno.test("repeated failures wait longer each time, though the head can be read between", () => {
  const state = replayAgreement(
    {},
    `${STARTED}
     finds b       -> look, announce b on a above 1
     failed        -> report announcement-failed, read-head
     head a@1      ->
     reconcile-due -> look, read-head
     head a@1      ->
     finds b       -> announce b on a above 1
     failed        -> report announcement-failed, read-head
     head a@1      ->
     reconcile-due -> look, read-head
     head a@1      ->
     finds b       -> announce b on a above 1
     failed        -> report announcement-failed, read-head`,
  );
  assertEquals(state.agreement?.failures, 3);
  assert(state.agreement?.isDeferred);
});

Deno.test("force that comes while another announcement is under way is sent after it", () => {
  replayAgreement(
    {},
    `${STARTED}
     finds b      -> look, announce b on a above 1
     hint force   -> look
     finds b      ->
     refused c@2  -> report announcement-refused, look, announce b on nothing above 2 by force
     accepted b@3 -> report announced, report agreed`,
  );
});

Deno.test("force is not made up for by a later link, after the person heard that it could not be done", () => {
  replayAgreement(
    {},
    `${STARTED}
     heard      -> read-head
     hint force -> look
     finds a    ->
     unlinked   ->
     head a@1   ->
     linked     -> look, read-head
     finds a    ->
     head a@1   ->`,
  );
});

Deno.test("a change that was held because the head was lost is announced as soon as another wrote the head again", () => {
  replayAgreement(
    { ledger: BEHIND },
    `hint start  -> look
     linked      -> read-head
     finds b     -> look
     finds b     ->
     head none   -> report head-lost, announce b on a above 2 patiently
     lost none   -> read-head
     heard       ->
     head c@3    -> announce b on a above 3 patiently
     refused c@3 -> report announcement-refused, look, read-head`,
  );
});

Deno.test("an instance whose ledger is lost overrules nobody with its own hash", () => {
  replayAgreement(
    { ledger: NEW_LEDGER, active: "p", settleMilliseconds: 0 },
    `hint start  -> look
     linked      -> read-head
     finds q     -> look
     finds q     ->
     head p@7    -> announce q on nothing above 7 patiently
     refused p@7 -> report announcement-refused, look, read-head
     finds q     -> report diverged`,
  );
});

Deno.test("a lost head that Redis does not take is written again less and less often", () => {
  const failing = `
    reconcile-due -> look, read-head
    finds a       ->
    head none     -> announce a on nothing above 1
    failed        -> report announcement-failed, read-head
    head none     ->`;
  const { agreement } = replayAgreement(
    {},
    `${STARTED}
     heard     -> read-head
     head none -> report head-lost, announce a on nothing above 1
     failed    -> report announcement-failed, read-head
     head none ->
     ${failing.repeat(3)}`,
  );
  assertEquals(agreement?.failures, 4);
});
