import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isLetIn, MAX_EARLIER, rankId, rankOf, type Rollout, rolloutText } from "../../src/agreement/rollout.ts";
import { textToStore } from "../../src/agreement/moving.ts";
import { promoted, proposalOf, type Proposing, without, withPhase } from "../../src/rollout/moves.ts";
import type { FleetMember } from "../../src/rollout/rollouts.ts";

const [BASE, HASH] = ["a".repeat(64), "b".repeat(64)] as const;

function members(names: readonly string[], canaries: readonly string[] = []): readonly FleetMember[] {
  return names.map((instance) => ({
    instance,
    hash: BASE,
    state: "healthy",
    stages: true,
    canary: canaries.includes(instance),
  }));
}

function proposing(more: Partial<Proposing> = {}): Proposing {
  return {
    hash: HASH,
    instance: "h1",
    policy: {
      steps: [{ kind: "hosts", hosts: 1 }, { kind: "percent", percent: 50 }],
      bakeSeconds: 60,
      deadlineSeconds: 600,
      onFailure: "rollback",
    },
    needsApproval: false,
    fleet: members(["h1", "h2", "h3", "h4"]),
    base: BASE,
    stored: null,
    terms: null,
    at: Date.UTC(2026, 0, 1),
    ...more,
  };
}

function rolloutOf(order: readonly string[], counts: readonly number[], step = 0): Rollout {
  return { ...proposalOf(proposing()), order, counts, step };
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 40 });

Deno.test("a proposal orders the hosts by their ids, canaries first, and each host has one place", () => {
  fc.assert(fc.property(names, fc.func(fc.boolean()), (hosts, isCanary) => {
    const canaries = hosts.filter(isCanary);
    const made = proposalOf(proposing({ instance: hosts[0]!, fleet: members(hosts, canaries) }));
    const ranks = (chosen: readonly string[]) => chosen.map((host) => rankId(HASH, host)).sort();
    const others = hosts.filter((host) => !canaries.includes(host));
    assertEquals(made.order, [...ranks(canaries), ...ranks(others)]);
    assert(hosts.every((host) => rankOf(made, host) !== -1));
    assertEquals(textToStore(made).rollout, made);
  }));
});

Deno.test("the order does not depend on the order of the records, and is another for another hash", () => {
  const fleet = members(["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"]);
  const { order } = proposalOf(proposing({ fleet }));
  assertEquals(proposalOf(proposing({ fleet: fleet.toReversed() })).order, order);
  const other = proposalOf(proposing({ fleet, hash: "c".repeat(64) }));
  assert(fleet.some(({ instance }) => rankOf(other, instance) !== order.indexOf(rankId(HASH, instance))));
});

Deno.test("an instance that proposes has a place, also without a record, and two records of one name are one host", () => {
  assertEquals(proposalOf(proposing({ fleet: [] })).order, [rankId(HASH, "h1")]);
  assertEquals(proposalOf(proposing({ fleet: members(["h1", "h1", "h2"]) })).order.length, 2);
});

Deno.test("a proposal begins at the first step with its policy, and waits for approvals if they are required", () => {
  const made = proposalOf(proposing({ terms: { author: "ada", reason: "new tiles" } }));
  assertEquals([made.step, made.phase, made.counts, made.why], [0, "admitting", [1, 2, 4], null]);
  assertEquals([made.by, made.author, made.reason, made.at], ["h1", "ada", "new tiles", "2026-01-01T00:00:00.000Z"]);
  assertEquals([made.bakeSeconds, made.deadlineSeconds, made.onFailure], [60, 600, "rollback"]);
  assertEquals(proposalOf(proposing({ needsApproval: true })).phase, "awaiting-approval");
});

Deno.test("a proposal remembers a bounded number of the hashes that rollouts left behind, the latest", () => {
  const hashOf = (at: number) => at.toString(16).padStart(64, "0");
  let rollout = proposalOf(proposing({ hash: hashOf(0) }));
  for (let at = 1; at <= 40; at++) {
    const stored = { rollout, mark: "m", ageMilliseconds: 0 };
    rollout = proposalOf(proposing({ hash: hashOf(at), stored }));
    assertEquals(textToStore(rollout).rollout, rollout);
    assert(!rollout.earlier.includes(rollout.hash) && !rollout.earlier.includes(rollout.base));
  }
  assertEquals(rollout.earlier, Array.from({ length: MAX_EARLIER }, (_, index) => hashOf(24 + index)));
});

Deno.test("going on lets the next hosts in, at the last step all bake, and all can be let in at once", () => {
  const first = rolloutOf(["1", "2", "3"], [1, 2, 3]);
  const steps = (rollout: Rollout) => [rollout.step, rollout.phase];
  assertEquals(steps(promoted(withPhase(first, "baking", null), false, null)), [1, "admitting"]);
  assertEquals(steps(promoted(withPhase(first, "paused", "ada"), false, null)), [1, "admitting"]);
  assertEquals(promoted(withPhase(first, "paused", "ada"), false, null).why, null);
  assertEquals(steps(promoted(first, true, null)), [2, "admitting"]);
  assertEquals(steps(promoted({ ...first, step: 2 }, false, null)), [2, "baking"]);
  assertEquals(steps(promoted(withPhase({ ...first, step: 2 }, "halted", "h"), false, null)), [2, "admitting"]);
});

Deno.test("leaving hosts behind lets nobody else in, and leaves a rollout that can be stored", () => {
  const order = fc.integer({ min: 1, max: 12 }).map((hosts) =>
    Array.from({ length: hosts }, (_, at) => at.toString(16).padStart(12, "0"))
  );
  const given = order.chain((ids) =>
    fc.record({
      ids: fc.constant(ids),
      marks: fc.uniqueArray(fc.integer({ min: 1, max: ids.length }), { maxLength: 4 }),
      step: fc.nat(4),
      left: fc.subarray(ids),
    })
  );
  fc.assert(fc.property(given, ({ ids, marks, step, left }) => {
    const counts = [...new Set([...marks, ids.length])].sort((a, b) => a - b);
    const before = rolloutOf(ids, counts, Math.min(step, counts.length - 1));
    const after = without(before, left);
    assertEquals(textToStore(after).rollout, after);
    if (left.length === ids.length) return assertEquals(after, before);
    const letIn = (one: Rollout) => one.order.slice(0, one.counts[one.step]);
    const stays = letIn(before).filter((id) => !left.includes(id));
    // If nobody of the step stays, the next hosts are in its place.
    if (stays.length > 0) assertEquals(letIn(after), stays);
    assertEquals(after.order, ids.filter((id) => !left.includes(id)));
  }));
});

Deno.test("a host is let in by its rank below the step's count only, and by nothing while approvals are missing", () => {
  const rollout = proposalOf(proposing());
  const hosts = ["h1", "h2", "h3", "h4"].sort((a, b) => rankId(HASH, a) < rankId(HASH, b) ? -1 : 1);
  const letIn = (one: Rollout) => hosts.filter((host) => isLetIn(one, host));
  assertEquals([0, 1, 2].map((step) => letIn({ ...rollout, step })), [hosts.slice(0, 1), hosts.slice(0, 2), hosts]);
  assertEquals(letIn({ ...rollout, step: 2, phase: "awaiting-approval" }), []);
  assert(!isLetIn({ ...rollout, step: 2 }, "h5"));
  assertEquals(letIn({ ...rollout, step: 1, phase: "halted" }), hosts.slice(0, 2));
  assert(rolloutText(rollout).length > 0);
});
