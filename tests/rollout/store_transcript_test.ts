import { replayReleases } from "../releases/releases_transcript.ts";

Deno.test("without a link an edit waits, and is proposed when the link is back", () => {
  replayReleases(
    { rollout: {} },
    `
    unlinked ->
    file b -> look, held unlinked b
    = 1 a healthy; held staged; agreed
    linked -> look, held unlinked b again, read-fleet, look, held proposing b, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a candidate stays in force while the link is away, and is not announced when it is back", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    unlinked ->
    hint poll -> look, unchanged
    linked -> look, unchanged, look, unchanged
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a candidate that was followed stays in force while the link is away", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    unlinked ->
    hint poll -> look, held unlinked a
    linked -> look, held unlinked a again, look, back b, held ahead a
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("a host without a file keeps the candidate while the link is away", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    publish b -> read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    unlinked ->
    hint poll -> look, back b, unchanged
    linked -> look, back b, unchanged, look, back b, unchanged
    = 1 a healthy, 2 b running; pinned b; held
  `,
  );
});

Deno.test("a candidate is not announced after a restart", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    restart 5 -> look, unchanged
    linked -> look, unchanged, sees b me>h2,h3 admitting, look, unchanged
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a candidate is not announced after a restart by a host that has no steps itself", () => {
  replayReleases(
    { rollout: "none" },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    file b -> look, unchanged
    restart 5 -> look, unchanged
    linked -> look, unchanged, sees b me>h2,h3 admitting, look, unchanged
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a candidate is not announced after a lost link by a host that has no steps itself", () => {
  replayReleases(
    { rollout: "none" },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    file b -> look, unchanged
    unlinked ->
    hint poll -> look, unchanged
    linked -> look, unchanged, look, unchanged
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a rollback that was missed is followed when the link is back", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    unlinked ->
    store a@1 skips b ->
    store rollout b me>h2,h3 rolled-back ->
    linked -> look, unchanged, look, sees b me>h2,h3 rolled-back, back a, runs 3 a (cluster) in place of b, look, agreed, back a, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a skip of the candidate ends its rollout in any phase", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store a@1 skips b ->
    news -> look, back a, runs 3 a (cluster) in place of b, look, agreed, back a, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a candidate does not take the place of a head that the store lost, and is proposed again", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store empty ->
    news -> head-lost, look, unchanged
    = 1 a healthy, 2 b running; held
    store a@2 ->
    news -> read-fleet, look, back a, runs 3 a (cluster) in place of b, agreed, propose b me>h2,h3 admitting since 2, sees b me>h2,h3 admitting, look, runs 4 b (file)
    = 1 a healthy, 2 b replaced, 3 a replaced, 4 b running; held
  `,
  );
});

Deno.test("a candidate is proposed again on a restored head also after a restart, when the file before it is not known", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    restart 5 -> look, unchanged
    linked -> look, unchanged, sees b me>h2,h3 admitting, look, unchanged
    store a@2 ->
    news -> read-fleet, look, back a, runs 3 a (cluster) in place of b, agreed, propose b me>h2,h3 admitting since 0, sees b me>h2,h3 admitting, look, runs 4 b (file)
    = 1 a healthy, 2 b replaced, 3 a replaced, 4 b running; held
  `,
  );
});

Deno.test("if nobody else restores a lost head in time, the candidate takes its place", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store empty ->
    news -> head-lost, look, unchanged
    reconcile-due -> look, unchanged, announce b on a, announced, agreed, look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("a restart does not make a candidate the head that the store lost", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store empty ->
    restart 5 -> look, unchanged
    linked -> look, unchanged, head-lost, look, unchanged
    = 1 a healthy, 2 b running; unknown
  `,
  );
});

Deno.test("a host that runs the lost head restores it at once", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    store empty ->
    news -> head-lost, announce a on null, look, unchanged, announced, agreed, look, unchanged
    = 1 a healthy; agreed
  `,
  );
});

Deno.test("a proposal that failed is tried again, also after readings of the store", () => {
  replayReleases(
    { rollout: {} },
    `
    store away ->
    file b -> look, held proposing b, read-fleet, look, held proposing b
    store back ->
    news ->
    wait 1 -> read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file), read-fleet
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a proposal that failed is tried again when the link is back", () => {
  replayReleases(
    { rollout: {} },
    `
    store away ->
    file b -> look, held proposing b, read-fleet, look, held proposing b
    unlinked ->
    store back ->
    linked -> look, held unlinked b, read-fleet, look, held proposing b, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a publication whose text the store lost is given up, and the edit that waited behind it is proposed", () => {
  replayReleases(
    { rollout: {} },
    `
    store slow ->
    publish b -> read-fleet
    file c -> look, held proposing c
    text b lost ->
    store back -> propose b me>h2,h3 admitting since 1, cannot propose b, look, read-fleet, held proposing c again, propose c me>h2,h3 admitting since 1, sees c me>h2,h3 admitting, look, runs 2 c (file)
    = 1 a healthy, 2 c running; held
  `,
  );
});

Deno.test("an edit whose text is gone was overtaken by another one, which is proposed after the wait", () => {
  replayReleases(
    { rollout: {} },
    `
    store slow ->
    file b -> look, held proposing b, read-fleet
    text b lost ->
    put c ->
    store back -> propose b me>h2,h3 admitting since 1, look, held proposing c
    wait 1 -> read-fleet, propose c me>h2,h3 admitting since 1, sees c me>h2,h3 admitting, look, runs 2 c (file), read-fleet
  `,
  );
});

Deno.test("an answer that comes after the link went down counts for nothing", () => {
  replayReleases(
    { rollout: {} },
    `
    store slow ->
    file b -> look, held proposing b, read-fleet
    unlinked ->
    store back ->
    = 1 a healthy; held staged; agreed
    linked -> look, held unlinked b, read-fleet, look, held proposing b, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("of two hosts that propose at once one is first, and the change of the other takes its place", () => {
  replayReleases(
    { rollout: {} },
    `
    store slow ->
    file b -> look, held proposing b, read-fleet
    store rollout c h2>me,h3 admitting ->
    store back -> sees c h2>me,h3 admitting, propose b me>h2,h3 admitting since 1, look, held proposing b again, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("of hosts that move at once one is first, and the others follow its move", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hooks ok -> healthy 2
    store slow ->
    wait 1 -> read-fleet
    store rollout b me>h2,h3 halted ->
    store back -> sees b me>h2,h3 halted
    = 1 a healthy, 2 b healthy; held
  `,
  );
});

Deno.test("peers without this host's record say nothing: no order is made of them and nobody is missed", () => {
  replayReleases(
    { rollout: {} },
    `
    store without-me ->
    file b -> look, held proposing b, read-fleet, look, held proposing b
    wait 3 -> read-fleet
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, back a, held waiting b
    wait 700 -> read-fleet
    = 1 a healthy; held staged; agreed
  `,
  );
});

Deno.test("a fleet with version 0.1 is asked to upgrade first, and a reload tries again", () => {
  replayReleases(
    { rollout: {} },
    `
    peers h2 old ->
    file b -> look, held proposing b, read-fleet, cannot propose b, look, back a, held refused b
    = 1 a healthy; held staged; agreed
    hint poll -> look, back a, held refused b again
    peers h2 h3 ->
    reload -> look, back a, read-fleet, held refused b, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a rollout that is over is not news after each time without a link", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b, sees b me>h2,h3 rolled-back (ada: asked), look, back a, runs 3 a (cluster) in place of b, agreed, look, back a, held skipped b
    unlinked ->
    linked -> look, back a, held skipped b again, look, back a, held skipped b again
  `,
  );
});

Deno.test("without steps and rollouts nothing changes for a host", () => {
  replayReleases(
    { rollout: "none" },
    `
    file b -> look, runs 2 b (file), announce b on a, announced, agreed
    unlinked ->
    file c -> look, runs 3 c (file)
    linked -> look, unchanged, announce c on b, announced, agreed
    = 1 a healthy, 2 b replaced, 3 c running; agreed
  `,
  );
});

Deno.test("a proposal waits until the store has the records of all living hosts, so that its order lacks none", () => {
  replayReleases(
    { rollout: {} },
    `
    unlinked ->
    file b -> look, held unlinked b
    store gathers 30 ->
    peers ->
    linked -> look, held unlinked b again, read-fleet, look, held proposing b, look, held proposing b
    news ->
    = 1 a healthy; held staged; agreed
    peers h2 h3 ->
    store gathers 0 ->
    due -> read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("an order and an end do not wait for the records of all hosts, as a proposal does", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store gathers 30 ->
    file c -> look, held proposing c, read-fleet, look, held proposing c
    abort -> move b me>h2,h3 rolled-back (ada: asked) skips b, sees b me>h2,h3 rolled-back (ada: asked), look, back a, runs 3 a (cluster) in place of c, agreed, look, held proposing c again
    store gathers 0 ->
    due -> read-fleet, propose c me>h2,h3 admitting since 1, sees c me>h2,h3 admitting, look, runs 4 c (file)
  `,
  );
});

Deno.test("a publication that Redis was lost with does not take the place of a newer release later", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store away ->
    publish b -> read-fleet, look, back a, unchanged
    unlinked ->
    store c@2 ->
    store back ->
    linked -> look, back a, unchanged, look, back c, runs 2 c (cluster), look, agreed, back c, unchanged
    wait 60 ->
    = 1 a healthy, 2 c running; pinned c; agreed
  `,
  );
});

Deno.test("a skip that the store has no more, and that this host still knows, ends no rollout", () => {
  replayReleases(
    { rollout: {} },
    `
    store a@1 skips b ->
    news -> look, unchanged
    store rollout c me>h2,h3 admitting ->
    news -> sees c me>h2,h3 admitting, look, back c, runs 2 c (cluster) in place of a
    store a@1 ->
    store rollout b h2>me,h3 admitting ->
    wait 1 -> read-fleet, sees b h2>me,h3 admitting, look, runs 3 a (file), agreed, look, unchanged
  `,
  );
});
