// The decisions of the reload loop, as transcripts: see transcript.ts for how one is written.
import { assertEquals, assertThrows } from "@std/assert";
import { decide } from "../../src/reload/decide.ts";
import { initialState } from "../../src/reload/state.ts";
import { replay } from "./transcript.ts";

Deno.test("the first look of a host without a snapshot writes one", () => {
  const state = replay(
    "none",
    `hint start -> look
     saw 1/1    -> activate 1/1
     wrote      -> report activated both (start)`,
  );
  assertEquals(state.active, { hash: "1", contentHash: "1" });
});

Deno.test("a source with the meaning of the snapshot in force is not written", () => {
  replay(
    "1/1",
    `hint file -> look
     saw 1/1   -> report unchanged (file)`,
  );
});

Deno.test("a change of only a secret is a change of content, one of only its spelling is one of the header", () => {
  replay(
    "1/1",
    `hint file -> look
     saw 1/2   -> activate 1/2
     wrote     -> report activated content (file)
     hint file -> look
     saw 2/2   -> activate 2/2
     wrote     -> report activated header (file)
     hint file -> look
     saw 3/3   -> activate 3/3
     wrote     -> report activated both (file)`,
  );
});

Deno.test("a snapshot file that is missing, damaged or another than the one in force is written again", () => {
  replay(
    "1/1",
    `hint poll           -> look
     saw 1/1 stored none -> activate 1/1
     wrote               -> report activated restored (poll)
     hint poll           -> look
     saw 1/1 stored 1/2  -> activate 1/1
     wrote               -> report activated restored (poll)
     hint poll           -> look
     saw 1/1 stored 2/1  -> activate 1/1
     wrote               -> report activated restored (poll)`,
  );
});

Deno.test("the active snapshot id moves only when the write succeeded", () => {
  const looked = replay("1/1", "hint file -> look\nsaw 2/2 -> activate 2/2");
  assertEquals(looked.active, { hash: "1", contentHash: "1" });
  const failed = replay(
    "1/1",
    `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)`,
  );
  assertEquals(failed.active, { hash: "1", contentHash: "1" });
});

Deno.test("the report of a rejected source says whether it could be read", () => {
  replay(
    "1/1",
    `hint file             -> look
     saw rejected x unread -> report rejected x unread (file)
     hint file             -> look
     saw rejected x        -> report rejected x again (file)`,
  );
});

Deno.test("a rejected source changes nothing, and its revert heals without a write", () => {
  const rejected = replay("1/1", "hint file -> look\nsaw rejected x -> report rejected x (file)");
  assertEquals(rejected.active, { hash: "1", contentHash: "1" });
  assertEquals(rejected.trouble, { kind: "rejected", fingerprint: "x", reason: "wrong", attempts: 0 });
  const reverted = replay(
    "1/1",
    `hint file      -> look
     saw rejected x -> report rejected x (file)
     hint file      -> look
     saw 1/1        -> report unchanged healed rejected (file)`,
  );
  assertEquals(reverted.trouble, null);
});

Deno.test("the same rejection is news once, another one again, and always to a person who asks", () => {
  replay(
    "1/1",
    `hint file      -> look
     saw rejected x -> report rejected x (file)
     hint poll      -> look
     saw rejected x -> report rejected x again (poll)
     hint signal    -> look
     saw rejected x -> report rejected x (signal)
     hint file      -> look
     saw rejected y -> report rejected y (file)
     hint file      -> look
     saw 2/2        -> activate 2/2
     wrote          -> report activated both healed rejected (file)`,
  );
});

Deno.test("hints during a look or a write make exactly one more look, with each reason once", () => {
  replay(
    "1/1",
    `hint start  -> look
     hint file   ->
     hint poll   ->
     hint file   ->
     saw 2/2     -> activate 2/2
     hint signal ->
     hint file   ->
     wrote       -> report activated both (start), look
     saw 2/2     -> report unchanged (file poll signal)`,
  );
});

Deno.test("a failed write is tried again with growing waits, each time after a new look, and is news once", () => {
  replay(
    "1/1",
    `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)
     retry-due     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 1000, report write-failed 2/2 again (retry)
     retry-due     -> look
     saw 2/2       -> activate 2/2
     failed EROFS  -> arm-retry 2000, report write-failed 2/2 (retry)
     retry-due     -> look
     saw 2/2       -> activate 2/2
     wrote         -> report activated both healed write-failed (retry)`,
  );
});

Deno.test("another source starts the waits again", () => {
  replay(
    "1/1",
    `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)
     retry-due     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 1000, report write-failed 2/2 again (retry)
     hint file     -> look
     saw 3/3       -> activate 3/3
     failed ENOSPC -> arm-retry 500, report write-failed 3/3 (file)`,
  );
});

Deno.test("a hint does not undo the backoff of a failed write, a person does", () => {
  replay(
    "1/1",
    `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)
     hint poll     -> look
     saw 2/2       -> report awaiting-retry 2/2 (poll)
     hint signal   -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 1000, report write-failed 2/2 (signal)`,
  );
});

Deno.test("a retry ends if the source no longer asks for it", () => {
  const failure = `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)
     hint file     -> look\n`;
  const reverted = replay("1/1", failure + "saw 1/1 -> disarm-retry, report unchanged healed write-failed (file)");
  assertEquals([reverted.trouble, reverted.retryArmed], [null, false]);
  replay("1/1", failure + "saw rejected x -> disarm-retry, report rejected x (file)");
});

Deno.test("a retry that falls due during the work it would ask for asks for nothing more", () => {
  replay(
    "1/1",
    `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)
     hint signal   -> look
     retry-due     ->
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 1000, report write-failed 2/2 (signal)
     hint signal   -> look
     saw 2/2       -> activate 2/2
     retry-due     ->
     wrote         -> report activated both healed write-failed (signal)`,
  );
});

Deno.test("a source that cannot be read is looked at again with growing waits that hints do not change", () => {
  replay(
    "1/1",
    `hint file          -> look
     saw unreadable EIO -> arm-retry 500, report unreadable EIO (file)
     hint poll          -> look
     saw unreadable EIO -> report unreadable EIO again (poll)
     retry-due          -> look
     saw unreadable EIO -> arm-retry 1000, report unreadable EIO again (retry)
     retry-due          -> look
     saw 1/1            -> report unchanged healed unreadable (retry)`,
  );
});

Deno.test("stopping at rest finishes at once and takes the timer along", () => {
  replay("1/1", "stop -> finish\nhint file ->\nstop ->");
  replay(
    "1/1",
    `hint file     -> look
     saw 2/2       -> activate 2/2
     failed ENOSPC -> arm-retry 500, report write-failed 2/2 (file)
     stop          -> disarm-retry, finish
     retry-due     ->`,
  );
});

Deno.test("stopping during a look aborts it, and its result is passed over", () => {
  replay(
    "1/1",
    `hint file -> look
     hint poll ->
     stop      -> abort
     hint file ->
     saw 2/2   -> finish`,
  );
});

Deno.test("stopping during a write lets it end: a written snapshot is in force, one given up is not", () => {
  const begun = "hint file -> look\nsaw 2/2 -> activate 2/2\nhint poll ->\nstop -> abort\n";
  const written = replay("1/1", begun + "wrote -> report activated both (file), finish");
  assertEquals(written.active, { hash: "2", contentHash: "2" });
  const givenUp = replay("1/1", begun + "failed aborted -> finish");
  assertEquals(givenUp.active, { hash: "1", contentHash: "1" });
});

Deno.test("an answer that nobody asked for is a bug and throws", () => {
  const timing = { tookMilliseconds: 0, random: 0, at: 0 };
  assertThrows(
    () => decide(initialState<string>(null), { kind: "activated", result: { kind: "written" }, ...timing }),
    Error,
    "activated while idle",
  );
  const unreadable = { kind: "unreadable", fingerprint: "EIO", reason: "EIO" } as const;
  assertThrows(
    () => decide(initialState<string>(null), { kind: "looked", outcome: unreadable, ...timing }),
    Error,
    "looked while idle",
  );
});
