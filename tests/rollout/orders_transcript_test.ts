import { replayReleases } from "../releases/releases_transcript.ts";

Deno.test("a person ends a rollout, and its hash is skipped", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b, sees b me>h2,h3 rolled-back (ada: asked), look, back a, runs 3 a (cluster) in place of b, agreed, look, back a, held skipped b
    = 1 a healthy, 2 b replaced, 3 a running; skips b; pinned a; held skipped; agreed
    file a -> look, unchanged
    file b -> look, back a, held skipped b
    = 1 a healthy, 2 b replaced, 3 a running; skips b; held skipped; agreed
  `,
  );
});

Deno.test("an order without a rollout has no effect, also later", () => {
  replayReleases(
    { rollout: {} },
    `
    promote ->
    pause-rollout ->
    abort ->
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    = 1 a healthy; agreed
  `,
  );
});

Deno.test("an order counts for no other rollout that took the place of the one that the person saw", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store slow ->
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b
    store rollout c h2>me,h3 admitting ->
    store back -> sees c h2>me,h3 admitting, look, back a, runs 3 a (cluster) in place of b, agreed
    = 1 a healthy, 2 b replaced, 3 a running; pinned a; held staged; agreed
  `,
  );
});

Deno.test("a step that others took meanwhile is not taken twice by an order to go on", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me|h3 baking ->
    news -> sees b h2>me|h3 baking, look, unchanged
    store slow ->
    promote -> read-fleet
    store rollout b h2|me>h3 admitting ->
    store back -> sees b h2|me>h3 admitting, look, back b, runs 2 b (cluster) in place of a
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("an order to end a rollout counts at any step", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store slow ->
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b
    store rollout b me|h2,h3> admitting ->
    store back -> sees b me|h2,h3> admitting, move b me|h2,h3> rolled-back (ada: asked) skips b, sees b me|h2,h3> rolled-back (ada: asked), look, back a, runs 3 a (cluster) in place of b, agreed, look, back a, held skipped b
    = 1 a healthy, 2 b replaced, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("an order that failed is tried again", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store away ->
    pause-rollout -> move b me>h2,h3 paused (ada: asked), look, unchanged
    store back ->
    news ->
    wait 2 -> move b me>h2,h3 paused (ada: asked), sees b me>h2,h3 paused (ada: asked), read-fleet
  `,
  );
});

Deno.test("reload --now takes a change up on all hosts at once, and nothing brings it back before that is judged", () => {
  replayReleases(
    { rollout: {} },
    `
    store slow ->
    put b ->
    hint now -> look, runs 2 b (operator), announce b on a
    hint poll -> look, unchanged
    = 1 a healthy, 2 b running; agreed
    store back -> announced, agreed, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("reload --now makes a candidate that waits here the head", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    file b -> look, back a, held waiting b
    hint now -> look, runs 2 b (operator), announce b on a, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("reload --now makes a candidate that runs here the head", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hint now -> look, unchanged, announce b on a, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("reload --now without a link is announced when it is back", () => {
  replayReleases(
    { rollout: {} },
    `
    unlinked ->
    put b ->
    hint now -> look, runs 2 b (operator)
    linked -> look, unchanged, announce b on a, look, unchanged, announced, agreed, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("reload --now ends the rollout of another candidate", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    put c ->
    hint now -> look, runs 3 c (operator), announce c on a, announced, agreed, look, unchanged
    = 1 a healthy, 2 b replaced, 3 c running; agreed
  `,
  );
});

Deno.test("a host follows the change that another took up at once, though it runs a candidate", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    store c@2 ->
    news -> look, back c, runs 3 c (cluster) in place of a, agreed
    = 1 a healthy, 2 b replaced, 3 c running; pinned c; held staged; agreed
  `,
  );
});

Deno.test("a rollout that was done does not come alive again when its base becomes the head again", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> healthy 2
    wait 1 -> read-fleet, move b me>h2,h3 baking, sees b me>h2,h3 baking
    peers h2=b h3=b ->
    wait 130 -> read-fleet, move b me|h2,h3> admitting, sees b me|h2,h3> admitting, read-fleet, move b me|h2,h3> baking, sees b me|h2,h3> baking, read-fleet, look, unchanged, look, announce b on a, unchanged, announced, agreed, done b, look, unchanged
    put a ->
    hint now -> look, runs 3 a (operator), announce a on b, announced, agreed, look, unchanged
    news ->
    = 1 a healthy, 2 b healthy, 3 a running; agreed
  `,
  );
});

Deno.test("a host follows a way back although the rollout that is taken back was done on the same hash", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me,h2,h3> baking ->
    news -> sees b me,h2,h3> baking, look, back b, runs 2 b (cluster) in place of a
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
    file b -> look, unchanged
    store a@3 ->
    news -> look, back a, runs 3 a (cluster) in place of b, look, agreed, back a, held late b again
    = 1 a healthy, 2 b replaced, 3 a running; pinned a; held staged; agreed
  `,
  );
});

Deno.test("a host that follows the fleet can be rolled back, but not from the result of a rollback", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
    hooks ok -> healthy 2
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on b undoes b skips b, unchanged, announced, agreed, look, unchanged
    roll-back -> refused: Release 3 was put in force by a rollback already by ada; to go further back, name the release, from honua-configd history
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; agreed
  `,
  );
});

Deno.test("a fleet without files can be rolled back", () => {
  replayReleases(
    { rollout: "none", isStoreOnly: true },
    `
    publish b -> read-fleet, propose b me,h2,h3> admitting since 1, sees b me,h2,h3> admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    hooks ok -> healthy 2
    peers h2=b h3=b ->
    wait 1 -> read-fleet, move b me,h2,h3> baking, sees b me,h2,h3> baking, read-fleet, look, back b, unchanged, look, announce b on a, back b, unchanged, announced, agreed, done b, look, back b, unchanged
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on b undoes b skips b, back a, held skipped b, announced, agreed, look, back a, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; agreed
  `,
  );
});

Deno.test("force makes a candidate the head, also one that was rolled back", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b, sees b me>h2,h3 rolled-back (ada: asked), look, back a, runs 3 a (cluster) in place of b, agreed, look, back a, held skipped b
    reload force -> look, runs 4 b (force), announce b on null by force, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b replaced, 3 a replaced, 4 b running; agreed
  `,
  );
});

Deno.test("a hold keeps a host unchanged: it neither runs a candidate nor proposes", () => {
  replayReleases(
    { rollout: {} },
    `
    hold 60 -> hold-begun
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, held ahead a
    file c -> look, held frozen c
    = 1 a healthy; held frozen; hold; agreed
    release-hold -> hold-ended by ada, look, read-fleet, back b, runs 2 b (cluster) in place of c, propose c me>h2,h3 admitting since 0, sees c me>h2,h3 admitting, look, runs 3 c (file)
    = 1 a healthy, 2 b replaced, 3 c running; held
  `,
  );
});

Deno.test("a candidate that was in force before a hold stays through it, until the fleet takes it back", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hold 60 -> hold-begun
    store rollout b me>h2,h3 halted ->
    news -> sees b me>h2,h3 halted
    store a@1 skips b ->
    store rollout b me>h2,h3 rolled-back ->
    news -> look, sees b me>h2,h3 rolled-back, back a, runs 3 a (cluster) in place of b, look, agreed, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; hold; agreed
    wait 3601 -> hold-ended, look, back a, held skipped b again
  `,
  );
});

Deno.test("during a hold a host goes back to the head, also if a step lets it in for another candidate", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hold 60 -> hold-begun
    store a@1 skips b ->
    store rollout c me>h2,h3 admitting ->
    news -> look, sees c me>h2,h3 admitting, back a, runs 3 a (cluster) in place of b, look, agreed, held skipped b again
    hint poll -> look, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; hold; agreed
    release-hold -> hold-ended by ada, look, back c, runs 4 c (cluster) in place of b
  `,
  );
});

Deno.test("during a hold the head takes the place of a release whose rollback leads to one that cannot be had", () => {
  replayReleases(
    { rollout: "none" },
    `
    file b -> look, runs 2 b (file), announce b on a, announced, agreed
    hold 60 -> hold-begun
    text a refused ->
    put bad ->
    unlinked ->
    roll-back 1 -> rolling-back 2 to a (rollback, fleet), back a, unreadable, look, back a, unreadable
    store d@3 ->
    store rollout c me>h2,h3 admitting ->
    linked -> look, back a, unreadable, look, sees c me>h2,h3 admitting, back a, back d, runs 3 d (cluster), look, agreed, rejected
  `,
  );
});

Deno.test("without a file a rollback passes a hold too", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    hold 60 -> hold-begun
    store a@1 skips b ->
    store rollout b me>h2,h3 rolled-back ->
    news -> look, sees b me>h2,h3 rolled-back, back a, runs 3 a (cluster), look, agreed, back a, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; hold; agreed
  `,
  );
});

Deno.test("a hold that ends by itself lets the change be proposed", () => {
  replayReleases(
    { rollout: {} },
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    wait 3601 -> hold-ended, look, read-fleet, held proposing b, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file), read-fleet
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a person's rollback of the candidate ends the rollout for all hosts", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, move b me>h2,h3 rolled-back (ada: bad) skips b, runs 3 a (rollback), look, announce a on a undoes b skips b, back a, held skipped b, sees b me>h2,h3 rolled-back (ada: bad), look, back a, held skipped b again, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a person's rollback on this host only ends the rollout too", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    roll-back here -> rolling-back 2 to a (rollback, host), back a, move b me>h2,h3 rolled-back (me: bad) skips b, runs 3 a (rollback), look, agreed, back a, held skipped b, sees b me>h2,h3 rolled-back (me: bad), look, back a, held skipped b again, look, back a, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a here; held skipped; agreed
  `,
  );
});

Deno.test("a person's rollback of the head during a rollout leaves no rollout", () => {
  replayReleases(
    { rollout: {} },
    `
    file z -> look, held proposing z, read-fleet, propose z me>h2,h3 admitting since 1, sees z me>h2,h3 admitting, look, runs 2 z (file)
    hint now -> look, unchanged, announce z on a, announced, agreed, done z, look, unchanged
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    roll-back 1 -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on z undoes z skips z, back a, held skipped z, announced, agreed, read-fleet, look, back a, held skipped z again
    = 1 a healthy, 2 z rolled-back, 3 a running; skips z; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a rollout waits for approvals before anybody is let in, and a host that verified them lets it begin", () => {
  replayReleases(
    { rollout: {}, needsApproval: true },
    `
    unapproved b ->
    file b -> look, back a, read-fleet, held unapproved b, propose b me>h2,h3 awaiting-approval since 1, sees b me>h2,h3 awaiting-approval, look, back a, held unapproved b again
    promote ->
    wait 3600 ->
    = 1 a healthy; held unapproved; agreed
    approved b ->
    store approves ->
    news -> move b me>h2,h3 admitting, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a person ends a rollout that waits for approvals", () => {
  replayReleases(
    { rollout: {}, needsApproval: true },
    `
    unapproved b ->
    file b -> look, back a, read-fleet, held unapproved b, propose b me>h2,h3 awaiting-approval since 1, sees b me>h2,h3 awaiting-approval, look, back a, held unapproved b again
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b, sees b me>h2,h3 rolled-back (ada: asked), look, back a, held unapproved b again, look, back a, held skipped b
    = 1 a healthy; skips b; held skipped; agreed
  `,
  );
});

Deno.test("an edit back withdraws a rollout that waits for approvals", () => {
  replayReleases(
    { rollout: {}, needsApproval: true },
    `
    unapproved b ->
    file b -> look, back a, read-fleet, held unapproved b, propose b me>h2,h3 awaiting-approval since 1, sees b me>h2,h3 awaiting-approval, look, back a, held unapproved b again
    file a -> look, unchanged, move b me>h2,h3 withdrawn (me: its source went back), sees b me>h2,h3 withdrawn (me: its source went back), look, unchanged
    = 1 a healthy; agreed
  `,
  );
});

Deno.test("a host that is let in and does not find the approvals itself goes on with the head", () => {
  replayReleases(
    { rollout: {} },
    `
    unapproved b ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, held unapproved b
    file b -> look, held unapproved b again
    = 1 a healthy; held unapproved; agreed
    approved b ->
    hint recheck -> look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("reload --now and force need approvals too, an emergency does not", () => {
  replayReleases(
    { rollout: {} },
    `
    unapproved b ->
    file b -> look, back a, read-fleet, held unapproved b, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, held unapproved b again
    hint now -> look, held unapproved b
    reload force -> look, held unapproved b
    = 1 a healthy; held unapproved; agreed
    hint emergency -> look, runs 2 b (operator), announce b on a, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("a configuration that ran here before needs no approvals", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b, sees b me>h2,h3 rolled-back (ada: asked), look, back a, runs 3 a (cluster) in place of b, agreed, look, back a, held skipped b
    unapproved b ->
    reload force -> look, runs 4 b (force), announce b on null by force, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b replaced, 3 a replaced, 4 b running; agreed
  `,
  );
});

Deno.test("an emergency does not wait for a rollout that waits for approvals", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 awaiting-approval ->
    news -> sees b me>h2,h3 awaiting-approval, look, unchanged
    unapproved b ->
    file b -> look, back a, held unapproved b
    hint emergency -> look, runs 2 b (operator), announce b on a, announced, agreed, done b, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("an edit is proposed also by a host that can neither go back to the head nor run the hash that was rolled back", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    text a refused ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, move b me>h2,h3 rolled-back (ada: bad) skips b, unreadable, look, back a, unreadable, sees b me>h2,h3 rolled-back (ada: bad), look, back a, unreadable
    file c -> look, back a, held proposing c, read-fleet, propose c me>h2,h3 admitting since 1, sees c me>h2,h3 admitting, look, runs 3 c (file), look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 c running; skips b; held
  `,
  );
});

Deno.test("a host that is let in and could not read the approvals asks for them again", () => {
  replayReleases(
    { rollout: {}, needsApproval: true },
    `
    unapproved b unread ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, held unapproved b
    approved b ->
    wait 10 -> read-fleet, look, back b, runs 2 b (cluster) in place of a, read-fleet
  `,
  );
  replayReleases(
    { cluster: true },
    `
    unapproved b unread ->
    file b -> look, held unapproved b
    approved b ->
    wait 10 -> look, runs 2 b (file), announce b on a
  `,
  );
});
