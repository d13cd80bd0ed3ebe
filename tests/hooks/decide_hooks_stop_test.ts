// Hooks that hold others once they failed (`stop`), as transcripts: see hooks_transcript.ts for how one is written.
import { assertEquals } from "@std/assert";
import { heldBy } from "../../src/hooks/decide_hooks.ts";
import { replayHooks } from "./hooks_transcript.ts";

Deno.test("a failure that stops keeps those behind it from their turn until it is cured", () => {
  const state = replayHooks(
    ["a stop", "b stop", "c"],
    "a=1 b=1 c=1",
    `activated 2 -> keep none, run a 2
     failed a    -> keep a=failed, arm a 500, report a failed 500 holds b+c
     due a       -> run a 2
     failed a    -> arm a 1000, report a failed 1000 holds b+c
     due a       -> run a 2
     ok a        -> keep a=2, report a ok, run b 2
     failed b    -> keep a=2 b=failed, arm b 500, report b failed 500 holds c`,
  );
  assertEquals(state.hooks.map((hook) => heldBy(hook, state)), [null, null, "b"]);
});

Deno.test("a hook that was unwell comes first at the next trigger, and only those before it that do not stop run", () => {
  replayHooks(
    ["chat", "a stop", "b stop", "c"],
    "chat=1 a=1 b=1 c=1",
    `activated 2 -> keep none, run chat 2
     ok chat     -> keep chat=2, report chat ok, run a 2
     ok a        -> keep chat=2 a=2, report a ok, run b 2
     failed b    -> keep chat=2 a=2 b=failed, arm b 500, report b failed 500 holds c
     activated 3 -> keep b=failed, disarm b, run chat 3
     ok chat     -> keep chat=3 b=failed, report chat ok, run b 3
     failed b    -> arm b 500, report b failed 500 holds a+c
     due b       -> run b 3
     ok b        -> keep chat=3 b=3, report b ok, run a 3
     ok a        -> keep chat=3 a=3 b=3, report a ok, run c 3`,
  );
});

Deno.test("a failure that stops and is superseded runs again before all others", () => {
  replayHooks(
    ["a stop", "b stop"],
    "a=1 b=1",
    `activated 2 -> keep none, run a 2
     ok a        -> keep a=2, report a ok, run b 2
     activated 3 -> keep none
     failed b    -> keep b=failed, report b failed superseded holds a, run b 3
     ok b        -> keep b=3, report b ok, run a 3`,
  );
});

Deno.test("one that stops and is given up holds the others until the next trigger, also over its delay", () => {
  replayHooks(
    ["a stop", "b stop attempts=1"],
    "a=1 b=1",
    `activated 2                  -> keep none, run a 2
     ok a                         -> keep a=2, report a ok, run b 2
     failed b                     -> keep a=2 b=failed, arm b 500, report b failed 500
     due b                        -> run b 2
     failed b                     -> report b failed
     activated 3 layers splay 700 -> keep b=failed, arm a 700, arm b 700
     due a                        ->
     due b                        -> run b 3
     ok b                         -> keep b=3, report b ok, run a 3`,
  );
});

Deno.test("at the start a hook that stops and was not done comes first, unless none was", () => {
  replayHooks(
    ["a stop", "b stop"],
    "a=1",
    `start 2 -> keep b=failed, run b 2 ?
     ok b    -> keep b=2, report b ok, run a 2 ?`,
  );
  replayHooks(["a stop", "b stop"], "", "start 2 -> run a 2 ?");
});

Deno.test("a failure that stops is kept over a restart, even if something newer came before it", () => {
  replayHooks(
    ["a stop", "b stop"],
    "a=1 b=1",
    `activated 2 -> keep none, run a 2
     ok a        -> keep a=2, report a ok, run b 2
     failed b    -> keep a=2 b=failed, arm b 500, report b failed 500
     activated 3 -> keep b=failed, disarm b, run b 3`,
  );
  const state = replayHooks(
    ["a stop", "b stop"],
    "b=failed",
    `start 3 -> run b 3 ?
     ok b    -> keep b=3, report b ok, run a 3 ?
     ok a    -> keep a=3 b=3, report a ok`,
  );
  assertEquals(state.hooks.map((hook) => hook.isFailing), [false, false]);
});

Deno.test("parallel hooks that stop hold the others together, and not each other", () => {
  replayHooks(
    ["a stop parallel", "b stop parallel", "c"],
    "a=1 b=1 c=1",
    `activated 2 -> keep none, run a 2, run b 2
     failed a    -> keep a=failed, arm a 500, report a failed 500 holds c
     failed b    -> keep a=failed b=failed, arm b 500, report b failed 500 holds c
     due b       -> run b 2
     ok b        -> keep a=failed b=2, report b ok
     due a       -> run a 2
     ok a        -> keep a=2 b=2, report a ok, run c 2`,
  );
});

Deno.test("a hook that fails ends the runs of its rejection for the hooks that it held, and not those of the next", () => {
  replayHooks(
    ["r rejected stop", "s rejected", "a stop"],
    "a=1",
    `rejected x    -> run r x ?
     failed r      -> report r failed holds s
     activated 2   -> keep none, run a 2
     rejected y    -> run r y ?
     ok r          -> report r ok, run s y ?
     over rejected ->`,
  );
});

Deno.test("the end of a rejection for held hooks leaves the hooks of other events unchanged", () => {
  replayHooks(
    ["r rejected stop", "s rejected", "a"],
    "a=1",
    `activated 2 -> keep none, run a 2
     rejected x  -> run r x ?
     failed a    -> arm a 500, report a failed 500
     failed r    -> report r failed holds s
     due a       -> run a 2
     ok a        -> keep a=2, report a ok`,
  );
});

Deno.test("a delay of a millisecond is one, and takes the place of a retry that waits", () => {
  replayHooks(
    ["a"],
    "a=1",
    `activated 2                -> keep none, run a 2
     failed a                   -> arm a 500, report a failed 500
     activated 3 layers splay 1 -> arm a 1
     due a                      -> run a 3`,
  );
});
