import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import type { Notifier } from "../../src/cluster/notifier.ts";
import type { Peer } from "../../src/cluster/peer_record.ts";
import { soloNotifier } from "../../src/cluster/solo_notifier.ts";
import { rolloutAccess } from "../../src/daemon/rollout_access.ts";
import { openRolloutAnswers } from "../../src/daemon/rollout_answers.ts";
import { decideRollout, unlinked } from "../../src/rollout/decide_rollout.ts";
import { initialRollouts, type OwnFacts, type RolloutEvent, type Rollouts } from "../../src/rollout/rollouts.ts";

const [BASE, CANDIDATE] = ["b".repeat(64), "c".repeat(64)] as const;
const OWN: OwnFacts = {
  isLinked: true,
  isFresh: true,
  active: BASE,
  state: "healthy",
  isFrozen: false,
  ownSkips: [],
  taken: [],
  concluded: BASE,
  owed: null,
  isFollowing: false,
  hasFollowed: false,
  agreedGeneration: 1,
};
const ORDER = { author: "anna", reason: "a look" } as const;

function rolloutWith(given: Partial<Rollout> = {}): Rollout {
  const order = ["edge-1", "edge-2", "edge-3"].map((name) => rankId(CANDIDATE, name));
  const policy = { bakeSeconds: 60, deadlineSeconds: 600, onFailure: "rollback" } as const;
  const told = { by: "edge-1", author: null, reason: null, at: "2026-01-01T00:00:00Z", why: null };
  const progress = { order, counts: [1, 2, 3], step: 0, phase: "admitting", earlier: [] } as const;
  return { hash: CANDIDATE, base: BASE, ...told, ...progress, ...policy, ...given };
}

const peer = (instance: string): Peer => ({
  instance,
  incarnation: "00",
  version: "1",
  hash: BASE,
  generation: 1,
  standing: "agreed",
  rejected: null,
  stages: true,
  at: "2026-01-01T00:00:00Z",
  self: instance === "edge-1",
});

/** The answers over the real rules of rollouts and a store in memory that has this rollout; null: none. */
async function open(rollout: Rollout | null, broken: Partial<Notifier> = {}) {
  const store = soloNotifier({ incarnation: "0".repeat(12) });
  const kinds = { restores: true, force: false, skips: [], undoes: [] };
  await store.announce({ hash: BASE, base: null, unanswered: [], since: 0, floor: 0, ...kinds });
  const head = async () => {
    const read = await store.head();
    assert(read.ok && read.head !== null);
    return read.head;
  };
  if (rollout !== null) {
    const moved = await store.moveRollout({ head: await head(), mark: null, to: rollout, since: null, skips: [] });
    assertEquals(moved.kind, "moved");
  }
  const peers = () => Promise.resolve({ ok: true as const, peers: ["edge-1", "edge-2", "edge-3"].map(peer) });
  const notifier = { ...store, peers, ...broken };
  const access = rolloutAccess({
    keyRing: null,
    notifier,
    textOf: () => Promise.reject(new Error("nothing is proposed")),
    gatherMilliseconds: 35_000,
    moved: () => {},
  });
  const state: { rollouts: Rollouts | null; stopping: boolean } = {
    rollouts: initialRollouts("edge-3", null),
    stopping: false,
  };
  const take = (event: RolloutEvent) => {
    const { rollouts, actions } = decideRollout(state.rollouts!, event, OWN);
    state.rollouts = rollouts;
    for (const action of actions) {
      if (action.kind === "read-fleet") {
        void access.readFleet().then((answer) => take({ kind: "fleet-answered", answer, at: 0, random: 0 }));
      } else if (action.kind === "move-rollout") {
        void access.moveRollout(action.move, action.isProposal)
          .then((answer) => take({ kind: "move-answered", answer, random: 0 }));
      }
    }
  };
  const { generation, hash, skips, rollout: stored, rolloutMark: mark } = await head();
  take({ kind: "store-read", view: { head: { generation, hash }, skips, stored, mark }, random: 0 });
  const answers = openRolloutAnswers({
    loop: { state: () => state, rollout: take },
    notifier,
    peers: () => notifier.peers(),
    movingMilliseconds: 200,
    now: () => 0,
    mask: (text) => text.replaceAll("hush", "***"),
  });
  return { answers, state, head, store };
}

Deno.test("the rollout is answered with its hosts, and as the loop knows it in the status", async () => {
  const { answers } = await open(rolloutWith());
  const answer = await answers.rollout();
  assert(answer.ok);
  assertEquals(answer.rollout?.hosts.map(({ instance, isLetIn, self }) => [instance, isLetIn, self]), [
    ["edge-1", true, true],
    ["edge-2", false, false],
    ["edge-3", false, false],
  ]);
  assertEquals(answers.rolloutSummary()?.phase, "admitting");
  const none = await open(null);
  assertEquals([await none.answers.rollout(), none.answers.rolloutSummary()], [{ ok: true, rollout: null }, null]);
});

Deno.test("a rollout is not known while the peers or the head cannot be read", async () => {
  const away = { ok: false, reason: "Redis is away" } as const;
  for (const broken of [{ peers: () => Promise.resolve(away) }, { head: () => Promise.resolve(away) }]) {
    const { answers } = await open(rolloutWith(), broken);
    assertEquals(await answers.rollout(), away);
  }
});

Deno.test("a rollout is paused, promoted step by step and as a whole, and ended with a skip", async () => {
  const { answers, head } = await open(rolloutWith());
  const paused = await answers.pauseRollout({ author: "anna", reason: "a hush look" });
  assert(paused.kind === "done");
  assertEquals([paused.rollout.phase, paused.rollout.why], ["paused", "anna: a *** look"]);
  assertStringIncludes(String((await answers.pauseRollout(ORDER) as { reason: string }).reason), "paused already");
  const next = await answers.promoteRollout({ ...ORDER, full: false });
  assertEquals(next.kind === "done" && [next.rollout.phase, next.rollout.step], ["admitting", 1]);
  const all = await answers.promoteRollout({ ...ORDER, full: true });
  assertEquals(all.kind === "done" && all.rollout.step, 2);
  const ended = await answers.abortRollout({ author: null, reason: "empty tiles" });
  assert(ended.kind === "done");
  assertEquals([ended.rollout.phase, ended.rollout.isUnderWay], ["rolled-back", false]);
  const { rollout, skips } = await head();
  assertEquals([rollout?.rollout.why, skips.map(({ hash, by }) => [hash, by])], ["a person: empty tiles", [
    [CANDIDATE, "a person"],
  ]]);
});

Deno.test("an order without a rollout, for one that is over, or that an approval has to precede, is refused", async () => {
  const reasonOf = async (rollout: Rollout | null, order: "promoteRollout" | "pauseRollout" | "abortRollout") => {
    const { answers } = await open(rollout);
    const answer = await answers[order]({ ...ORDER, full: false });
    return answer.kind === "refused" ? answer.reason : answer.kind;
  };
  assertStringIncludes(await reasonOf(null, "abortRollout"), "No rollout is under way");
  assertStringIncludes(
    await reasonOf(rolloutWith({ phase: "withdrawn" }), "promoteRollout"),
    "No rollout is under way",
  );
  const waits = rolloutWith({ phase: "awaiting-approval" });
  assertStringIncludes(await reasonOf(waits, "promoteRollout"), "waits for approvals");
  assertEquals(await reasonOf(waits, "abortRollout"), "done");
  assertStringIncludes(await reasonOf(rolloutWith({ phase: "halted" }), "pauseRollout"), "halted already");
  assertStringIncludes(
    await reasonOf(rolloutWith({ phase: "baking", step: 2 }), "promoteRollout"),
    "All hosts are let in already",
  );
});

Deno.test("an order that another move overtook permanently is refused, and one without the store is not known", async () => {
  // Another host ends the rollout first: the compare-and-set fails, and the store's rollout is over then.
  const overtaken = await open(rolloutWith());
  const { rollout, rolloutMark: mark, ...head } = await overtaken.head();
  const to = { ...rollout!.rollout, phase: "withdrawn" } as const;
  await overtaken.store.moveRollout({ head, mark, to, since: null, skips: [] });
  const refused = await overtaken.answers.pauseRollout(ORDER);
  assertStringIncludes(refused.kind === "refused" ? refused.reason : refused.kind, "moved on meanwhile");

  // Another host proposes another change first: the order was not about that one.
  const replaced = await open(rolloutWith());
  const other = "d".repeat(64);
  const { rolloutMark, rollout: _, ...present } = await replaced.head();
  const proposal = rolloutWith({ hash: other });
  await replaced.store.moveRollout({ head: present, mark: rolloutMark, to: proposal, since: null, skips: [] });
  const misdirected = await replaced.answers.pauseRollout(ORDER);
  assertStringIncludes(misdirected.kind === "refused" ? misdirected.reason : misdirected.kind, "moved on meanwhile");

  const failing = await open(rolloutWith(), {
    moveRollout: () => Promise.resolve({ kind: "failed", reason: "timeout" }),
  });
  const failed = await failing.answers.pauseRollout(ORDER);
  assertStringIncludes(failed.kind === "failed" ? failed.reason : failed.kind, "did not answer in time");

  const lost = await open(rolloutWith());
  lost.state.rollouts = unlinked(lost.state.rollouts!).rollouts;
  assertEquals((await lost.answers.abortRollout(ORDER)).kind, "failed");
  lost.state.rollouts = null;
  assertEquals((await lost.answers.abortRollout(ORDER)).kind, "refused");
  assertEquals(await lost.answers.rollout(), { ok: true, rollout: null });
  lost.state.stopping = true;
  assertEquals((await lost.answers.abortRollout(ORDER)).kind, "stopping");
});
