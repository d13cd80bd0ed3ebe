// Transcripts of changes that wait for a confirmation on one host, over restarts and failures.
import { replayReleases } from "./releases_transcript.ts";

Deno.test("a change that is confirmed stays", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    = 1 a healthy, 2 b running; confirmation of b
    hooks ok -> healthy 2
    confirm -> confirmed 2
    = 1 a healthy, 2 b healthy
    wait 600 ->
    confirm -> refused: No change waits for a confirmation
  `,
  );
});

Deno.test("a confirmation is for the edit that the watcher took a moment before the request, and for no older one", () => {
  replayReleases(
    {},
    `
    put b ->
    hint file -> look, runs 2 b (file)
    reload confirm 10 -> look, unchanged
    = 1 a healthy, 2 b running; confirmation of b
    wait 600 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
  `,
  );
  replayReleases(
    {},
    `
    put b ->
    hint file -> look, runs 2 b (file)
    wait 61 ->
    reload confirm 10 -> look, unchanged
    = 1 a healthy, 2 b running
  `,
  );
});

Deno.test("a change that is not confirmed goes back", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    hooks ok -> healthy 2
    wait 599 ->
    wait 1 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a confirmation that ran out while nothing ran goes back at the start", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    restart 1000 -> look, unchanged
    wait 0 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a confirmation goes on after a restart for the rest of its time", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    restart 300 -> look, unchanged
    = 1 a healthy, 2 b running; confirmation of b
    wait 299 ->
    wait 1 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a confirmation says nothing about a release that failed", () => {
  replayReleases(
    { health: { onFailure: "halt" } },
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: Health:OnFailure is halt
    confirm -> confirmed 2
    = 1 a healthy, 2 b failed; bake checking 2
  `,
  );
});

Deno.test("an edit replaces a change that waits for a confirmation, and is not taken back for it", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    file c -> look, runs 3 c (file)
    = 1 a healthy, 2 b replaced, 3 c running
    wait 600 ->
  `,
  );
});

Deno.test("a change that is not confirmed a second time goes back a second time", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    wait 600 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
    reload force confirm 10 -> look, runs 4 b (force)
    wait 600 -> rolling-back 4 to a (confirmation, fleet), back a, runs 5 a (confirmation), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b rolled-back, 5 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a reload that was refused leaves no confirmation to a later one", () => {
  replayReleases(
    {},
    `
    put bad ->
    reload confirm 10 -> look, rejected
    file b -> look, runs 2 b (file)
    = 1 a healthy, 2 b running
  `,
  );
});

Deno.test("a reload with a confirmation whose write is tried again later keeps it", () => {
  replayReleases(
    {},
    `
    put b ->
    writes fail ->
    reload confirm 10 -> look, activate b, write-failed
    writes work ->
    wait 1 -> look, runs 2 b (file)
    = 1 a healthy, 2 b running; confirmation of b
  `,
  );
});

Deno.test("a change that was forced during a hold goes back during the hold unless it is confirmed", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    reload force confirm 10 -> look, runs 2 b (force)
    wait 600 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped; hold
  `,
  );
});

Deno.test("a change that waits for its confirmation keeps a hold from being begun", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    hold 60 -> refused: Release 2 waits for its confirmation: confirm it or roll it back first
    confirm -> confirmed 2
    hold 10081 -> refused: A hold lasts at most 7 days: choose an earlier end
    hold 10080 -> hold-begun
  `,
  );
});

Deno.test("a confirmation with a source that could not be read is of the source that is read next", () => {
  replayReleases(
    {},
    `
    put gone ->
    reload confirm 10 -> look, unreadable
    put b ->
    wait 1 -> look, runs 2 b (file)
    wait 600 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
  `,
  );
  replayReleases(
    {},
    `
    put gone ->
    reload confirm 10 -> look, unreadable
    put a ->
    wait 1 -> look, unchanged
    file b -> look, runs 2 b (file)
    wait 700 ->
    = 1 a healthy, 2 b running
  `,
  );
});

Deno.test("a confirmation that was asked for with a source that is held is not that of a later change", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    text a lost ->
    head a@3 skips b -> look, back a, unreadable, diverged
    reload confirm 10 -> look, back a, unreadable
    file c -> look, runs 3 c (file), announce c on a skips b
    wait 700 ->
    = 1 a healthy, 2 b rolled-back, 3 c running; skips b; diverged
  `,
  );
});

Deno.test("a missing confirmation takes back nothing that the fleet put in place of the change meanwhile", () => {
  replayReleases(
    { cluster: true },
    `
    put b ->
    reload confirm 1 -> look, runs 2 b (operator), announce b on a
    accepted b@2 -> announced, agreed
    put d ->
    pause ->
    heard -> read-head
    head c@3 skips d -> look
    step -> back c
    step -> activate c
    wait 61 -> rolling-back 2 to a (confirmation, fleet)
    go -> activated 3 c (cluster) in place of d, look, agreed, back c, held skipped d again
    = 1 a healthy, 2 b rolled-back, 3 c running; skips d+b here; pinned c; held skipped; agreed
  `,
  );
});

Deno.test("a host that slept past the end of a confirmation goes back within a minute", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 600 -> look, runs 2 b (operator)
    clock 86400 ->
    wait 60 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
  `,
  );
});

Deno.test("a clock that is set back does not make a confirmation wait longer than the person asked for", () => {
  replayReleases(
    {},
    `
    put b ->
    reload confirm 10 -> look, runs 2 b (operator)
    clock -10800 ->
    wait 60 ->
    wait 599 ->
    wait 1 -> rolling-back 2 to a (confirmation, fleet), back a, runs 3 a (confirmation), look, back a, held skipped b
  `,
  );
});

Deno.test("an edit is proposed within a minute after a host slept past the end of a hold", () => {
  replayReleases(
    { rollout: {} },
    `
    hold 600 -> hold-begun
    file b -> look, held frozen b
    clock 86400 ->
    hint signal -> look, held proposing b
    wait 60 -> hold-ended, look, read-fleet, held proposing b again, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
  `,
  );
});
