// The loop if hooks check a snapshot before it is in force, and its heartbeat.
import { assertEquals } from "@std/assert";
import { SUPERSEDED } from "../../src/reload/loop.ts";
import type { LookOutcome } from "../../src/reload/events.ts";
import { controlledLoop, turn } from "./controlled_loop.ts";

function candidate(name: string): LookOutcome<string> {
  return {
    kind: "candidate",
    hash: name,
    contentHash: name,
    fingerprint: name,
    candidate: name,
    text: { format: "hcl", digest: name },
    stored: null,
  };
}

Deno.test("a check is asked to give up for a newer edit, and its request is answered with the newer outcome", async () => {
  const { loop, looks, writes } = controlledLoop(null, { isChecked: true });
  const answer = loop.request("admin");
  looks[0]!.end(candidate("1"));
  await turn();
  assertEquals(writes[0]!.signal.aborted, false);
  loop.hint("file");
  assertEquals([writes[0]!.signal.aborted, writes[0]!.signal.reason], [true, SUPERSEDED]);
  writes[0]!.end({ kind: "superseded" });
  await turn();
  looks[1]!.end(candidate("2"));
  await turn();
  writes[1]!.end({ kind: "written" });
  assertEquals((await answer)?.kind, "activated");
  assertEquals(loop.state().active?.hash, "2");
});

Deno.test("the loop beats while it lives, and not while a write has outlasted its limit", async () => {
  let beats = 0;
  const heartbeat = { everyMilliseconds: 100, beat: () => void beats++ };
  const { loop, clock, looks, writes } = controlledLoop(null, { heartbeat, activateLimitMilliseconds: 1_000 });
  clock.advance(250);
  assertEquals(beats, 2);
  loop.hint("file");
  looks[0]!.end(candidate("1"));
  await turn();
  clock.advance(1_000);
  const whileItMayWrite = beats;
  clock.advance(1_000);
  assertEquals(beats, whileItMayWrite);
  writes[0]!.end({ kind: "written" });
  await turn();
  clock.advance(100);
  assertEquals(beats, whileItMayWrite + 1);
  await loop.stop();
  assertEquals(clock.running(), 0);
});

Deno.test("each new state is reported before its consequences are carried out", async () => {
  const reported: string[] = [];
  const { loop, looks, writes } = controlledLoop(null, { changed: ({ work }) => reported.push(work.kind) });
  loop.hint("file");
  assertEquals([reported, looks.length], [["looking"], 1]);
  looks[0]!.end(candidate("1"));
  await turn();
  writes[0]!.end({ kind: "written" });
  await turn();
  assertEquals(reported, ["looking", "activating", "idle"]);
});
