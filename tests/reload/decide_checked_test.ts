// The decisions of the reload loop if hooks check a snapshot before it is in force, as transcripts: see transcript.ts.
import { assertEquals } from "@std/assert";
import { replay } from "./transcript.ts";

const CHECKED = { isChecked: true };

Deno.test("a snapshot that is refused is rejected: the one in force stays, and the next good source heals it", () => {
  const refused = replay(
    "1/1",
    `hint file  -> look
     saw 2/2    -> activate 2/2
     refused no -> report rejected 2/2 (file)`,
    CHECKED,
  );
  assertEquals([refused.active, refused.trouble?.kind], [{ hash: "1", contentHash: "1" }, "rejected"]);
  replay(
    "1/1",
    `hint file  -> look
     saw 2/2    -> activate 2/2
     refused no -> report rejected 2/2 (file)
     hint file  -> look
     saw 1/1    -> report unchanged healed rejected (file)`,
    CHECKED,
  );
});

Deno.test("a refused source is checked again when somebody edits or asks, and not whenever others announce", () => {
  replay(
    "1/1",
    `hint file   -> look
     saw 2/2     -> activate 2/2
     refused no  -> report rejected 2/2 (file)
     hint peer   -> look
     saw 2/2     -> report awaiting-retry 2/2 (peer)
     hint signal -> look
     saw 2/2     -> activate 2/2
     refused no  -> report rejected 2/2 (signal)
     hint poll   -> look
     saw 2/2     -> activate 2/2
     wrote       -> report activated both healed rejected (poll)`,
    CHECKED,
  );
});

Deno.test("a source other than the one that was refused is checked, for any reason of the look", () => {
  replay(
    "1/1",
    `hint file  -> look
     saw 2/2    -> activate 2/2
     refused no -> report rejected 2/2 (file)
     hint peer  -> look
     saw 3/3    -> activate 3/3
     wrote      -> report activated both healed rejected (peer)`,
    CHECKED,
  );
});

Deno.test("a source that was edited since it was looked at is not checked any more", () => {
  replay(
    "1/1",
    `hint peer -> look
     hint file ->
     saw 2/2   -> look
     saw 3/3   -> activate 3/3
     wrote     -> report activated both (peer file)`,
    CHECKED,
  );
});

Deno.test("a source that changes while it is checked takes the place of the one before, reasons and all", () => {
  replay(
    "1/1",
    `hint admin -> look
     saw 2/2    -> activate 2/2
     hint file  -> supersede
     hint file  ->
     superseded -> look
     saw 3/3    -> activate 3/3
     wrote      -> report activated both (admin file)`,
    CHECKED,
  );
});

Deno.test("an announcement of others waits for the running check; a request of a person does not, for an unwatched file may have changed", () => {
  replay(
    "1/1",
    `hint file   -> look
     saw 2/2     -> activate 2/2
     hint peer   ->
     hint signal -> supersede
     superseded  -> look
     saw 2/2     -> activate 2/2
     wrote       -> report activated both (file peer signal)`,
    CHECKED,
  );
});

Deno.test("a source that never stops changing is checked anyway, every fourth time", () => {
  const round = `hint file  -> supersede
     superseded -> look
     saw 2/2    -> activate 2/2`;
  replay(
    "1/1",
    `hint file  -> look
     saw 2/2    -> activate 2/2
     ${round}
     ${round}
     ${round}
     hint file  ->
     wrote      -> report activated both (file), look
     saw 3/3    -> activate 3/3
     hint file  -> supersede`,
    CHECKED,
  );
});

Deno.test("a check that was asked to give up and came to its end before counts", () => {
  replay(
    "1/1",
    `hint file -> look
     saw 2/2   -> activate 2/2
     hint poll -> supersede
     wrote     -> report activated both (file), look
     saw 3/3   -> activate 3/3`,
    CHECKED,
  );
});

Deno.test("if there are no checks, a write is left to its end", () => {
  replay(
    "1/1",
    `hint file -> look
     saw 2/2   -> activate 2/2
     hint file ->
     wrote     -> report activated both (file), look`,
  );
});

Deno.test("a write that is stopped while it is checked is finished, for any outcome of the check", () => {
  for (const end of ["superseded", "refused no", "failed stopped"]) {
    replay("1/1", `hint file -> look\nsaw 2/2 -> activate 2/2\nstop -> abort\nhint file ->\n${end} -> finish`, CHECKED);
  }
});

Deno.test("an emergency is for the file that the person saw, and not for one that was written during its check", () => {
  replay(
    "1/1",
    `hint emergency -> look
     saw 2/2        -> activate 2/2
     hint file      -> supersede
     superseded     -> look
     saw 3/3        -> activate 3/3
     wrote          -> report activated both (file)`,
    CHECKED,
  );
});
