// Transcripts of the watch over a release after a value of the environment changed, such as a secret: its configuration is
// the same, so nothing can go back.
import { replayReleases } from "./releases_transcript.ts";

Deno.test("a value of the environment that changed is watched, and said if it fails: there is nothing to go back to", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    wait 60 ->
    health ok -> healthy 2
    file b/rotated -> look, activate b/rotated, activated content
    = 1 a healthy, 2 b healthy; bake hooks
    hooks ok -> check-health
    = 1 a healthy, 2 b healthy; bake checking
    health bad ->
    restart 10 -> look, unchanged
    wait 0 -> check-health
    health bad -> unhealthy 2, halted: it was healthy until a value of the environment changed
    = 1 a healthy, 2 b failed; bake checking 2
    baseline sick ->
    file c -> look, runs 3 c (file)
    = 1 a healthy, 2 b healthy, 3 c running; bake hooks
    roll-back -> rolling-back 3 to b (rollback, fleet), back b, runs 4 b (rollback), look, back b, held skipped c
  `,
  );
});

Deno.test("a value of the environment that works is watched without a word", () => {
  replayReleases(
    { health: {} },
    `
    file a/rotated -> look, activate a/rotated, activated content
    hooks ok -> check-health
    health ok ->
    wait 10 -> check-health
    wait 50 ->
    health ok ->
    = 1 a healthy
  `,
  );
});

Deno.test("a value of the environment that changes during a bake begins it anew, with the same blame", () => {
  replayReleases(
    { health: {} },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    file b/rotated -> look, activate b/rotated, activated content
    = 1 a healthy, 2 b baking; bake hooks
    hooks ok -> baking 2, check-health
    health bad ->
    = 1 a healthy, 2 b baking; bake checking 1
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
  `,
  );
});

Deno.test("a value of the environment that changes while its release is not healthy leaves the questions as they are", () => {
  replayReleases(
    { health: { onFailure: "halt" } },
    `
    file b -> look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, halted: Health:OnFailure is halt
    file b/rotated -> look, activate b/rotated, activated content
    hooks ok ->
    = 1 a healthy, 2 b failed; bake checking 2
  `,
  );
});
