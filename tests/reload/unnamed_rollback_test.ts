import { assertEquals } from "@std/assert";
import { proposedTarget, unnamedTarget } from "../../src/reload/unnamed_rollback.ts";
import { replayReleases } from "../releases/releases_transcript.ts";

const AGREED_ON_B = `
  file b -> look, runs 2 b (file), announce b on a
  accepted b@2 -> announced, agreed
`;
const ELSEWHERE =
  "This host does not run the agreed configuration (c, generation 3): run it on a host that does, see " +
  "honua-configd peers, or name the release to go to, from honua-configd history";

/** The release that a rollback without a number leads to after a transcript, and the one that is proposed. */
function after(transcript: string, cluster = true): readonly (number | string)[] {
  const { state } = replayReleases({ cluster }, transcript);
  return [unnamedTarget(state), proposedTarget(state)].map((one) => one.ok ? one.release.number : one.reason);
}

Deno.test("a rollback without a number leads to the release before, and is proposed", () => {
  assertEquals(after(AGREED_ON_B), [1, 1]);
  assertEquals(after("file b -> look, runs 2 b (file)", false), [1, 1], "without a cluster");
  assertEquals(after("file b -> look, runs 2 b (file), announce b on a"), [1, 1], "before the others know of it");
  assertEquals(after("unlinked ->\nfile b -> look, runs 2 b (file)"), [1, 1], "without Redis");
});

Deno.test("no rollback is proposed because of a source that was rejected", () => {
  const untouched =
    "The source did not come into force, so there is nothing of it to undo: a rollback takes back the " +
    "configuration that is in force";
  assertEquals(after(`${AGREED_ON_B} file bad -> look, rejected`), [1, untouched]);
  assertEquals(after(`${AGREED_ON_B} file bad -> look, rejected\n file b -> look, unchanged`), [1, 1]);
});

Deno.test("a rollback without a number is refused if another host's change was agreed on, and this one does not run it", () => {
  const diverged = `${AGREED_ON_B}
    heard -> read-head
    head c@3 -> look, unchanged, diverged
  `;
  assertEquals(after(diverged), [ELSEWHERE, ELSEWHERE]);
  assertEquals(after(`${diverged} unlinked ->`), [ELSEWHERE, ELSEWHERE], "Redis is away since");
  const held = `${AGREED_ON_B}
    hold 60 -> hold-begun
    file x -> look, held frozen x
    heard -> read-head
    head c@3 ->
  `;
  assertEquals(after(held), [ELSEWHERE, ELSEWHERE], "a hold keeps this host on it");
});

Deno.test("a person who names the release, or means this host only, is not refused on a host that diverged", () => {
  const diverged = `${AGREED_ON_B}
    heard -> read-head
    head c@3 -> look, unchanged, diverged
    roll-back -> refused: ${ELSEWHERE}
  `;
  const back = "rolling-back 2 to a (rollback, fleet), back a, runs 3 a (rollback), look, announce a on c undoes b " +
    "skips b, back a, held skipped b";
  replayReleases({ cluster: true }, `${diverged} roll-back 1 -> ${back}`);
  const here = "rolling-back 2 to a (rollback, host), back a, runs 3 a (rollback), look, back a, held skipped b";
  replayReleases({ cluster: true }, `${diverged} roll-back here -> ${here}`);
});

Deno.test("a rollback without a number that leads to what was agreed on is not refused", () => {
  const refused = "file b -> look, runs 2 b (file), announce b on a\n" +
    "refused a@2 -> announcement-refused, look, unchanged, diverged";
  assertEquals(after(refused), [1, 1]);
  const alone = `${AGREED_ON_B}
    roll-back here -> rolling-back 2 to a (rollback, host), back a, runs 3 a (rollback), look, back a, held skipped b
    heard -> read-head
    head b@2 ->
  `;
  const already = "This host went back by itself already: a rollback makes the other hosts follow";
  assertEquals(after(alone), [3, already]);
});

Deno.test("no rollback is proposed that the daemon refuses, or before this host was compared with the others", () => {
  const followed = `${AGREED_ON_B}
    heard -> read-head
    head a@3 skips b -> look, back a, runs 3 a (cluster) in place of b, agreed
  `;
  const already = "Release 3 was put in force by a rollback already; to go further back, name the release, from " +
    "honua-configd history";
  assertEquals(after(followed), [already, already]);
  const unknown = "It is not known whether the other hosts run the configuration of this one";
  assertEquals(after(`${AGREED_ON_B} restart 5 -> look, unchanged`), [1, unknown]);
});

Deno.test("a rollback without a number is refused after another host took a change back that never ran here", () => {
  const back = `${AGREED_ON_B}
    heard -> read-head
    head c@3 -> look, unchanged, diverged
    heard -> read-head
    head b@4 skips c -> agreed, look, unchanged
  `;
  const later = "ada rolled another configuration back after release 2 came into force: it was rolled back; to go " +
    "further back, name the release, from honua-configd history";
  assertEquals(after(back), [later, later]);
  const edited = `${back}
    wait 100000 ->
    file d -> look, runs 3 d (file), announce d on b skips c
  `;
  assertEquals(after(edited), [1, 1], "an edit since is the change that a person means");
});
