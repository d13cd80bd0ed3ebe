import { assertEquals } from "@std/assert";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import { noteText, progressText } from "../../src/rollout/progress_text.ts";
import { without } from "../../src/rollout/moves.ts";
import { type RolloutPeer, summarizeRollout, viewRollout } from "../../src/rollout/rollout_view.ts";

const [BASE, CANDIDATE, OTHER] = ["b", "c", "d"].map((digit) => digit.repeat(64)) as [string, string, string];

function rolloutOf(names: readonly string[], given: Partial<Rollout> = {}): Rollout {
  return {
    hash: CANDIDATE,
    base: BASE,
    by: "edge-1",
    author: "anna",
    reason: "new tiles",
    at: "2026-01-01T00:00:00Z",
    order: names.map((name) => rankId(CANDIDATE, name)),
    counts: [2, names.length],
    step: 0,
    phase: "admitting",
    bakeSeconds: 60,
    deadlineSeconds: 600,
    onFailure: "rollback",
    why: null,
    earlier: [],
    ...given,
  };
}

function peer(instance: string, hash: string | null, state: string | null = null): RolloutPeer {
  return { instance, hash, self: instance === "edge-1", rejected: null, release: state === null ? null : { state } };
}

function view(rollout: Rollout, peers: readonly RolloutPeer[], head: string | null = BASE) {
  const stored = { rollout, mark: "0".repeat(40), ageMilliseconds: 12_999 };
  return viewRollout(stored, head === null ? null : { generation: 7, hash: head }, [], peers);
}

Deno.test("the hosts are in their order, with their configurations, and the rollout names the hosts that it waits for", () => {
  const rollout = rolloutOf(["edge-3", "edge-1", "edge-2", "edge-9"]);
  const { hosts, waitsFor, ageSeconds, steps } = view(rollout, [
    peer("edge-0", OTHER),
    peer("edge-1", CANDIDATE, "baking"),
    peer("edge-2", BASE, "healthy"),
    { ...peer("edge-3", null), rejected: { hash: CANDIDATE, why: "no such variable" } },
  ]);
  const edge9 = rankId(CANDIDATE, "edge-9");
  assertEquals(
    hosts.map(({ instance, rank, isLetIn, runs, state, isHere, self }) => [
      [instance, rank, isLetIn],
      [runs, state, isHere, self],
    ]),
    [
      [["edge-3", 0, true], [null, null, true, false]],
      [["edge-1", 1, true], ["candidate", "baking", true, true]],
      [["edge-2", 2, false], ["stable", "healthy", true, false]],
      [[edge9, 3, false], [null, null, false, false]],
      [["edge-0", null, false], ["other", null, true, false]],
    ],
  );
  assertEquals(hosts[0]!.rejected, "no such variable");
  assertEquals([ageSeconds, steps], [12, [2, 4]]);
  assertEquals(waitsFor, [
    "edge-3, which rejected it: no such variable",
    "edge-1, whose health checks go on",
  ]);
});

Deno.test("a host that rejected another configuration did not reject the candidate", () => {
  const other = { ...peer("edge-1", BASE), rejected: { hash: OTHER, why: "no" } };
  const { hosts, waitsFor } = view(rolloutOf(["edge-1"], { counts: [1] }), [other]);
  assertEquals([hosts[0]!.rejected, hosts[0]!.ownRejected], [null, "no"]);
  assertEquals(waitsFor, ["edge-1, which does not run it, as its own source is rejected: no"]);
  const [away] = view(rolloutOf(["edge-1"], { counts: [1] }), [peer("edge-1", BASE)]).waitsFor;
  assertEquals(away, "edge-1, which does not run it yet");
  const hindered = view(rolloutOf(["edge-1"], { counts: [1] }), [{ ...peer("edge-1", BASE), hindrance: "no key K2" }]);
  assertEquals(hindered.waitsFor, ["edge-1, which does not run it: no key K2"]);
  assertEquals(hindered.hosts.map(noteText), ["does not run it: no key K2"]);
});

Deno.test("the note on a host that is let in and does not run the candidate says that its own source is rejected", () => {
  const rejected = (name: string, hash: string) => ({ ...peer(name, hash), rejected: { hash: OTHER, why: "no" } });
  const peers = [rejected("edge-1", BASE), rejected("edge-2", CANDIDATE), rejected("edge-3", BASE)];
  const { hosts } = view(rolloutOf(["edge-1", "edge-2", "edge-3"]), peers);
  assertEquals(hosts.map(noteText), ["its own source is rejected: no", "", ""]);
});

Deno.test("each state of a host that runs the candidate has its words, and a healthy one is not awaited", () => {
  const states = ["healthy", "running", "baking", "failed", "rolled-back", null];
  const names = states.map((_, index) => `edge-${index}`);
  const rollout = rolloutOf([...names, "gone"], { counts: [7] });
  const { waitsFor } = view(rollout, states.map((state, index) => peer(names[index]!, CANDIDATE, state)));
  assertEquals(waitsFor, [
    "edge-1, whose hooks are not done",
    "edge-2, whose health checks go on",
    "edge-3, whose health checks failed",
    "edge-4, which is about to roll it back",
    "edge-5, whose health is not known",
    `the host ${rankId(CANDIDATE, "gone")} of the order, which has no record now`,
  ]);
});

Deno.test("a bake, a pause and a halt name the next step, and a rollout that is over waits for nothing", () => {
  const names = ["edge-1", "edge-2", "edge-3"];
  const peers = names.map((name) => peer(name, CANDIDATE, "healthy"));
  const waits = (given: Partial<Rollout>, head: string | null = BASE) =>
    view(rolloutOf(names, given), peers, head).waitsFor;
  const bake = "the end of the 60 s for which all hosts of the step stay healthy; then it";
  assertEquals(waits({ phase: "baking" }), [`${bake} lets the next hosts in`]);
  assertEquals(waits({ phase: "baking", step: 1 }), [`${bake} is agreed on`]);
  assertEquals(waits({ phase: "awaiting-approval" }), [
    "the approvals of its configuration: honua-configd pending shows them",
  ]);
  assertEquals(
    view(rolloutOf(names, { phase: "awaiting-approval" }), peers).hosts.some(({ isLetIn }) => isLetIn),
    false,
  );
  for (const phase of ["paused", "halted"] as const) {
    assertEquals(waits({ phase }), ["a person to promote it or roll it back"]);
  }
  assertEquals([waits({}), waits({}, CANDIDATE), waits({ phase: "baking" }, OTHER), waits({ phase: "withdrawn" })], [
    [],
    [],
    [],
    [],
  ]);
});

Deno.test("of many hosts that are awaited twenty are named, and the others are counted", () => {
  const waits = (count: number) => {
    const names = Array.from({ length: count }, (_, index) => `edge-${index}`);
    return view(rolloutOf(names, { counts: [count] }), names.map((name) => peer(name, BASE))).waitsFor;
  };
  assertEquals([waits(20).length, waits(21).length], [20, 21]);
  assertEquals(waits(1_000).at(-1), "980 more hosts");
});

Deno.test("a rollout is done with its hash as the head, void with another, and not under way once it is skipped", () => {
  const rollout = rolloutOf(["edge-1"], { counts: [1] });
  const skip = { hash: CANDIDATE, by: "anna", at: "2026-01-01T00:00:00Z", reason: "empty" };
  const summary = (hash: string | null, skips = [] as (typeof skip)[]) => {
    const head = hash === null ? null : { generation: 1, hash };
    const { isUnderWay, isVoid, isDone } = summarizeRollout(rollout, head, skips);
    return [isUnderWay, isVoid, isDone];
  };
  assertEquals(summary(BASE), [true, false, false]);
  assertEquals(summary(CANDIDATE), [false, false, true]);
  assertEquals(summary(OTHER), [false, true, false]);
  assertEquals(summary(null), [false, true, false]);
  assertEquals(summary(BASE, [skip]), [false, false, false]);
});

Deno.test("a rollout that is done names the hosts that a person went on without, and that still follow", () => {
  const ids = ["edge-3", "edge-1", "edge-2", "edge-4"];
  const rollout = without(rolloutOf(ids, { phase: "halted" }), ["edge-3", "edge-4"].map((id) => rankId(CANDIDATE, id)));
  const done = (...peers: RolloutPeer[]) => view({ ...rollout, step: 1, phase: "baking" }, peers, CANDIDATE);
  const run = [peer("edge-1", CANDIDATE, "healthy"), peer("edge-2", CANDIDATE, "healthy")];
  const before = done(...run, peer("edge-3", BASE, "healthy"), peer("edge-0", BASE));
  const id = rankId(CANDIDATE, "edge-4");
  assertEquals(progressText(before), `done, 2 of 5 hosts let in, still to follow: ${id} (away), edge-0, edge-3`);
  assertEquals(before.hosts.slice(2).map((host) => [host.instance, host.isLetIn, noteText(host)]), [
    [id, false, "has no record now: it is away, and this is its id"],
    ["edge-0", false, "came later: it follows when the rollout is done"],
    ["edge-3", false, "was left out when a person went on: it follows when the rollout is done"],
  ]);
  const after = done(...run, ...["edge-3", "edge-4", "edge-0"].map((name) => peer(name, CANDIDATE)));
  assertEquals(progressText(after), "done, 2 of 5 hosts let in, the others followed");
  assertEquals(noteText(after.hosts.at(-1)!), "was left out when a person went on");
  const summary = summarizeRollout(rollout, { generation: 8, hash: CANDIDATE }, []);
  assertEquals(progressText(summary), "done, 2 of 4 hosts let in, the others follow");
  const all = view(rolloutOf(["edge-1", "edge-2"]), run, CANDIDATE);
  assertEquals(progressText(all), "done, all hosts are let in");
});
