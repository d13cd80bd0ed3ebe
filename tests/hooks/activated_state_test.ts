// Whether the hooks on an activation have run for it, as transcripts: see hooks_transcript.ts for how one is written.
import { assertEquals } from "@std/assert";
import { activatedState, failedHook } from "../../src/hooks/decide_hooks.ts";
import { replayHooks } from "./hooks_transcript.ts";

/** The state after each line, and the hook that failed. */
function statesOf(plans: readonly string[], transcript: string): string[] {
  const lines = transcript.split("\n");
  return lines.map((_, index) => {
    const state = replayHooks(plans, "", lines.slice(0, index + 1).join("\n"));
    const failed = failedHook(state);
    return `${activatedState(state)}${failed === null ? "" : ` ${failed}`}`;
  });
}

Deno.test("hooks run until each has succeeded or failed once; a further try of a failed one does not count", () => {
  const states = statesOf(
    ["a", "b"],
    `activated 1 -> run a 1
     failed a    -> arm a 500, report a failed 500, run b 1
     ok b        -> keep b=1, report b ok
     due a       -> run a 1
     failed a    -> arm a 1000, report a failed 1000
     due a       -> run a 1
     ok a        -> keep a=1 b=1, report a ok`,
  );
  assertEquals(states, ["running", "running a", "failing a", "failing a", "failing a", "failing a", "done"]);
});

Deno.test("a hook that is held does not count as running", () => {
  const states = statesOf(
    ["a stop", "b stop"],
    `activated 1 -> run a 1
     failed a    -> keep a=failed, arm a 500, report a failed 500 holds b
     due a       -> run a 1
     ok a        -> keep a=1, report a ok, run b 1
     ok b        -> keep a=1 b=1, report b ok`,
  );
  assertEquals(states, ["running", "failing a", "failing a", "running", "done"]);
});

Deno.test("a failure for an older activation does not count, whether it was tried again or not", () => {
  const states = statesOf(
    ["a stop attempts=1"],
    `activated 1                  -> run a 1
     failed a                     -> keep a=failed, arm a 500, report a failed 500
     due a                        -> run a 1
     failed a                     -> report a failed
     activated 2 layers splay 700 -> arm a 700
     due a                        -> run a 2
     activated 3                  ->
     failed a                     -> report a failed superseded, run a 3`,
  );
  assertEquals(states, ["running", "failing a", "failing a", "failing a", "running", "running", "running", "running"]);
});

Deno.test("a delay that spreads a fleet counts as running, other events and changes that concern no hook do not", () => {
  const states = statesOf(
    ["a only=layers", "chat rejected"],
    `activated 1 layers splay 700 -> arm a 700
     due a                        -> run a 1
     ok a                         -> keep a=1, report a ok
     activated 2 caches           -> keep a=2
     rejected x                   -> run chat x ?`,
  );
  assertEquals(states, ["running", "running", "done", "done", "done"]);
  assertEquals(statesOf([], "activated 1 ->"), ["done"]);
});
