// Transcripts of releases in a fleet that has as many skips as the store keeps.
import { replayReleases } from "./releases_transcript.ts";

/** As many as the store keeps. */
const FULL = Array.from({ length: 32 }, (_, index) => `s${index}`);

Deno.test("a rollback is not lost in a fleet that has as many skips as the store keeps", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    pause ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a
    head b@2 skips ${FULL.join("+")} ->
    go -> runs 3 a (rollback), look, announce a on b undoes b skips ${
      [...FULL.slice(1), "b"].join("+")
    }, back a, held skipped b
  `,
  );
});

Deno.test("a hash that failed on this host stays skipped in a fleet that has as many skips as the store keeps", () => {
  replayReleases(
    { cluster: true, health: { failures: 1 } },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hooks ok -> baking 2, check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    heard -> read-head
    head b@2 skips ${FULL.join("+")} -> look, back a, held skipped b again
  `,
  );
});
