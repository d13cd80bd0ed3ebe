import { replayReleases } from "../releases/releases_transcript.ts";

const BEGINNING = { rollout: { bakeSeconds: 300 }, health: { bakeMilliseconds: 20_000 } };

Deno.test("a candidate is asked for its health until its rollout is over, and a late failure ends that", () => {
  replayReleases(
    BEGINNING,
    `
    store rollout b me>h2,h3 baking ->
    news -> sees b me>h2,h3 baking, look, back b, runs 2 b (cluster) in place of a
    hooks ok -> baking 2, check-health
    wait 20 ->
    health ok -> healthy 2
    wait 10 -> check-health
    health ok ->
    restart 5 -> look, held unlinked a
    linked -> look, held unlinked a again, sees b me>h2,h3 baking, look, back b, held ahead a
    wait 1 -> check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, move b me>h2,h3 rolled-back (me: unhealthy: 500) skips b, runs 3 a (health), look, agreed, held taken-back a, sees b me>h2,h3 rolled-back (me: unhealthy: 500), look, unchanged, look, unchanged
  `,
  );
});

Deno.test("the health checks of a candidate end after its rollout is done", () => {
  replayReleases(
    BEGINNING,
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    wait 20 -> read-fleet
    health ok -> healthy 2
    store b@2 ->
    news -> agreed, done b, look, unchanged
    wait 10 -> check-health
    health ok ->
    wait 60 ->
    = 1 a healthy, 2 b healthy; agreed
  `,
  );
});

Deno.test("a candidate that fails goes back to the fleet's agreed release, not to a healthy candidate before it", () => {
  replayReleases(
    { rollout: {}, health: { bakeMilliseconds: 20_000, failures: 1 } },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    wait 20 -> read-fleet
    health ok -> healthy 2
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 1, sees c me>h2,h3 admitting, look, runs 3 c (file)
    hooks ok -> baking 3, check-health
    health bad -> unhealthy 3, rolling-back 3 to a (health, host), back a, move c me>h2,h3 rolled-back (me: unhealthy: 500) skips c, runs 4 a (health), look, agreed, back a, held skipped c, sees c me>h2,h3 rolled-back (me: unhealthy: 500), look, back a, held skipped c again, look, back a, held skipped c again
    = 1 a healthy, 2 b replaced, 3 c failed, 4 a running; skips c; pinned a here; held skipped; bake hooks; agreed
  `,
  );
});

Deno.test("a candidate that failed is not healthy again before its rollout is over", () => {
  replayReleases(
    { rollout: { onFailure: "halt" }, health: { bakeMilliseconds: 20_000, failures: 1, onFailure: "halt" } },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    hooks ok -> baking 2, check-health
    store slow ->
    health bad -> unhealthy 2, halted: Health:OnFailure is halt, move b me>h2,h3 rolled-back (me: its health checks failed) skips b
    wait 10 -> check-health
    health ok ->
    wait 10 -> check-health
    health ok ->
    wait 10 -> check-health
    health ok ->
    wait 10 -> check-health
    health ok ->
    = 1 a healthy, 2 b failed; pinned b; held staged; bake checking; held
    store back -> sees b me>h2,h3 rolled-back (me: its health checks failed), read-fleet, look, runs 3 a (file), agreed, look, unchanged
  `,
  );
});

Deno.test("a host on which the fleet's release failed says so of its older file, and watches no rollout", () => {
  replayReleases(
    { rollout: {}, health: { bakeMilliseconds: 20_000, failures: 1 } },
    `
    store b@2 ->
    news -> look, back b, runs 2 b (cluster) in place of a, look, agreed, back b, held late a again
    hooks ok -> baking 2, check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, held taken-back a
    hooks ok -> baking 3, check-health
    wait 20 ->
    health ok -> healthy 3
    wait 600 ->
    hint poll -> look, held taken-back a again
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, unchanged, look, announce a on b undoes b skips b, unchanged, announced, agreed, look, unchanged
  `,
  );
});
