// An announced source was read after the link came up: see agreement_transcript.ts for how a transcript is written.
import { AGREED, replayAgreement, STARTED } from "./agreement_transcript.ts";

Deno.test("a hash that was found before the link came up is announced as the source says it afterwards", () => {
  replayAgreement(
    {},
    `finds b   -> look
     linked    -> look, read-head
     head none -> report head-lost
     finds c   -> announce c on a above 1`,
  );
});

Deno.test("a lost head is written again as the source says it since the link came up", () => {
  replayAgreement(
    {},
    `finds a   -> look
     linked    -> look, read-head
     head none -> report head-lost
     finds a   -> announce a on nothing above 1`,
  );
});

Deno.test("a look that was under way when the link came up is followed by another before anything is announced", () => {
  replayAgreement(
    {},
    `hint file -> look
     linked    -> read-head
     head a@1  ->
     finds b   -> look, read-head
     head a@1  ->
     finds c   -> announce c on a above 1`,
  );
});

Deno.test("a link that comes up again asks for a look again, and one look is enough for several links", () => {
  replayAgreement(
    {},
    `finds b  -> look
     linked   -> look, read-head
     unlinked ->
     linked   ->
     linked   ->
     head a@1 -> read-head
     finds b  -> look
     head a@1 ->
     finds c  -> announce c on a above 1`,
  );
});

Deno.test("while the source is missing, cannot be read or not be written, its earlier hash is not announced", () => {
  for (const found of ["missing", "no-file", "c!"]) {
    replayAgreement(
      { active: "b", ledger: { ...AGREED, owed: { hash: "b", base: "a" } } },
      `hint start      -> look
       linked          -> read-head
       head none       -> report head-lost
       finds b         -> look, read-head
       head none       ->
       finds ${found}  ->
       reconcile-due   -> look, read-head
       head none       ->
       finds ${found}  ->
       hint signal     -> look
       finds c         -> announce c on a above 1`,
    );
  }
});

Deno.test("the hash in force is announced while the source is rejected, for nothing better is known", () => {
  replayAgreement(
    { active: "b" },
    `linked        -> look, read-head
     head a@1      -> 
     finds nothing -> announce b on a above 1`,
  );
});

Deno.test("force at a look that began before the link waits for the look after it", () => {
  replayAgreement(
    { ledger: { ...AGREED, seen: 2, diverged: { generation: 2, hash: "b" }, concluded: "c" }, active: "c" },
    `hint force -> look
     linked     -> read-head
     head b@2   ->
     finds c    -> look, read-head
     head b@2   ->
     finds c    -> look, announce c on nothing above 2 by force`,
  );
});

Deno.test("a change that could not be announced is read again before it is announced again", () => {
  replayAgreement(
    {},
    `${STARTED}
     finds b       -> look, announce b on a above 1
     failed        -> report announcement-failed, read-head
     head a@1      ->
     reconcile-due -> look, read-head
     head a@1      ->
     finds c       -> announce c on a+b above 1`,
  );
});

Deno.test("a reconciliation with nothing to say looks at nothing", () => {
  replayAgreement({}, `${STARTED}\nreconcile-due -> read-head\nhead a@1 ->`);
});
