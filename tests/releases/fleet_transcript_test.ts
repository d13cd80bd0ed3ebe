// Transcripts of releases in a cluster: rollbacks that are announced, refused, late or local, and hosts that follow.
import { replayReleases } from "./releases_transcript.ts";

Deno.test("a rollback is announced with the hashes that it undoes and skips, and is the head", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on b undoes b skips b, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped; agreed
    accepted a@3 -> announced, agreed
    head a@3 skips b -> look, back a, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
    restart 5 -> look, back a, held skipped b
    linked -> look, read-head, back a, held skipped b again
    head a@3 skips b -> agreed
    head a@3 skips b ->
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("the others follow a rollback with any file", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
    file b -> look, back a, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a host with a file that is not valid follows too", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    file bad -> look, rejected
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster), look, agreed, rejected
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; rejected; agreed
  `,
  );
});

Deno.test("a host follows the head further while its file is skipped, and its file again once that is in line", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    heard -> read-head
    head c@4 skips b -> look, back c, runs 4 c (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b; pinned c; held skipped; agreed
    file c -> look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b; agreed
  `,
  );
});

Deno.test("a host that never ran the head tries again until it has its text", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    text c lost ->
    heard -> read-head
    head c@3 skips b -> look, back c, unreadable, diverged
    = 1 a healthy, 2 b running; skips b; held skipped; unreadable; diverged
    text c back ->
    wait 1 -> look, back c, runs 3 c (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 c running; skips b; pinned c; held skipped; agreed
  `,
  );
});

Deno.test("a host that diverged with a hash that is taken back follows, although the head is the same", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    refused a@2 -> announcement-refused, look, unchanged, diverged
    = 1 a healthy, 2 b running; diverged
    heard -> read-head
    head a@2 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a rollback to the head is announced for its skips", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    refused a@2 -> announcement-refused, look, unchanged, diverged
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on a undoes b skips b, back a, held skipped b
    same a@2 -> agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a rollback that the store refuses is this host's matter, and the host follows the head", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on b undoes b skips b, back a, held skipped b
    refused c@3 -> announcement-refused, look, back c, runs 4 c (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; pinned c; held skipped; agreed
    head c@3 ->
    file b -> look, back c, held skipped b again
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; pinned c; held skipped; agreed
  `,
  );
});

Deno.test("a local rollback is not announced, and the host says that it is held", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    roll-back here -> rolling-back 2 to a (rollback, host), back a, runs 3 a (rollback), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b here; pinned a here; held skipped; held
    heard -> read-head
    head b@2 ->
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b here; pinned a here; held skipped; held
    file c -> look, runs 4 c (file), announce c on b
    accepted c@3 -> announced, agreed
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; agreed
  `,
  );
});

Deno.test("a release that was taken back is put in force again by force, for all hosts, and what came after it is skipped", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    roll-back 2 -> refused: ada rolled release 2 back: it was rolled back; honua-configd rollback 2 --force --reason TEXT puts it in force again
    roll-back 2 force -> rolling-back 3 to b (rollback, fleet), back b, runs 4 b (rollback), look, announce b on a undoes a+b skips a, unchanged
    restart 5 -> look, unchanged
    linked -> look, read-head, unchanged
    head a@3 skips b -> announce b on a undoes a+b skips a
    accepted b@4 -> announced, agreed
    head b@4 skips a -> look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a rolled-back, 4 b running; skips a; agreed
    file a -> look, back b, held skipped a
  `,
  );
});

Deno.test("a rollback on a host that went back by itself makes the others follow, and no release before it is put back", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    roll-back here -> rolling-back 2 to a (rollback, host), back a, runs 3 a (rollback), look, back a, held skipped b
    heard -> read-head
    head b@2 ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, unchanged, look, announce a on b undoes b skips b, back a, held skipped b again
    accepted a@3 skips b -> announced, agreed
  `,
  );
});

Deno.test("a local rollback gives way to a rollback of the fleet that takes back its release too", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hooks ok -> healthy 2
    file c -> look, runs 3 c (file), announce c on b
    accepted c@3 -> announced, agreed
    roll-back here -> rolling-back 3 to b (rollback, host), back b, runs 4 b (rollback), look, back b, held skipped c
    = 1 a healthy, 2 b healthy, 3 c rolled-back, 4 b running; skips c here; pinned b here; held skipped; held
    heard -> read-head
    head a@4 skips b+c -> look, back a, runs 5 a (cluster) in place of c, agreed
    = 1 a healthy, 2 b healthy, 3 c rolled-back, 4 b rolled-back, 5 a running; skips b+c; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a rollback on a host that follows one goes no further back without a number: two persons may act at once", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    file c -> look, runs 3 c (file), announce c on b
    accepted c@3 -> announced, agreed
    heard -> read-head
    head b@4 skips c -> look, back b, runs 4 b (cluster) in place of c, agreed
    roll-back -> refused: Release 4 was put in force by a rollback already; to go further back, name the release, from honua-configd history
  `,
  );
});

Deno.test("a hash that another host forced is no longer skipped", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    heard -> read-head
    head b@4 -> look, runs 4 b (cluster), agreed
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b running; agreed
  `,
  );
});

Deno.test("a hash that was forced here stays although the store does not know of it, until another rollback", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    unlinked ->
    reload force -> look, runs 4 b (force)
    restart 5 -> look, unchanged
    linked -> look, read-head, unchanged
    head a@3 skips b -> announce b on a
    refused a@3 -> announcement-refused, look, unchanged, diverged
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b running; diverged
    heard -> read-head
    head a@4 skips b* -> look, back a, runs 5 a (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b rolled-back, 5 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("force is announced, and a head that was read meanwhile changes nothing", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    heard -> read-head
    reload force -> look, runs 4 b (force)
    head a@3 skips b -> announce b on null by force
    accepted b@4 -> announced, agreed
    head b@4 ->
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b running; agreed
  `,
  );
});

Deno.test("a rollback without a store is announced when the store is back", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    unlinked ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    hint poll -> look, back a, held skipped b again
    restart 5 -> look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped; unknown
    linked -> look, read-head, back a, held skipped b again
    head b@2 -> announce a on b undoes b skips b
    accepted a@3 -> announced, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a rollback of a hash that the others never heard of is announced for its skips", () => {
  replayReleases(
    { cluster: true },
    `
    unlinked ->
    file b -> look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped; agreed
    linked -> look, read-head, back a, held skipped b again
    head a@1 -> announce a on a undoes b skips b
    same a@1 ->
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a rollback that is still to be announced comes before a head that moved on", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    unlinked ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    linked -> look, read-head, back a, held skipped b again
    head c@3 -> announce a on b undoes b skips b
    refused c@3 -> announcement-refused, look, back c, runs 4 c (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; pinned c; held skipped; agreed
  `,
  );
});

Deno.test("if the release that a rollback goes back to cannot be had, the host follows a head that is not taken back", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head c@3 -> look, unchanged, diverged
    text a refused ->
    put bad ->
    roll-back 1 -> rolling-back 2 to a (rollback, fleet), back a, unreadable, look, back a, back c, runs 3 c (cluster), look, agreed, rejected
    heard -> read-head
    head c@3 ->
    = 1 a healthy, 2 b rolled-back, 3 c running; skips b here; pinned c; rejected; agreed
    hold 60 -> hold-begun
    roll-back 1 -> rolling-back 3 to a (rollback, fleet), back a, unreadable, look, back a, unreadable
    heard -> read-head
    head d@4 -> look, back a, back d, runs 4 d (cluster), look, agreed, rejected
  `,
  );
});

Deno.test("a rollback during the announcement of another is announced after it", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hooks ok -> healthy 2
    file c -> look, runs 3 c (file), announce c on b
    accepted c@3 -> announced, agreed
    roll-back -> rolling-back 3 to b (rollback, fleet), back b, runs 4 b (rollback), look, announce b on c undoes c skips c, back b, held skipped c
    roll-back 1 -> rolling-back 4 to a (rollback, fleet), back a, runs 5 a (rollback), look, back a, held skipped c
    accepted b@4 -> announced, announce a on b undoes b+c skips b+c
    accepted a@5 -> announced, agreed
    = 1 a healthy, 2 b skipped, 3 c rolled-back, 4 b rolled-back, 5 a running; skips b+c; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a head that is read during a rollback does not end its skips", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    pause ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a
    head b@2 ->
    go -> runs 3 a (rollback), look, announce a on b undoes b skips b, back a, held skipped b
    accepted a@3 -> announced, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});

Deno.test("a file that is brought in line before a rollback is announced leaves the rollback to be announced", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    unlinked ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    file a -> look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; agreed
    linked -> look, read-head, unchanged
    head b@2 -> announce a on b undoes b skips b
    accepted a@3 -> announced, agreed
    hint poll -> look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; agreed
  `,
  );
});

Deno.test("an edit before a rollback is announced makes the rollback this host's matter", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    unlinked ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    file c -> look, runs 4 c (file)
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; agreed
    linked -> look, read-head, unchanged
    head b@2 -> announce c on b
    accepted c@3 -> announced, agreed
    head c@3 ->
    file b -> look, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; held skipped; agreed
  `,
  );
});

Deno.test("a rollback passes a hold on the others too, and the hold goes on", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hold 60 -> hold-begun
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; hold; agreed
    heard -> read-head
    head c@4 skips b ->
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; hold; held
    release-hold -> hold-ended by ada, look, back c, runs 4 c (cluster) in place of b, agreed
  `,
  );
});

Deno.test("a rollback passes a hold that keeps an edit back, and the edit goes on waiting", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hold 60 -> hold-begun
    file c -> look, held frozen c
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of c, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held frozen; hold; agreed
    hint poll -> look, held frozen c again
    release-hold -> hold-ended by ada, look, runs 4 c (file), announce c on a skips b
  `,
  );
});

Deno.test("a rollback passes a hold on a host with the file of before, which is held no more then", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hold 60 -> hold-begun
    file a -> look, held frozen a
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster), look, agreed, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; hold; agreed
  `,
  );
});

Deno.test("a rollback passes a hold on a host with a file that is not valid", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hold 60 -> hold-begun
    file bad -> look, rejected
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster), look, agreed, rejected
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; hold; rejected; agreed
  `,
  );
});

Deno.test("a rollback during a hold is announced", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hold 60 -> hold-begun
    file c -> look, held frozen c
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on b undoes b skips b, held frozen c
    accepted a@3 -> announced, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held frozen; hold; agreed
  `,
  );
});

Deno.test("an edit that is held is not announced, and its host is held and not diverged", () => {
  replayReleases(
    { cluster: true },
    `
    hold 60 -> hold-begun
    heard -> read-head
    head b@2 -> look, unchanged, diverged
    = 1 a healthy; hold; diverged
    file b -> look, held frozen b
    = 1 a healthy; held frozen; hold; held
  `,
  );
});

Deno.test("an unhealthy release goes back on this host only, while the others keep it", () => {
  replayReleases(
    { health: {}, cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hooks ok -> baking 2, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 2, rolling-back 2 to a (health, host), back a, runs 3 a (health), look, back a, held skipped b
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks; held
    heard -> read-head
    head b@2 ->
    = 1 a healthy, 2 b failed, 3 a running; skips b here; pinned a here; held skipped; bake hooks; held
  `,
  );
});

Deno.test("if the head failed here and the others took back the release in force, the last good release runs", () => {
  replayReleases(
    { health: {}, cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    hooks ok -> baking 2, check-health
    health ok ->
    wait 60 -> check-health
    health ok -> healthy 2
    file c -> look, runs 3 c (file), announce c on b
    accepted c@3 -> announced, agreed
    hooks ok -> baking 3, check-health
    health bad ->
    wait 10 -> check-health
    health bad -> unhealthy 3, rolling-back 3 to b (health, host), back b, runs 4 b (health), look, back b, held skipped c
    = 1 a healthy, 2 b healthy, 3 c failed, 4 b running; skips c here; pinned b here; held skipped; bake hooks; held
    heard -> read-head
    head c@4 skips b -> look, back a, runs 5 a (cluster) in place of c, look, back a, held skipped c again, diverged
    = 1 a healthy, 2 b healthy, 3 c failed, 4 b rolled-back, 5 a running; skips b+c here; pinned a; held skipped; bake hooks; diverged
  `,
  );
});

Deno.test("a lost head says nothing about skips", () => {
  replayReleases(
    { cluster: true },
    `
    file b -> look, runs 2 b (file), announce b on a
    accepted b@2 -> announced, agreed
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
    heard -> read-head
    head none -> head-lost, announce a on null skips b
    accepted a@4 -> announced, agreed
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
    head a@4 skips b ->
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a; held skipped; agreed
  `,
  );
});
