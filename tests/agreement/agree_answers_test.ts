// Announcements with an answer that is late or lost: see agreement_transcript.ts for how a transcript is written.
import { assertEquals } from "@std/assert";
import { decide } from "../../src/reload/decide.ts";
import { AGREED, ledgerOf, replayAgreement, STARTED } from "./agreement_transcript.ts";

Deno.test("a change that could not be announced is owed, and waits for the reconciliation or the link", () => {
  const failed = `${STARTED}
    finds b    -> look, announce b on a above 1
    failed     -> report announcement-failed, read-head
    unreadable -> report head-unreadable
    hint file  -> look
    finds b    ->`;
  const state = replayAgreement({}, failed);
  assertEquals(ledgerOf(state).owed, { hash: "b", base: "a" });
  replayAgreement(
    { from: state },
    "reconcile-due -> look, read-head\nfinds b ->\nhead a@1 -> announce b on a above 1\naccepted b@2 -> report announced, report agreed",
  );
  replayAgreement(
    { from: state },
    "unlinked ->\nlinked -> look, read-head\nfinds b ->\nhead a@1 -> announce b on a above 1\nsame b@2 -> report agreed",
  );
});

Deno.test("a change whose answer was lost and that was reverted since is reverted for the others too", () => {
  replayAgreement(
    {},
    `${STARTED}
     finds b       -> look, announce b on a above 1
     failed        -> report announcement-failed, read-head
     finds a       -> look
     head b@2      ->
     reconcile-due -> look, read-head
     finds a       ->
     head b@2      -> announce a on a+b above 2 patiently
     accepted a@3  -> report announced, report agreed`,
  );
});

Deno.test("a revert while the answer is under way is announced after it, for any answer", () => {
  const reverted = replayAgreement({}, `${STARTED}\nfinds b -> look, announce b on a above 1\nfinds a -> look`);
  replayAgreement({ from: reverted }, "accepted b@2 -> report announced, announce a on b above 2");
  replayAgreement(
    { from: reverted },
    "refused c@2 -> report announcement-refused, announce a on a above 2 patiently",
  );
  replayAgreement(
    { from: reverted },
    `failed        -> report announcement-failed, read-head
     head b@2      ->
     reconcile-due -> look, read-head
     head b@2      ->
     finds a       -> announce a on a+b above 2 patiently`,
  );
});

Deno.test("a revert is not taken for agreement with the head as it was before an announcement", () => {
  const state = replayAgreement(
    {},
    `${STARTED}
     finds b    -> look, announce b on a above 1
     failed     -> report announcement-failed, read-head
     unreadable -> report head-unreadable
     finds a    -> look`,
  );
  assertEquals(ledgerOf(state).owed, { hash: "a", base: "a" });
});

Deno.test("a process that died with an announcement under way leaves a revert to be announced", () => {
  replayAgreement(
    { ledger: { ...AGREED, unanswered: ["b"], owed: { hash: "b", base: "a" } }, active: "b" },
    `hint start -> look
     linked     -> read-head
     finds a    -> look
     finds a    ->
     head b@2   -> announce a on a+b above 2 patiently`,
  );
});

Deno.test("a head heard of while the answer is under way is read after it", () => {
  replayAgreement(
    {},
    `${STARTED}
     finds b      -> look, announce b on a above 1
     heard        ->
     heard        ->
     accepted b@2 -> report announced, report agreed, read-head
     head c@3     -> look`,
  );
});

Deno.test("a second change while the answer is under way is announced on top of the first", () => {
  replayAgreement(
    {},
    `${STARTED}
     finds b      -> look, announce b on a above 1
     finds c      -> look
     accepted b@2 -> report announced, announce c on b above 2`,
  );
});

Deno.test("without a link nothing is asked, and a link makes up for it", () => {
  replayAgreement(
    {},
    `finds b  -> look
     heard    ->
     linked   -> look, read-head
     finds b  ->
     head a@1 -> announce b on a above 1
     same b@2 -> report agreed`,
  );
});

Deno.test("after a stop no event leads to a question", () => {
  const state = replayAgreement({}, `${STARTED}\nfinds b -> look, announce b on a above 1`);
  const stopped = decide(state, { kind: "stop" }).state;
  replayAgreement(
    { from: stopped },
    "accepted b@2 ->\nlinked ->\nheard ->\nreconcile-due ->\nsettle-due ->\nhint force ->",
  );
});
