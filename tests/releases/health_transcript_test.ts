// Transcripts of the watch over a release: hooks, health checks, automatic rollbacks and restarts between any two of
// them.
import { assertEquals } from "@std/assert";
import { replayReleases } from "./releases_transcript.ts";

Deno.test("a release is watched after its hooks, and healthy when the checks succeeded for the bake time", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    = 1 a healthy, 2 b running; bake hooks
    hooks ok -> baking 2, check-health
    = 1 a healthy, 2 b baking; bake checking
    wait 10 ->
    health ok ->
    wait 10 -> check-health
    health bad ->
    wait 10 -> check-health
    health ok ->
    wait 30 -> check-health
    health ok -> healthy 2
    = 1 a healthy, 2 b healthy
  `,
  );
});

Deno.test("hooks that are done make a release healthy if nothing checks it, and hooks that failed do not", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks failed ->
    = 1 a healthy, 2 b running
    hooks ok -> healthy 2
    = 1 a healthy, 2 b healthy
  `,
  );
});

Deno.test("this many failures in a row take a release back on this host, and its file changes nothing any more", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks
    hooks ok -> baking 3, check-health
    wait 60 ->
    health ok -> healthy 3
    = 1 a healthy, 2 b failed, 3 a healthy; skips b here; pinned a here; held skipped
    file b -> look, back a, held skipped b again
    = 1 a healthy, 2 b failed, 3 a healthy; skips b here; pinned a here; held skipped
  `,
  );
});

Deno.test("an edit replaces the release that runs in place of a skipped file, and the skip stays", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    file c -> look, runs 4 c (file)
    = 1 a healthy, 2 b failed, 3 a replaced, 4 c running; skips b here; bake hooks
    file b -> look, held skipped b
    = 1 a healthy, 2 b failed, 3 a replaced, 4 c running; skips b here; held skipped; bake hooks
  `,
  );
});

Deno.test("a release that its hooks did not reach is watched anyway", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks failed -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
  `,
  );
});

Deno.test("with OnFailure halt an unhealthy release stays in force and is reported to be unhealthy", () => {
  replayReleases(
    { health: { onFailure: "halt" } },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: Health:OnFailure is halt
    = 1 a healthy, 2 b failed; bake checking 2
    hooks ok ->
    file c -> look, runs 3 c (file)
    = 1 a healthy, 2 b failed, 3 c running; bake hooks
  `,
  );
});

Deno.test("a release is not blamed if the servers were not healthy before it", () => {
  replayReleases(
    { health: {} },
    `
    baseline sick ->
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: the servers were not healthy before it, or it was rolled back once already
    = 1 a healthy, 2 b failed; bake checking 2
  `,
  );
});

Deno.test("a hash is taken back automatically once, and then only a person can", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    reload force -> look, runs 4 b (force)
    = 1 a healthy, 2 b failed, 3 a replaced, 4 b running; bake hooks
    hooks ok -> baking 4, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 4, halted: the servers were not healthy before it, or it was rolled back once already
    = 1 a healthy, 2 b failed, 3 a replaced, 4 b failed; bake checking 2
    roll-back 3 -> rolling-back 4 to a (rollback, fleet), back a, runs 5 a (rollback), look, back a, held skipped b
    = 1 a healthy, 2 b failed, 3 a replaced, 4 b rolled-back, 5 a running; skips b; pinned a undoes b; held skipped; bake hooks
  `,
  );
});

Deno.test("the release that an automatic rollback leads to is watched, and not taken back by the next", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    hooks ok -> baking 3, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 3, halted: a rollback put it in force
    = 1 a healthy, 2 b failed, 3 a failed; skips b here; pinned a here; held skipped; bake checking 2
  `,
  );
});

Deno.test("an edit during a bake goes back to the last healthy release, and the one that was baking may come again", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health ok ->
    file c -> look, runs 3 c (file)
    = 1 a healthy, 2 b replaced, 3 c running; bake hooks
    hooks ok -> baking 3, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 3, rolling-back 3 to a (health, host), back a, runs 4 a (health), look, back a, held skipped c
    = 1 a healthy, 2 b replaced, 3 c failed, 4 a running; skips c here; pinned a here; held skipped; bake hooks
    file b -> look, runs 5 b (file)
  `,
  );
});

Deno.test("an answer about the servers before an edit says nothing about the edit", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    file c -> look, runs 3 c (file)
    hooks ok -> baking 3
    health bad -> check-health
    health bad ->
    = 1 a healthy, 2 b replaced, 3 c baking; bake checking 1
    wait 10 -> check-health
    health ok ->
    = 1 a healthy, 2 b replaced, 3 c baking; bake checking
  `,
  );
});

Deno.test("an edit that is written while the release before it fails is not taken back with it", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    pause ->
    file c -> look
    health bad -> unhealthy 2, rolling-back 2 to a (health, host)
    = 1 a healthy, 2 b failed; skips b here; pinned a here
    go -> runs 3 c (file), look, unchanged
    = 1 a healthy, 2 b failed, 3 c running; skips b here; bake hooks
    file b -> look, held skipped b
  `,
  );
});

Deno.test("an edit whose write fails leaves the rollback of the release before it to be carried out", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    pause ->
    file c -> look
    step -> activate c
    health bad -> unhealthy 2, rolling-back 2 to a (health, host)
    writes fail ->
    step -> write-failed, back a
    writes work ->
    go -> runs 3 a (health), look, runs 4 c (file)
    = 1 a healthy, 2 b failed, 3 a replaced, 4 c running; skips b here; bake hooks
  `,
  );
});

Deno.test("a hold keeps a release that was in force before it, healthy or not", () => {
  replayReleases(
    { health: {} },
    `
    wait 0 ->
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    wait 1 ->
    hold 60 -> hold-begun
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: a hold keeps everything as it is
    = 1 a healthy, 2 b failed; hold; bake checking 2
  `,
  );
});

Deno.test("a change that was forced during a hold goes back during the hold if it is not healthy", () => {
  replayReleases(
    { health: {} },
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    wait 5 ->
    reload force -> look, runs 2 b (force)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; hold; bake hooks
  `,
  );
});

Deno.test("a bake goes on in the next process from the same point", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health ok ->
    restart 20 -> look, unchanged
    = 1 a healthy, 2 b baking; bake checking
    wait 0 -> check-health
    health ok ->
    wait 40 -> check-health
    health ok -> healthy 2
    = 1 a healthy, 2 b healthy
  `,
  );
});

Deno.test("a release that was watched is healthy if the next process has no checks", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    unwatched ->
    restart 5 -> look, unchanged
    = 1 a healthy, 2 b healthy
    hooks ok ->
    file c -> look, runs 3 c (file)
    hooks ok -> healthy 3
    = 1 a healthy, 2 b healthy, 3 c healthy
  `,
  );
});

Deno.test("an activation whose checks are gone at the next start waits for its hooks", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    unwatched ->
    restart 5 -> look, unchanged
    = 1 a healthy, 2 b running
    hooks ok -> healthy 2
    = 1 a healthy, 2 b healthy
  `,
  );
});

Deno.test("a failure that was counted before a restart counts after it", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    restart 5 -> look, unchanged
    wait 0 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks
  `,
  );
});

Deno.test("an automatic rollback that was decided on and not carried out is carried out by the next process", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    pause ->
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a
    restart 5 -> look, back a, runs 3 a (health) in place of b
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks
  `,
  );
});

Deno.test("an edit that did not come into force before a crash leaves the watch over the release before it", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    pause ->
    file c -> look
    step -> activate c
    put b ->
    restart 5 -> look, unchanged
    = 1 a healthy, 2 b running; bake hooks
    hooks ok -> baking 2, check-health
    = 1 a healthy, 2 b baking; bake checking
  `,
  );
});

Deno.test("an edit that came into force just before a crash is watched by the next process", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    pause ->
    file c -> look
    step -> activate c
    restart 5 written -> look, unchanged
    = 1 a healthy, 2 b replaced, 3 c running; bake hooks
    hooks ok -> baking 3, check-health
    = 1 a healthy, 2 b replaced, 3 c baking; bake checking
  `,
  );
});

Deno.test("a change that no reader sees has the state of the release that it replaces", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    file c/b -> look, runs 3 c (file)
    = 1 a healthy, 2 b replaced, 3 c baking; bake checking
    health bad -> check-health
    wait 10 ->
    health bad ->
    = 1 a healthy, 2 b replaced, 3 c baking; bake checking 1
  `,
  );
});

Deno.test("a change that no reader sees does not make a failed release healthy, and the reason why it stays is kept", () => {
  const { kept } = replayReleases(
    { health: { onFailure: "halt" } },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: Health:OnFailure is halt
    file c/b -> look, runs 3 c (file)
    = 1 a healthy, 2 b failed, 3 c failed; bake checking 2
    hooks ok ->
    = 1 a healthy, 2 b failed, 3 c failed; bake checking 2
  `,
  );
  const why = "Health:OnFailure is halt";
  assertEquals(kept.list.map(({ halted }) => halted), [undefined, why, why]);
});

Deno.test("a release that failed is asked about quietly, and healthy when the checks succeeded for a whole bake", () => {
  const { kept } = replayReleases(
    { health: { onFailure: "halt" } },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: Health:OnFailure is halt
    wait 10 -> check-health
    health bad ->
    = 1 a healthy, 2 b failed; bake checking 2
    wait 10 -> check-health
    health ok ->
    wait 10 -> check-health
    health bad ->
    wait 10 -> check-health
    health ok ->
    restart 40 -> look, unchanged
    wait 0 -> check-health
    health ok ->
    = 1 a healthy, 2 b failed; bake checking
    wait 20 -> check-health
    health ok -> healthy 2
    = 1 a healthy, 2 b healthy
    wait 60 ->
  `,
  );
  assertEquals(kept.list.map(({ halted }) => halted), [undefined, undefined]);
});

Deno.test("a release that failed is asked about after a crash that lost the edit after it", () => {
  replayReleases(
    { health: { onFailure: "halt" } },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: Health:OnFailure is halt
    pause ->
    file c -> look
    step -> activate c
    put b ->
    restart 5 -> look, unchanged
    = 1 a healthy, 2 b failed; bake checking 2
    wait 0 -> check-health
  `,
  );
});

Deno.test("a release that a rollback put in force is not blamed for the servers, and stays a target", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    hooks ok -> baking 3, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 3, halted: a rollback put it in force
    wait 10 -> check-health
    health ok ->
    file c -> look, runs 4 c (file)
    = 1 a healthy, 2 b failed, 3 a replaced, 4 c running; skips b here; bake hooks
    hooks ok -> baking 4, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 4, rolling-back 4 to a (health, host), back a, runs 5 a (health), look, back a, held skipped c
  `,
  );
});

Deno.test("the first release is not blamed for servers that are not there yet, and the next change can go back to it", () => {
  replayReleases(
    { health: {}, isNew: true },
    `
    file a -> look, runs 1 a (file)
    hooks ok -> baking 1, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 1, halted: Release 1 is the only one in the history: nothing is before it
    baseline healthy ->
    file b -> look, runs 2 b (file)
    = 1 a replaced, 2 b running; bake hooks
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
  `,
  );
});

Deno.test("a hash that failed once more after its automatic rollback is no target, also if it was not blamed again", () => {
  replayReleases(
    { health: {}, isNew: true },
    `
    file a -> look, runs 1 a (file)
    hooks ok -> baking 1, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 1, halted: Release 1 is the only one in the history: nothing is before it
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    reload force -> look, runs 4 b (force)
    hooks ok -> baking 4, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 4, halted: the servers were not healthy before it, or it was rolled back once already
    file c -> look, runs 5 c (file)
    = 1 a replaced, 2 b failed, 3 a replaced, 4 b failed, 5 c running; bake hooks
    roll-back -> rolling-back 5 to a (rollback, fleet), back a, runs 6 a (rollback), look, back a, held skipped c
  `,
  );
});
