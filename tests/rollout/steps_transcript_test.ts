import { replayReleases } from "../releases/releases_transcript.ts";

Deno.test("an edit goes to one host first, then to all, and becomes the head when the last step has baked", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
    hooks ok -> healthy 2
    wait 1 -> read-fleet, move b me>h2,h3 baking, sees b me>h2,h3 baking
    wait 58 ->
    wait 2 -> read-fleet, move b me|h2,h3> admitting, sees b me|h2,h3> admitting, read-fleet
    peers h2=b h3=b:running ->
    wait 1 -> read-fleet
    peers h2=b h3=b ->
    wait 1 -> read-fleet, move b me|h2,h3> baking, sees b me|h2,h3> baking
    = 1 a healthy, 2 b healthy; held
    wait 61 -> read-fleet, look, unchanged, look, announce b on a, unchanged, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b healthy; agreed
  `,
  );
});

Deno.test("a host that is not let in goes on with the head, and runs the candidate from the store when its step begins", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    = 1 a healthy; agreed
    store rollout b h2|me,h3> admitting ->
    news -> sees b h2|me,h3> admitting, look, back b, runs 2 b (cluster) in place of a
    = 1 a healthy, 2 b running; pinned b; held staged; held
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
    = 1 a healthy, 2 b running; pinned b; held staged; agreed
  `,
  );
});

Deno.test("a host that has the candidate's file already waits for its step anyway", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    file b -> look, back a, held waiting b
    = 1 a healthy; held staged; agreed
    store rollout b h2|me,h3> admitting ->
    news -> sees b h2|me,h3> admitting, look, runs 2 b (file)
    store b@2 ->
    news -> agreed, done b, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("of the hosts that are let in only the healthy count: one that bakes holds up the next step", () => {
  replayReleases(
    { rollout: {}, health: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health ok ->
    wait 55 -> read-fleet, check-health, read-fleet
    health ok ->
    wait 1 -> read-fleet
    wait 60 -> read-fleet, check-health, read-fleet
    health ok -> healthy 2
    wait 2 -> read-fleet, move b me>h2,h3 baking, sees b me>h2,h3 baking
    = 1 a healthy, 2 b healthy; bake checking; held
  `,
  );
});

Deno.test("a bake lasts as long by the store's clock, even if the timer of a host is wrong", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> healthy 2
    wait 1 -> read-fleet, move b me>h2,h3 baking, sees b me>h2,h3 baking
    wait 50 ->
    due -> read-fleet
    wait 8 ->
    due -> read-fleet
    wait 1 ->
  `,
  );
});

Deno.test("a step without a bake is over when its hosts are healthy", () => {
  replayReleases(
    { rollout: { bakeSeconds: 0 } },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> healthy 2
    peers h2=b h3=b ->
    wait 2 -> read-fleet, move b me|h2,h3> admitting, sees b me|h2,h3> admitting, read-fleet, move b me|h2,h3> baking, sees b me|h2,h3> baking, read-fleet, look, unchanged, look, announce b on a, unchanged, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b healthy; agreed
  `,
  );
});

Deno.test("the first four hosts watch a step, the others only its deadline", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2,h3,h4,h5,me> admitting ->
    news -> sees b h2,h3,h4,h5,me> admitting, look, back b, runs 2 b (cluster) in place of a
    peers h2=b h3=b h4=b h5=b ->
    hooks ok -> healthy 2
    wait 599 ->
    wait 2 -> read-fleet, move b h2,h3,h4,h5,me> baking, sees b h2,h3,h4,h5,me> baking
  `,
  );
});

Deno.test("a step that brings no news before its deadline is halted, by a host outside of it too", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    wait 599 ->
    wait 2 -> read-fleet, move b h2>me,h3 halted (no news before the deadline from h2), sees b h2>me,h3 halted (no news before the deadline from h2)
    = 1 a healthy; agreed
    wait 3600 ->
  `,
  );
});

Deno.test("a halt at the deadline has the reason of a host that does not run the candidate", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2,h4>me,h3 admitting ->
    news -> sees b h2,h4>me,h3 admitting, look, unchanged
    peers h2?no-key h3 h4=b:baking?held ->
    wait 601 -> read-fleet, move b h2,h4>me,h3 halted (no news before the deadline from h2 (no-key), h4), sees b h2,h4>me,h3 halted (no news before the deadline from h2 (no-key), h4)
  `,
  );
});

Deno.test("a host that leaves during a bake halts the rollout after its deadline", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2|h4>me,h3 baking ->
    news -> sees b h2|h4>me,h3 baking, look, unchanged
    peers h2=b h3 ->
    wait 601 ->
    due -> read-fleet
    wait 58 ->
    wait 2 -> read-fleet, move b h2|h4>me,h3 halted (no news before the deadline from a host that left), sees b h2|h4>me,h3 halted (no news before the deadline from a host that left)
  `,
  );
});

Deno.test("a halted rollout goes on without the hosts that did not become healthy, which go back", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2,me>h3 halted ->
    news -> sees b h2,me>h3 halted, look, back b, runs 2 b (cluster) in place of a
    hooks ok -> healthy 2
    peers h2 h3 ->
    promote -> read-fleet, move b me|h3> admitting (ada: asked), sees b me|h3> admitting (ada: asked)
    = 1 a healthy, 2 b healthy; pinned b; held staged; held
  `,
  );
});

Deno.test("a host that was left behind and everything that it ran by the store goes back to the head", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    wait 601 -> read-fleet, move b me>h2,h3 halted (no news before the deadline from me), sees b me>h2,h3 halted (no news before the deadline from me)
    peers h2=b h3 ->
    promote -> read-fleet, move b h2,h3> admitting (ada: asked), sees b h2,h3> admitting (ada: asked), look, runs 3 a (file), agreed
    = 1 a healthy, 2 b replaced, 3 a running; agreed
  `,
  );
});

Deno.test("if nobody of a step became healthy, a person lets the next hosts take its place", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h4>h2,me admitting ->
    news -> sees b h4>h2,me admitting, look, unchanged
    wait 601 -> read-fleet, move b h4>h2,me halted (no news before the deadline from a host that left), sees b h4>h2,me halted (no news before the deadline from a host that left)
    promote -> read-fleet, move b h2,me> admitting (ada: asked), sees b h2,me> admitting (ada: asked), look, back b, runs 2 b (cluster) in place of a
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("a paused rollout waits for a person, and goes on by a step or by all", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me|h3 admitting ->
    news -> sees b h2>me|h3 admitting, look, unchanged
    pause-rollout -> move b h2>me|h3 paused (ada: asked), sees b h2>me|h3 paused (ada: asked)
    peers h2=b h3 ->
    wait 3600 ->
    due -> read-fleet
    promote -> read-fleet, move b h2|me>h3 admitting (ada: asked), sees b h2|me>h3 admitting (ada: asked), look, back b, runs 2 b (cluster) in place of a
    pause-rollout -> move b h2|me>h3 paused (ada: asked), sees b h2|me>h3 paused (ada: asked)
    promote full -> read-fleet, move b h2|me|h3> admitting (ada: asked), sees b h2|me|h3> admitting (ada: asked)
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("an order to go on does not begin the last bake again", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me,h2,h3> baking ->
    peers h2=b h3=b ->
    news -> sees b me,h2,h3> baking, look, back b, runs 2 b (cluster) in place of a
    hooks ok -> healthy 2
    wait 30 ->
    promote -> read-fleet
    wait 31 -> read-fleet, look, back b, held ahead a again, look, announce b on a, back b, held ahead a again, announced, agreed, done b, look, back b, held late a
    = 1 a healthy, 2 b healthy; pinned b; held staged; agreed
  `,
  );
});

Deno.test("a person lets all in, and they bake", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> healthy 2
    promote full -> read-fleet, move b me|h2,h3> admitting (ada: asked), sees b me|h2,h3> admitting (ada: asked)
    peers h2=b h3=b ->
    wait 1 -> read-fleet, move b me|h2,h3> baking, sees b me|h2,h3> baking
    wait 59 ->
    wait 2 -> read-fleet, look, unchanged, look, announce b on a, unchanged, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b healthy; agreed
  `,
  );
});

Deno.test("a host whose health checks fail ends the rollout for all, and its hash is skipped", () => {
  replayReleases(
    { rollout: {}, health: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> read-fleet, check-health, read-fleet
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, move b me>h2,h3 rolled-back (me: unhealthy: 500) skips b, runs 3 a (health), look, agreed, back a, held skipped b, sees b me>h2,h3 rolled-back (me: unhealthy: 500), look, back a, held skipped b again, look, back a, held skipped b again
    = 1 a healthy, 2 b failed, 3 a running; skips b; pinned a here; held skipped; bake hooks; agreed
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 1, sees c me>h2,h3 admitting, look, runs 4 c (file)
  `,
  );
});

Deno.test("if the options say halt, a host that fails only halts the rollout, and a person goes on without it", () => {
  replayReleases(
    { rollout: { onFailure: "halt" }, health: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> read-fleet, check-health, read-fleet
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, move b me>h2,h3 halted (me: unhealthy: 500), runs 3 a (health), look, agreed, back a, held skipped b, sees b me>h2,h3 halted (me: unhealthy: 500)
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks; agreed
    promote -> read-fleet, move b h2,h3> admitting (ada: asked), sees b h2,h3> admitting (ada: asked), look, back a, held skipped b again
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks; agreed
  `,
  );
});

Deno.test("a failure ends the rollout even if the host itself does not go back", () => {
  replayReleases(
    { rollout: {}, health: { onFailure: "halt" } },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> read-fleet, check-health, read-fleet
    health bad -> unhealthy 2, halted: Health:OnFailure is halt, move b me>h2,h3 rolled-back (me: its health checks failed) skips b, sees b me>h2,h3 rolled-back (me: its health checks failed), look, back a, runs 3 a (cluster) in place of b, agreed, look, back a, held skipped b
    = 1 a healthy, 2 b failed, 3 a running; skips b; pinned a; held skipped; bake hooks; agreed
  `,
  );
});

Deno.test("a failure ends a rollout that is paused", () => {
  replayReleases(
    { rollout: {}, health: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    wait 601 -> read-fleet, move b me>h2,h3 halted (no news before the deadline from me), sees b me>h2,h3 halted (no news before the deadline from me)
    pause-rollout -> move b me>h2,h3 paused (ada: asked), sees b me>h2,h3 paused (ada: asked)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, move b me>h2,h3 rolled-back (me: unhealthy: 500) skips b, runs 3 a (health), look, agreed, back a, held skipped b, sees b me>h2,h3 rolled-back (me: unhealthy: 500), look, back a, held skipped b again, look, back a, held skipped b again
    = 1 a healthy, 2 b failed, 3 a running; skips b; pinned a here; held skipped; bake hooks; agreed
  `,
  );
});

Deno.test("a failure ends a rollout that was halted for the deadline", () => {
  replayReleases(
    { rollout: {}, health: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    wait 601 -> read-fleet, move b me>h2,h3 halted (no news before the deadline from me), sees b me>h2,h3 halted (no news before the deadline from me)
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, move b me>h2,h3 rolled-back (me: unhealthy: 500) skips b, runs 3 a (health), look, agreed, back a, held skipped b, sees b me>h2,h3 rolled-back (me: unhealthy: 500), look, back a, held skipped b again, look, back a, held skipped b again
    = 1 a healthy, 2 b failed, 3 a running; skips b; pinned a here; held skipped; bake hooks; agreed
  `,
  );
});

Deno.test("a host that finds the candidate not valid ends the rollout before it ran it", () => {
  replayReleases(
    { rollout: {} },
    `
    text b refused ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, held ahead a, move b me>h2,h3 rolled-back (me: wrong) skips b, sees b me>h2,h3 rolled-back (me: wrong), look, unchanged, look, unchanged
    = 1 a healthy; skips b; agreed
  `,
  );
});

Deno.test("a host that finds the candidate not valid while the store is away ends the rollout later", () => {
  replayReleases(
    { rollout: {} },
    `
    text b refused ->
    store rollout b me>h2,h3 admitting ->
    pause ->
    news ->
    step -> sees b me>h2,h3 admitting, look
    store away ->
    go -> back b, held ahead a, move b me>h2,h3 rolled-back (me: wrong) skips b, look, back b, held ahead a again
    store back ->
    news ->
    wait 2 -> move b me>h2,h3 rolled-back (me: wrong) skips b, sees b me>h2,h3 rolled-back (me: wrong), read-fleet, look, unchanged, look, unchanged
    = 1 a healthy; skips b; agreed
  `,
  );
});

Deno.test("a check that refuses the candidate ends the rollout", () => {
  replayReleases(
    { rollout: {} },
    `
    writes refused ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, activate b, rejected, move b me>h2,h3 rolled-back (me: no) skips b, sees b me>h2,h3 rolled-back (me: no), look, unchanged, look, unchanged
    = 1 a healthy; skips b; agreed
  `,
  );
});

Deno.test("a candidate that failed here is tried again if it is proposed again", () => {
  replayReleases(
    { rollout: {} },
    `
    text b refused ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, held ahead a, move b me>h2,h3 rolled-back (me: wrong) skips b, sees b me>h2,h3 rolled-back (me: wrong), look, unchanged, look, unchanged
    text b back ->
    store a@2 ->
    store rollout b h2|me>h3 admitting ->
    news -> agreed, look, sees b h2|me>h3 admitting, back b, runs 2 b (cluster) in place of a, look, back b, held ahead a again
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("a withdrawn candidate goes back on a host whose file does not validate", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    put bad ->
    store rollout b me>h2,h3 withdrawn ->
    news -> sees b me>h2,h3 withdrawn, look, back a, runs 3 a (cluster), look, agreed, rejected
    = 1 a healthy, 2 b replaced, 3 a running; pinned a; rejected; agreed
  `,
  );
});

Deno.test("a rollback by another host takes this one back at once, with any file", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    put bad ->
    store a@1 skips b ->
    store rollout b me>h2,h3 rolled-back ->
    news -> look, sees b me>h2,h3 rolled-back, back a, runs 3 a (cluster), look, agreed, rejected
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; rejected; agreed
  `,
  );
});

Deno.test("a halted rollout whose hosts have all left goes on among the hosts that joined since", () => {
  replayReleases(
    { rollout: {} },
    `
    put b ->
    peers h4 h5 ->
    store rollout b h2>h3 admitting ->
    news -> sees b h2>h3 admitting, look, back a, held waiting b
    wait 606 -> read-fleet, move b h2>h3 halted (no news before the deadline from a host that left), sees b h2>h3 halted (no news before the deadline from a host that left)
    promote -> read-fleet, move b me,h4>h5 admitting (ada: asked), sees b me,h4>h5 admitting (ada: asked), look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
    peers ->
    store rollout b h2> halted ->
    promote full -> read-fleet, sees b h2> halted, move b me> admitting (ada: asked), look, back a, runs 3 a (cluster) in place of b, agreed, sees b me> admitting (ada: asked), look, runs 4 b (file)
  `,
  );
});
