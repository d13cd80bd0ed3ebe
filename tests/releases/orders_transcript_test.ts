// Transcripts of orders on one host: rollbacks, force and holds, over restarts and failures.
import { replayReleases } from "./releases_transcript.ts";

Deno.test("a rollback puts the last healthy release in force, and the file that it takes back changes nothing", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
    hooks ok -> healthy 3
    file b -> look, back a, held skipped b again
    hint poll -> look, back a, held skipped b again
    hint signal -> look, back a, held skipped b
    restart 5 -> look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a healthy; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a valid file with another hash is a normal edit after a rollback, and the skip has no effect on it", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    file c -> look, runs 4 c (file)
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here
    file b -> look, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 c running; skips b here; held skipped
  `,
  );
});

Deno.test("a file that is brought in line is run unchanged", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    file a -> look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b
    file b -> look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("force runs a skipped file on purpose, and a rollback can take it back again", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    reload force -> look, runs 4 b (force)
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b running
    restart 5 -> look, unchanged
    file b -> look, unchanged
    roll-back -> rolling-back 4 to a (rollback, fleet), back a, runs 5 a (rollback), look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a replaced, 4 b rolled-back, 5 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a rollback names its release, and takes back all that came after it", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    file c -> look, runs 3 c (file)
    hooks ok -> healthy 3
    file d -> look, runs 4 d (file)
    roll-back 2 -> rolling-back 4 to b (rollback, fleet), back b, runs 5 b (rollback), look, back b, held skipped d
    = 1 a healthy, 2 b healthy, 3 c skipped, 4 d rolled-back, 5 b running; skips c+d; pinned b undoes c+d; held skipped
    roll-back 1 -> rolling-back 5 to a (rollback, fleet), back a, runs 6 a (rollback), look, back a, held skipped d
    = 1 a healthy, 2 b skipped, 3 c skipped, 4 d rolled-back, 5 b rolled-back, 6 a running; skips b+c+d; pinned a undoes b+c+d; held skipped
    roll-back 1 -> refused: Release 1 has the configuration that is in force as release 6
    roll-back 3 -> refused: ada rolled release 3 back: bad; honua-configd rollback 3 --force --reason TEXT puts it in force again
    roll-back 9 -> refused: There is no release 9: the history has 1 to 6
  `,
  );
});

Deno.test("without a healthy release before it the last one with another hash is the target", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks failed ->
    file c -> look, runs 3 c (file)
    roll-back -> rolling-back 3 to a (rollback, fleet), back a, runs 4 a (rollback), look, back a, held skipped c
    = 1 a healthy, 2 b skipped, 3 c rolled-back, 4 a running; skips b+c; pinned a undoes b+c; held skipped
  `,
  );
});

Deno.test("a rollback stays owed while the next edit is not in force", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    pause ->
    file c -> look
    step -> activate c
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b
  `,
  );
});

Deno.test("a second rollback without a number is refused, because two persons may act at once", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    file c -> look, runs 3 c (file)
    roll-back -> rolling-back 3 to b (rollback, fleet), back b, runs 4 b (rollback), look, back b, held skipped c
    roll-back -> refused: Release 4 was put in force by a rollback already by ada; to go further back, name the release, from honua-configd history
    roll-back 1 -> rolling-back 4 to a (rollback, fleet), back a, runs 5 a (rollback), look, back a, held skipped c
  `,
  );
});

Deno.test("a later rollback does not go back to a configuration that was taken back and then forced", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    reload force -> look, runs 4 b (force)
    file c -> look, runs 5 c (file)
    roll-back -> rolling-back 5 to a (rollback, fleet), back a, runs 6 a (rollback), look, back a, held skipped c
  `,
  );
});

Deno.test("a rollback with nothing before it is refused", () => {
  replayReleases(
    {},
    `
    roll-back -> refused: Release 1 is the only one in the history: nothing is before it
  `,
  );
});

Deno.test("a rollback does not wait for a file that is valid", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    file bad -> look, rejected
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, rejected
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; rejected
    restart 5 -> look, rejected
    file c -> look, runs 4 c (file)
  `,
  );
});

Deno.test("a rollback does not wait for a file that can be read", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    put gone ->
    hint file -> look, unreadable
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, unreadable
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; unreadable
  `,
  );
});

Deno.test("a release without its text is tried again, and the active one stays so long", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    text a lost ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, unreadable, look, back a, unreadable
    = 1 a healthy, 2 b rolled-back; skips b; pinned a undoes b; held skipped; unreadable
    wait 1 -> look, back a, unreadable
    text a back ->
    wait 4 -> look, back a, runs 3 a (rollback) in place of b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a release whose text does not compile any more is tried again at the next hint", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    text a broken ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, rejected, look, back a, rejected
    = 1 a healthy, 2 b rolled-back; skips b; pinned a undoes b; held skipped; rejected
    text a back ->
    hint poll -> look, back a, runs 3 a (rollback) in place of b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a pinned release whose text is lost later stays in force", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    text a lost ->
    hint poll -> look, back a, held skipped b: no text
    hint poll -> look, back a, held skipped b: no text again
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
    text a back ->
    hint poll -> look, back a, held skipped b
  `,
  );
});

Deno.test("a rollback whose write fails is tried again", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    writes fail ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, activate a, write-failed, look, back a, awaiting-retry
    = 1 a healthy, 2 b rolled-back; skips b; pinned a undoes b; write-failed
    writes work ->
    wait 1 -> look, back a, runs 3 a (rollback) in place of b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a rollback that is ordered during a look at another edit gives way to it, and its requester gets a look", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    pause ->
    file c -> look
    roll-back -> rolling-back 2 to a (rollback, fleet)
    go -> runs 3 c (file), look, unchanged
    = 1 a healthy, 2 b rolled-back, 3 c running; skips b here
  `,
  );
});

Deno.test("of two rollbacks the later one counts", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    file c -> look, runs 3 c (file)
    hooks ok -> healthy 3
    pause ->
    roll-back -> rolling-back 3 to b (rollback, fleet), back b
    roll-back 1 -> rolling-back 3 to a (rollback, fleet)
    go -> back a, runs 4 a (rollback), look, back a, held skipped c
    = 1 a healthy, 2 b skipped, 3 c rolled-back, 4 a running; skips b+c; pinned a undoes b+c; held skipped
  `,
  );
});

Deno.test("a rollback that was ordered before a crash is carried out by the next process", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    pause ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a
    restart 5 -> look, back a, runs 3 a (rollback) in place of b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("a rollback that came into force just before a crash is not carried out again", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    pause ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a
    step -> activate a
    restart 5 written -> look, back a, held skipped b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped
  `,
  );
});

Deno.test("an order during a write is on the disk together with the entry of the write", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    pause ->
    file c -> look
    step -> activate c
    hold 60 -> hold-begun
    restart 5 written -> look, unchanged
    = 1 a healthy, 2 b replaced, 3 c running; hold
  `,
  );
});

Deno.test("during a hold an edit waits, and is taken when the hold ends", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    = 1 a healthy; held frozen; hold
    hint signal -> look, held frozen b
    wait 3600 -> hold-ended, look, runs 2 b (file)
    = 1 a healthy, 2 b running
  `,
  );
});

Deno.test("during a hold a rotated secret of the release in force counts, but not while an edit waits", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    file a/rotated -> look, activate a/rotated, activated content
    = 1 a healthy; hold
    file b -> look, held frozen b
    text a rotated ->
    hint poll -> look, held frozen b again
    wait 3600 -> hold-ended, look, runs 2 b (file)
  `,
  );
});

Deno.test("a hold that a person ends lets the edit in at once", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    release-hold -> hold-ended by ada, look, runs 2 b (file)
    = 1 a healthy, 2 b running
    release-hold -> refused: There is no hold
  `,
  );
});

Deno.test("a hold lasts over a restart, and no longer than its time", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    put b ->
    restart 600 -> look, held frozen b
    = 1 a healthy; held frozen; hold
    restart 3000 -> look, runs 2 b (file)
    wait 0 -> hold-ended, look, unchanged
    = 1 a healthy, 2 b running
  `,
  );
});

Deno.test("force overrules a hold for this time, and the hold stays", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    reload force -> look, runs 2 b (force)
    = 1 a healthy, 2 b running; hold
    file c -> look, held frozen c
    = 1 a healthy, 2 b running; held frozen; hold
  `,
  );
});

Deno.test("a rollback by a person is carried out during a hold, and tried again if it fails", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hold 60 -> hold-begun
    text a lost ->
    roll-back -> rolling-back 2 to a (rollback, fleet), back a, unreadable, look, back a, unreadable
    text a back ->
    wait 1 -> look, back a, runs 3 a (rollback) in place of b
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; held skipped; hold
  `,
  );
});

Deno.test("a file that is in line with the release in force is not held", () => {
  replayReleases(
    {},
    `
    hold 60 -> hold-begun
    file b -> look, held frozen b
    file a -> look, unchanged
    = 1 a healthy; hold
  `,
  );
});

Deno.test("a hold that begins during a look is in time for its outcome", () => {
  replayReleases(
    {},
    `
    pause ->
    file b -> look
    hold 60 -> hold-begun
    go -> held frozen b
    = 1 a healthy; held frozen; hold
  `,
  );
});

Deno.test("the list is bounded, and keeps the releases that a rollback may need", () => {
  replayReleases(
    { keep: 2 },
    `
    hooks ok ->
    file b -> look, runs 2 b (file)
    hooks failed ->
    file c -> look, runs 3 c (file)
    hooks failed ->
    file d -> look, runs 4 d (file)
    hooks failed ->
    file e -> look, runs 5 e (file)
    = 1 a healthy, 4 d replaced, 5 e running
    roll-back -> rolling-back 5 to a (rollback, fleet), back a, runs 6 a (rollback), look, back a, held skipped e
    = 1 a healthy, 5 e rolled-back, 6 a running; skips d+e; pinned a undoes d+e; held skipped
    file f -> look, runs 7 f (file)
    file g -> look, runs 8 g (file)
    = 1 a healthy, 7 f replaced, 8 g running; skips d here+e here
  `,
  );
});

Deno.test("a refusal of a rollback names the release that can be put in force all the same", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    roll-back 1 -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, back a, held skipped b
    roll-back 2 force -> rolling-back 3 to b (rollback, fleet), back b, runs 4 b (rollback), look, unchanged
    file c -> look, runs 5 c (file)
    = 1 a healthy, 2 b rolled-back, 3 a rolled-back, 4 b replaced, 5 c running; skips a here
    roll-back -> refused: No release before 5 has another configuration that was not taken back: honua-configd rollback 4 --reason TEXT puts release 4 in force again
    roll-back 4 -> rolling-back 5 to b (rollback, fleet), back b, runs 6 b (rollback), look, back b, held skipped c
  `,
  );
});

Deno.test("if the snapshot is lost and the file is not valid, a rollback puts the last healthy release in force", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    file bad -> look, rejected
    lose ->
    restart 5 -> look, rejected
    = 1 a healthy, 2 b healthy; rejected
    roll-back -> rolling-back 2 to b (rollback, fleet), back b, activate b, activated both, look, rejected
    = 1 a healthy, 2 b healthy; pinned b; rejected
    file c -> look, runs 3 c (file)
    = 1 a healthy, 2 b healthy, 3 c running
  `,
  );
});

Deno.test("if the snapshot is lost, a rollback that names a release puts it in force, also the last one", () => {
  replayReleases(
    {},
    `
    file b -> look, runs 2 b (file)
    hooks ok -> healthy 2
    file bad -> look, rejected
    lose ->
    restart 5 -> look, rejected
    roll-back 3 -> refused: There is no release 3: the history has 1 to 2
    roll-back 1 -> rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, rejected
    = 1 a healthy, 2 b rolled-back, 3 a running; skips b; pinned a undoes b; rejected
  `,
  );
  replayReleases(
    {},
    `
    file bad -> look, rejected
    lose ->
    restart 5 -> look, rejected
    roll-back 1 -> rolling-back 1 to a (rollback, fleet), back a, activate a, activated both, look, rejected
  `,
  );
});

Deno.test("a host that never had a release has nothing to go back to", () => {
  replayReleases(
    { isNew: true },
    `
    file bad -> look, rejected
    roll-back -> refused: No release is in force, so there is nothing to take back
    roll-back 1 -> refused: No release is in force, so there is nothing to take back
  `,
  );
});
