import { assertEquals } from "@std/assert";
import { replayReleases } from "../releases/releases_transcript.ts";

Deno.test("without a file a hold keeps the active release, which is looked at as before", () => {
  replayReleases(
    { rollout: "none", isStoreOnly: true },
    `
    hold 10 -> hold-begun
    hint poll -> look, back a, unchanged
    store b@2 ->
    news -> look, held frozen b
    hint poll -> look, held frozen b again
    wait 600 -> hold-ended, look, back b, runs 2 b (cluster), look, agreed, back b, unchanged
  `,
  );
});

Deno.test("without a file a person forces the fleet's release during a hold", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    hold 10 -> hold-begun
    store b@2 ->
    news -> look, held frozen b, look, held frozen b again
    reload force -> look, back b, runs 2 b (force), look, agreed, announce b on null by force, back b, unchanged
    hint poll -> look, back b, unchanged
    = 1 a healthy, 2 b running; pinned b; hold; agreed
  `,
  );
});

Deno.test("without a file a person forces the fleet's release after this host took it back", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store b@2 ->
    news -> look, back b, runs 2 b (cluster), look, agreed, back b, unchanged
    hooks ok -> healthy 2
    roll-back 1 here -> rolling-back 2 to a (rollback, host), back a, runs 3 a (rollback), look, back a, held skipped b
    reload force -> look, back b, runs 4 b (force), look, agreed, announce b on null by force, back b, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b running; pinned b; agreed
  `,
  );
});

Deno.test("without a file and steps a host does not go back to the older head of a store that lost writes", () => {
  replayReleases(
    { rollout: "none", isStoreOnly: true },
    `
    store b@2 ->
    news -> look, back b, runs 2 b (cluster), look, agreed, back b, unchanged
    store x@1 ->
    store slow ->
    news ->
    step -> head-lost, announce b on null
    hint poll -> look, back b, unchanged
    step -> announced, agreed
    = 1 a healthy, 2 b running; pinned b; agreed
  `,
  );
});

Deno.test("without a file a host restores a lost head although its release is lost or does not validate any more", () => {
  for (const trouble of ["refused", "lost"]) {
    replayReleases(
      { rollout: "none", isStoreOnly: true },
      `
      store a@5 ->
      news -> agreed
      text a ${trouble} ->
      hint poll -> look, back a, unreadable
      store x@4 ->
      news -> head-lost, announce a on null, announced, agreed
      = 1 a healthy; unreadable; agreed
      store x@5 ->
      restart 5 -> look, back a, unreadable
      linked -> look, back a, unreadable, head-lost, announce a on null, announced, agreed
    `,
    );
  }
});

Deno.test("without a file a person takes back the fleet's release, and once only", () => {
  replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store b@2 ->
    news -> look, back b, runs 2 b (cluster), look, agreed, back b, unchanged
    hooks ok -> healthy 2
    store c@3 ->
    news -> look, back c, runs 3 c (cluster), look, agreed, back c, unchanged
    roll-back -> rolling-back 3 to b (rollback, fleet), back b, runs 4 b (rollback), look, announce b on c undoes c skips c, back b, held skipped c, announced, agreed, look, back b, unchanged
    roll-back -> refused: Release 4 was put in force by a rollback already by ada; to go further back, name the release, from honua-configd history
  `,
  );
});

Deno.test("without a file a release that another host took back is not taken back a second time without a number", () => {
  const { kept } = replayReleases(
    { rollout: {}, isStoreOnly: true },
    `
    store b@2 ->
    news -> look, back b, runs 2 b (cluster), look, agreed, back b, unchanged
    store a@3 skips b ->
    news -> look, back a, runs 3 a (cluster), look, agreed, back a, unchanged
    roll-back -> refused: Release 3 was put in force by a rollback already; to go further back, name the release, from honua-configd history
  `,
  );
  const back = "in place of a configuration that ada rolled back: bad";
  assertEquals(kept.list.map(({ reason }) => reason), [null, "the fleet runs it", back]);
});

Deno.test("a candidate whose rollout the store forgot is left for the head, though the file is not valid", () => {
  replayReleases(
    { rollout: {} },
    `
    store rollout b me>h2,h3 admitting ->
    news -> sees b me>h2,h3 admitting, look, back b, runs 2 b (cluster) in place of a
    file bad -> look, rejected
    store empty ->
    news -> head-lost, look, rejected
    store a@2 ->
    news -> look, back a, runs 3 a (cluster), look, agreed, rejected
  `,
  );
});
