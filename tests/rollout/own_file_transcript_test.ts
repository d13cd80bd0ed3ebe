import { assertEquals } from "@std/assert";
import { heldBackOf } from "../../src/daemon/held_advice.ts";
import { heldInPlan } from "../../src/reload/staged.ts";
import { replayReleases } from "../releases/releases_transcript.ts";

Deno.test("a plan says of a file that another change took the place of, and of a new edit, what a reload would say", () => {
  const { state } = replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
  `,
  );
  const whyOf = (hash: string) => {
    const held = heldInPlan(state, hash);
    return held?.kind === "staged" ? held.why : held;
  };
  assertEquals([whyOf("a"), whyOf("b"), whyOf("c")], ["late", null, "proposing"]);
  const alone = replayReleases({}, "file b -> look, runs 2 b (file)");
  assertEquals(heldInPlan(alone.state, "c"), null);
});

Deno.test("the record tells a file that waits for its step from one that another change took the place of", () => {
  const beginning = "store rollout b h2>me,h3 admitting ->";
  const waiting = `${beginning}
    news -> sees b h2>me,h3 admitting, look, unchanged
    file b -> look, back a, held waiting b
  `;
  const older = `store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
  `;
  const done = `${older}
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
  `;
  const record = (transcript: string) => heldBackOf(replayReleases({ rollout: {} }, transcript).state.releases.held!);
  assertEquals([waiting, older, done].map(record), ["staged", "overtaken", "overtaken"]);
});

Deno.test("a late file does not keep a host from the candidate, and is no change when the rollout is done", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
    hint poll -> look, back b, held late a again
    restart 5 -> look, held unlinked a
    linked -> look, held unlinked a again, agreed, look, back b, held late a
    = 1 a healthy, 2 b running; pinned b; held staged; agreed
    file b -> look, unchanged
    = 1 a healthy, 2 b running; agreed
  `,
  );
});

Deno.test("a file that reaches an earlier release late is no change", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
    store rollout c me>h2,h3 admitting ->
    news -> sees c me>h2,h3 admitting, look, back c, runs 3 c (cluster) in place of a
    store c@3 ->
    news -> agreed, done c, look, back c, held late a again
    file b -> look, back c, held late b
    = 1 a healthy, 2 b replaced, 3 c running; pinned c; held staged; agreed
  `,
  );
});

Deno.test("a hash that was the head since this host agreed is a late copy, until the file is edited again", () => {
  replayReleases(
    { rollout: {} },
    `
    store c@2 ->
    store a@3 ->
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 1, look, back a, held late c, agreed
    news ->
    file d -> look, held proposing d, read-fleet, propose d me>h2,h3 admitting since 3, sees d me>h2,h3 admitting, look, runs 2 d (file)
    hooks ok -> healthy 2
    wait 1 -> read-fleet, move d me>h2,h3 baking, sees d me>h2,h3 baking
    peers h2=d h3=d ->
    wait 130 -> read-fleet, move d me|h2,h3> admitting, sees d me|h2,h3> admitting, read-fleet, move d me|h2,h3> baking, sees d me|h2,h3> baking, read-fleet, look, unchanged, look, announce d on a, unchanged, announced, agreed, done d, look, unchanged
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 4, sees c me>h2,h3 admitting, look, runs 3 c (file)
    = 1 a healthy, 2 d healthy, 3 c running; held
  `,
  );
});

Deno.test("a rotated secret counts while the source is held", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    file b -> look, back a, held waiting b
    text a rotated ->
    hint poll -> look, back a, activate a/rotated, activated content in place of b
    = 1 a healthy; held staged; agreed
    text a lost ->
    hint poll -> look, back a, held waiting b again
    wait 60 ->
  `,
  );
});

Deno.test("a host without its file runs the fleet's release, and goes back with it", () => {
  replayReleases(
    { rollout: {} },
    `
    put gone ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster), look, unreadable
    = 1 a healthy, 2 b running; pinned b; unreadable; held
    store rollout b me>h2,h3 withdrawn ->
    news -> sees b me>h2,h3 withdrawn, look, back a, runs 3 a (cluster), look, agreed, unreadable
    = 1 a healthy, 2 b replaced, 3 a running; pinned a; unreadable; agreed
  `,
  );
});

Deno.test("a file that does not validate changes nothing, and its host is missed at the deadline", () => {
  replayReleases(
    { rollout: {} },
    `
    put bad ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, rejected
    wait 601 -> read-fleet, move b me>h2,h3 halted (no news before the deadline from me), sees b me>h2,h3 halted (no news before the deadline from me)
    = 1 a healthy; rejected; agreed
  `,
  );
});

Deno.test("a file that is the candidate and does not validate here ends the rollout", () => {
  replayReleases(
    { rollout: {} },
    `
    file bad:b -> look, rejected
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, rejected, move b me>h2,h3 rolled-back (me: wrong) skips b, sees b me>h2,h3 rolled-back (me: wrong), look, rejected, look, rejected
    = 1 a healthy; skips b; rejected; agreed
  `,
  );
});

Deno.test("a candidate whose text cannot be had is asked for again", () => {
  replayReleases(
    { rollout: {} },
    `
    text b lost ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, held ahead a
    = 1 a healthy; held staged; agreed
    text b back ->
    wait 3 -> read-fleet, look, back b, runs 2 b (cluster) in place of a, read-fleet
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("a candidate whose text cannot be had is asked for again by a host with a skipped file too", () => {
  replayReleases(
    { rollout: {} },
    `
    put d ->
    store a@1 skips d ->
    news -> look, back a, held skipped d
    text b lost ->
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, held skipped d: no text
    text b back ->
    wait 3 -> read-fleet, look, back b, runs 2 b (cluster) in place of d, read-fleet
    = 1 a healthy, 2 b running; skips d; pinned b; held skipped; held
  `,
  );
});

Deno.test("another edit takes the candidate's place at its first step", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me|h2>h3 admitting ->
    news -> sees b me|h2>h3 admitting, look, back b, runs 2 b (cluster) in place of a
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 0, sees c me>h2,h3 admitting, look, runs 3 c (file)
    = 1 a healthy, 2 b replaced, 3 c running; held
  `,
  );
});

Deno.test("a candidate that another edit replaced is no change on a host that has its file", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store rollout c h2>me,h3 admitting ->
    news -> sees c h2>me,h3 admitting, look, back a, runs 3 a (cluster) in place of b, agreed
    = 1 a healthy, 2 b replaced, 3 a running; pinned a; held staged; agreed
    restart 5 -> look, held unlinked b
    linked -> look, held unlinked b again, agreed, sees c h2>me,h3 admitting, look, back a, held late b
    = 1 a healthy, 2 b replaced, 3 a running; pinned a; held staged; agreed
  `,
  );
});

Deno.test("an edit back to the head withdraws the rollout", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    file a -> look, back b, move b me>h2,h3 withdrawn (me: its source went back), held ahead a, sees b me>h2,h3 withdrawn (me: its source went back), look, runs 3 a (file), agreed
    = 1 a healthy, 2 b replaced, 3 a running; agreed
  `,
  );
});

Deno.test("an edit back by way of a mistake withdraws the rollout too", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    file bad -> look, rejected
    file a -> look, back b, move b me>h2,h3 withdrawn (me: its source went back), held ahead a, sees b me>h2,h3 withdrawn (me: its source went back), look, runs 3 a (file), agreed
    = 1 a healthy, 2 b replaced, 3 a running; agreed
  `,
  );
});

Deno.test("a file that never was the candidate withdraws nothing", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    file a -> look, back b, held ahead a again
    hint poll -> look, back b, held ahead a again
    = 1 a healthy, 2 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("a withdrawal that another move overtook is made anyway", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store slow ->
    file a -> look, back b, move b me>h2,h3 withdrawn (me: its source went back), held ahead a
    store rollout b me>h2,h3 baking ->
    store back -> sees b me>h2,h3 baking, move b me>h2,h3 withdrawn (me: its source went back), sees b me>h2,h3 withdrawn (me: its source went back), look, runs 3 a (file), agreed
    = 1 a healthy, 2 b replaced, 3 a running; agreed
  `,
  );
});

Deno.test("a withdrawn candidate is not proposed again by a host that still has its file, but by an edit", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, unchanged
    file b -> look, back a, held waiting b
    unlinked ->
    store rollout b h2>me,h3 withdrawn ->
    linked -> look, held unlinked b, sees b h2>me,h3 withdrawn, look, back a, held late b
    = 1 a healthy; held staged; agreed
    restart 5 -> look, held unlinked b
    linked -> look, held unlinked b again, agreed, look, back a, held late b
    = 1 a healthy; held staged; agreed
    file a -> look, unchanged
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    = 1 a healthy, 2 b running; held
  `,
  );
});

Deno.test("a source that withdrew a candidate does not withdraw the same again", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    file a -> look, back b, move b me>h2,h3 withdrawn (me: its source went back), held ahead a, sees b me>h2,h3 withdrawn (me: its source went back), look, runs 3 a (file), agreed
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 4 b (cluster) in place of a
    = 1 a healthy, 2 b replaced, 3 a replaced, 4 b running; pinned b; held staged; held
  `,
  );
});

Deno.test("a host without a file follows the store", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store rollout b h2>me,h3 admitting ->
    news -> sees b h2>me,h3 admitting, look, back a, unchanged
    store rollout b h2|me,h3> admitting ->
    news -> sees b h2|me,h3> admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    = 1 a healthy, 2 b running; pinned b; held
    store b@2 ->
    news -> agreed, done b, look, back b, unchanged
    = 1 a healthy, 2 b running; pinned b; agreed
  `,
  );
});

Deno.test("a host without a file proposes the release that a person published", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    publish b -> read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    hooks ok -> healthy 2
    wait 1 -> read-fleet, move b me>h2,h3 baking, sees b me>h2,h3 baking
    = 1 a healthy, 2 b healthy; pinned b; held
    restart 5 -> look, back b, unchanged
    linked -> look, back b, unchanged, sees b me>h2,h3 baking, look, back b, unchanged
    = 1 a healthy, 2 b healthy; pinned b; held
  `,
  );
});

Deno.test("a host without steps and without a file publishes to all at once", () => {
  replayReleases(
    { rollout: "none", isStoreOnly: true },
    `
    publish b -> read-fleet, propose b me,h2,h3> admitting since 1, sees b me,h2,h3> admitting, look, back b, runs 2 b (cluster), look, back b, unchanged
    hooks ok -> healthy 2
    peers h2=b h3=b ->
    wait 1 -> read-fleet, move b me,h2,h3> baking, sees b me,h2,h3> baking, read-fleet, look, back b, unchanged, look, announce b on a, back b, unchanged, announced, agreed, done b, look, back b, unchanged
    = 1 a healthy, 2 b healthy; pinned b; agreed
  `,
  );
});

Deno.test("a published release that was the head before is no late copy", () => {
  replayReleases(
    { rollout: {} },
    `
    store c@2 ->
    store a@3 ->
    publish c -> read-fleet, propose c me>h2,h3 admitting since 3, sees c me>h2,h3 admitting, look, back c, runs 2 c (cluster) in place of a
    = 1 a healthy, 2 c running; pinned c; held staged; held
  `,
  );
});

Deno.test("a host with a late file follows a change that was taken up at once, also after a restart, and undoes nothing", () => {
  replayReleases(
    { rollout: {} },
    `
    store c@2 ->
    news -> look, back c, runs 2 c (cluster) in place of a, look, agreed, back c, held late a again
    hint poll -> look, back c, held late a again
    restart 5 -> look, held unlinked a
    linked -> look, held unlinked a again, agreed, read-fleet, look, held proposing a, propose a me>h2,h3 admitting since 0, look, back c, held late a
    = 1 a healthy, 2 c running; pinned c; held staged; agreed
    store d@3 ->
    news -> look, back d, runs 3 d (cluster) in place of a, look, agreed, back d, held late a again
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 0, look, back d, held late c
    = 1 a healthy, 2 c replaced, 3 d running; pinned d; held staged; agreed
    file e -> look, held proposing e, read-fleet, propose e me>h2,h3 admitting since 0, sees e me>h2,h3 admitting, look, runs 4 e (file)
    = 1 a healthy, 2 c replaced, 3 d replaced, 4 e running; held
  `,
  );
});

Deno.test("an edit to an earlier release after a rollback is a change", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    hint now -> look, unchanged, announce b on a, announced, agreed, done b, look, unchanged
    store c@3 skips b ->
    store a@4 skips b ->
    news -> look, back a, runs 3 a (cluster) in place of b, look, agreed, back a, held skipped b again
    file c -> look, held proposing c, read-fleet, propose c me>h2,h3 admitting since 4, sees c me>h2,h3 admitting, look, runs 4 c (file)
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b; held
  `,
  );
});

Deno.test("a host that is let in runs the candidate when its own rollback was judged", () => {
  replayReleases(
    { rollout: {} },
    `
    file z -> look, held proposing z, read-fleet, propose z me>h2,h3 admitting since 1, sees z me>h2,h3 admitting, look, runs 2 z (file)
    hint now -> look, unchanged, announce z on a, announced, agreed, done z, look, unchanged
    unlinked ->
    roll-back 1 -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped z
    store a@3 ->
    store rollout c me>h2,h3 admitting ->
    linked -> look, back a, held skipped z again, announce a on z undoes z skips z, sees c me>h2,h3 admitting, look, back a, held skipped z again, agreed, look, back c, runs 4 c (cluster) in place of z
  `,
  );
});

Deno.test("an edit that lost against another at the same moment is kept by reload --now or a publication, and not by the same file again", () => {
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store rollout c h2>me,h3 admitting ->
    news -> sees c h2>me,h3 admitting, look, back a, runs 3 a (cluster) in place of b, agreed
    file b -> look, back a, held late b again
    reload -> look, back a, held late b
    store c@2 ->
    news -> look, done c, back c, runs 4 c (cluster) in place of b, look, agreed, back c, held late b again
    file b -> look, back c, held late b again
    hint now -> look, runs 5 b (operator), announce b on c, announced, agreed, look, unchanged
    file d -> look, held proposing d, read-fleet, propose d me>h2,h3 admitting since 3, sees d me>h2,h3 admitting, look, runs 6 d (file)
  `,
  );
  replayReleases(
    { rollout: {} },
    `
    file b -> look, held proposing b, read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 2 b (file)
    store rollout c h2>me,h3 admitting ->
    news -> sees c h2>me,h3 admitting, look, back a, runs 3 a (cluster) in place of b, agreed
    publish b -> read-fleet, propose b me>h2,h3 admitting since 1, sees b me>h2,h3 admitting, look, runs 4 b (file)
  `,
  );
});

Deno.test("without steps too, a file that a published release replaced waits after a restart until the store was read", () => {
  replayReleases(
    { rollout: "none" },
    `
    store rollout b me>h2,h3 baking ->
    news -> sees b me>h2,h3 baking, look, back b, runs 2 b (cluster) in place of a
    store b@2 ->
    news -> agreed, done b, look, back b, held late a
    restart 5 -> look, held unlinked a
    linked -> look, held unlinked a again, agreed, look, back b, held late a
    unlinked ->
    file c -> look, held unlinked c
    restart 5 -> look, held unlinked c
    linked -> look, held unlinked c again, agreed, look, runs 3 c (file), announce c on b, announced, agreed, look, unchanged
  `,
  );
});
