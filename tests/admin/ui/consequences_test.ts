import { assertEquals, assertNotEquals } from "@std/assert";
import {
  type ActionState,
  AT_ONCE,
  type Choice,
  consequenceOf,
  targetsOf,
} from "../../../src/admin/ui/consequences.ts";
import type { Status } from "../../../src/admin/daemon_api.ts";
import type { RolloutHost, RolloutView } from "../../../src/rollout/rollout_view.ts";
import { fakeDaemonApi, peer, releaseAnswer, ROLLOUT } from "../fake_daemon_api.ts";

const RELEASES = [
  releaseAnswer(17, "c".repeat(64), { isRunning: true }),
  releaseAnswer(16, "b".repeat(64), { until: "2026-01-01T00:00:00.000Z" }),
  releaseAnswer(15, "a".repeat(64), { until: "2026-01-01T00:00:00.000Z" }),
];

async function stateOf(given: Partial<ActionState> = {}, status: Partial<Status> = {}): Promise<ActionState> {
  return {
    status: { ...await fakeDaemonApi().status(), source: "/etc/honua/config.hcl", ...status },
    peers: { ok: true, peers: Array.from({ length: 40 }, (_, index) => peer(`edge-${index + 1}`, "a1")) },
    releases: RELEASES,
    policy: AT_ONCE,
    rollout: { ok: true, rollout: null },
    ...given,
  };
}

async function sentenceOf(choice: Choice, given: Partial<ActionState> = {}, status: Partial<Status> = {}) {
  const { isPossible, sentence } = consequenceOf(choice, await stateOf(given, status));
  return isPossible ? sentence : `No: ${sentence}`;
}

const hosts = (count: number): ActionState["peers"] => ({
  ok: true,
  peers: Array.from({ length: count }, (_, index) => peer(`edge-${index + 1}`, "a1")),
});
const hold = { until: "2026-01-02T12:30:00.000Z", author: "ben", reason: "tiles" };

Deno.test("a rollback says which release will run on how many hosts, and which will not run any more", async () => {
  const to = (number: number, isLocal = false): Choice => ({ action: "rollback", to: number, isLocal });
  const rest = "and any other edit of the source counts as usual.";
  assertEquals(
    await sentenceOf(to(16)),
    `All 40 hosts will run release 16 (bbbbbbbb) again: release 17 will not run anywhere until a person forces it, ${rest}`,
  );
  assertEquals(
    await sentenceOf(to(15), { peers: hosts(1) }),
    "edge-1, the only host of the fleet, will run release 15 (aaaaaaaa) again: the configurations of the 2 releases " +
      `after it will not run anywhere until a person forces it, ${rest}`,
  );
  assertEquals(
    await sentenceOf(to(16), {}, { mode: "alone" }),
    `edge-1 will run release 16 (bbbbbbbb) again: release 17 will not run here until a person forces it, ${rest}`,
  );
  assertEquals(
    await sentenceOf(to(16), { peers: { ok: false, reason: "away" } }),
    "All hosts of the fleet (how many is not known now) will run release 16 (bbbbbbbb) again: release 17 will not run " +
      `anywhere until a person forces it, ${rest}`,
  );
  const local =
    "Only edge-1 will run release 16 (bbbbbbbb) again: release 17 will not run there until a person forces it";
  assertEquals(await sentenceOf(to(16, true)), `${local}; the other 39 hosts go on as before.`);
  assertEquals(
    await sentenceOf(to(16, true), { peers: hosts(2) }),
    `${local}; the other host goes on as before.`,
  );
  assertEquals(await sentenceOf(to(16, true), { peers: hosts(1) }), `${local}.`);
});

Deno.test("a rollback during a rollout says how the rollout goes on or ends", async () => {
  const to = (isLocal: boolean): Choice => ({ action: "rollback", to: 16, isLocal });
  const says = async (isLocal: boolean, ...states: readonly (string | null)[]) => {
    const sentence = await sentenceOf(to(isLocal), rolloutWith({ hosts: hostsOf(...states) }));
    return sentence.slice(sentence.indexOf(" The rollout") + 1);
  };
  const choose = "ends with that; to end only the rollout, choose the configuration before it.";
  assertEquals(await says(false, "healthy", null), `The rollout of dddddddd, which 1 host runs, ${choose}`);
  assertEquals(await says(false, "healthy", "baking"), `The rollout of dddddddd, which 2 hosts run, ${choose}`);
  assertEquals(await says(false, null), `The rollout of dddddddd, which no host runs yet, ${choose}`);
  assertEquals(await says(true, "healthy", null), "The rollout of dddddddd, which edge-1 leaves, waits for it then.");
  assertEquals((await says(true, null, "healthy")).includes("rollout"), false);
});

Deno.test("a rollback that leads nowhere says so", async () => {
  const to = (number: number): Choice => ({ action: "rollback", to: number, isLocal: false });
  assertEquals(await sentenceOf(to(9)), "No: There is no release 9 in the history of edge-1.");
  const configuration = "has the configuration that is in force as release 17";
  const active = { hash: "c".repeat(64), since: "2026-01-01T00:00:00.000Z" };
  assertEquals(await sentenceOf(to(17), {}, { active }), `No: Release 17 ${configuration}.`);
  const lost = "No: Nothing is in force: honua-configd rollback 17 --reason TEXT puts it in force again.";
  assertEquals(await sentenceOf(to(17)), lost);
  const same = [RELEASES[0]!, { ...RELEASES[1]!, hash: RELEASES[0]!.hash }];
  assertEquals(await sentenceOf(to(16), { releases: same }, { active }), `No: Release 16 ${configuration}.`);
  const skipped = [RELEASES[0]!, { ...RELEASES[1]!, isSkipped: true }];
  const forced = "No: Release 16 was rolled back itself: only a forced reload runs it.";
  assertEquals(await sentenceOf(to(16), { releases: skipped }), forced);
  assertEquals(
    await sentenceOf(to(16), { releases: RELEASES.slice(1) }),
    "No: No release is in force, so there is nothing to take back.",
  );
});

Deno.test("a rollback can lead to releases that were not taken back, of one configuration to the newest", () => {
  const [running, before, first] = [RELEASES[0]!, RELEASES[1]!, RELEASES[2]!];
  assertEquals(targetsOf(RELEASES).map((one) => one.number), [16, 15]);
  const again = { ...first, number: 14 };
  assertEquals(targetsOf([running, { ...before, isSkipped: true }, first, again]).map((one) => one.number), [15]);
});

function rolloutWith(given: Partial<RolloutView>): Pick<ActionState, "rollout"> {
  return { rollout: { ok: true, rollout: { ...ROLLOUT, hash: "d".repeat(64), base: "c".repeat(64), ...given } } };
}

function hostsOf(...states: readonly (string | null)[]): readonly RolloutHost[] {
  return states.map((state, rank) => ({
    instance: `edge-${rank + 1}`,
    rank,
    isLetIn: state !== null,
    runs: state === "behind" || state === null ? "stable" : "candidate",
    state,
    rejected: null,
    ownRejected: null,
    isHere: true,
    self: rank === 0,
  }));
}

Deno.test("the end of a rollout says how many hosts go back", async () => {
  const end: Choice = { action: "rollback", to: null, isLocal: false };
  const then = "and no host will run it until a person forces it.";
  assertEquals(
    await sentenceOf(end, rolloutWith({ hosts: hostsOf("healthy", "healthy", null) })),
    `The rollout of dddddddd ends: 2 of 3 hosts go back to cccccccc, ${then}`,
  );
  assertEquals(
    await sentenceOf(end, rolloutWith({ hosts: hostsOf("healthy", null) })),
    `The rollout of dddddddd ends: 1 of 2 hosts goes back to cccccccc, ${then}`,
  );
  assertEquals(
    await sentenceOf(end, rolloutWith({ hosts: hostsOf(null) })),
    `The rollout of dddddddd ends: no host runs it yet, ${then}`,
  );
  assertEquals(await sentenceOf(end, rolloutWith({ isUnderWay: false })), "No: No rollout is under way.");
  assertEquals(await sentenceOf(end), "No: No rollout is under way.");
  const unknown = { rollout: { ok: false, reason: "Redis is away" } } as const;
  assertEquals(await sentenceOf(end, unknown), "No: The rollout is not known now: Redis is away.");
});

Deno.test("a promotion says how many hosts run the change then, and which are not healthy yet", async () => {
  const next: Choice = { action: "promote", full: false };
  const steps = { steps: [1, 4, 10], step: 0 };
  const one = hostsOf("healthy", null, null);
  assertEquals(
    await sentenceOf(next, rolloutWith({ ...steps, hosts: one })),
    "4 of 10 hosts will run dddddddd at once, 3 more than now.",
  );
  const rejecting = (...ranks: readonly number[]) =>
    hostsOf("healthy", null, null, null, null, null, null).map((host, rank) => ({
      ...host,
      rejected: ranks.includes(rank) ? "no DATABASE_URL" : null,
    }));
  const fails =
    "rejected it: the rollout will fail there, and stop or be rolled back on all hosts, as its options say.";
  assertEquals(
    await sentenceOf(next, rolloutWith({ ...steps, hosts: rejecting(0, 2, 4) })),
    `4 of 10 hosts are to run dddddddd at once, 3 more than now. But 1 host of them (edge-3) ${fails}`,
  );
  assertEquals(
    await sentenceOf({ action: "promote", full: true }, rolloutWith({ ...steps, hosts: rejecting(1, 2, 3, 4) })),
    "All 10 hosts are to run dddddddd at once, 9 more than now. But 4 hosts of them (edge-2, edge-3, edge-4, …) " +
      fails,
  );
  assertEquals(
    await sentenceOf({ action: "promote", full: true }, rolloutWith({ ...steps, hosts: hostsOf("baking", "behind") })),
    "All 10 hosts will run dddddddd at once, 9 more than now, although 2 of those before are not healthy yet.",
  );
  assertEquals(
    await sentenceOf(next, rolloutWith({ ...steps, phase: "halted", hosts: hostsOf("healthy", "failed", null) })),
    "The rollout of dddddddd goes on without the 1 host that did not become healthy, and the hosts of the next step " +
      "are let in at once.",
  );
  const last = { steps: [1, 3], step: 1, hosts: hostsOf("healthy", "behind", "healthy") };
  assertEquals(
    await sentenceOf(next, rolloutWith({ ...last, phase: "admitting" })),
    "The rollout of dddddddd goes on: all 3 hosts are let in already.",
  );
  assertEquals(
    await sentenceOf(next, rolloutWith(last)),
    "No: All 3 hosts are let in already: the rollout is done when they have baked.",
  );
  assertEquals(
    await sentenceOf(next, rolloutWith({ ...steps, phase: "awaiting-approval" })),
    "No: The rollout of dddddddd waits for approvals, which no order replaces.",
  );
  assertEquals(await sentenceOf(next), "No: No rollout is under way.");
});

Deno.test("a reload, a hold and its end say which hosts they concern", async () => {
  const [reload, begin, end] = [{ action: "reload" }, { action: "hold" }, { action: "release-hold" }] as const;
  const file = "edge-1 reads /etc/honua/config.hcl again now";
  const stays = "without one everything stays as it is.";
  const takes = async (given: Partial<ActionState> = {}, status: Partial<Status> = {}) =>
    (await sentenceOf(reload, given, status)).replace(`${file}: a valid change `, "").replace(`; ${stays}`, "");
  assertEquals(await takes(), "comes into force here and is announced to the other 39 hosts");
  assertEquals(await takes({}, { mode: "alone" }), "comes into force here");
  const staged = { policy: { isStaged: true, approvals: 0 } };
  assertEquals(await takes(staged), "goes through this host and the other 39 hosts in the steps of a rollout");
  assertEquals(await takes({ ...staged, peers: hosts(1) }), "goes through the fleet in the steps of a rollout");
  assertEquals(await takes({ policy: { isStaged: true, approvals: 2 } }), "waits until it has 2 approvals");
  assertEquals(await takes(staged, { hold }), "waits until the hold by ben ends at 2026-01-02 12:30 UTC");
  assertEquals(
    await sentenceOf(reload, {}, { mode: "alone", source: null }),
    `edge-1 looks at the store again now: a valid change comes into force here; ${stays}`,
  );
  const back = { kind: "skipped", hash: "e".repeat(64), by: "ben", at: null, reason: "r", advice: "" } as const;
  assertEquals(
    await sentenceOf(reload, {}, {
      mode: "alone",
      held: { ...back, why: "It is not put in force: ben rolled it back" },
    }),
    `${file}, and the configuration there (eeeeeeee) stays out of force: It is not put in force: ben rolled it back. ` +
      "Another valid change comes into force here.",
  );
  const held = "No other configuration comes into force on edge-1 before the hold ends, except rollbacks " +
    "and forced reloads";
  assertEquals(await sentenceOf(begin), `${held}; the other 39 hosts go on without it.`);
  assertEquals(
    await sentenceOf(begin, {}, { mode: "alone", hold }),
    `${held}. It replaces the hold by ben until 2026-01-02 12:30 UTC.`,
  );
  assertEquals(await sentenceOf(end), "No: Nothing is held on edge-1.");
  const over = "The hold by ben until 2026-01-02 12:30 UTC ends:";
  assertEquals(
    await sentenceOf(end, {}, { hold }),
    `${over} no edit waits on edge-1, and the next one comes into force as usual.`,
  );
  const waiting = {
    kind: "frozen",
    hash: "e".repeat(64),
    by: null,
    at: null,
    reason: null,
    why: "",
    advice: "",
  } as const;
  assertEquals(
    await sentenceOf(end, {}, { hold, held: waiting }),
    `${over} the edit that waits (eeeeeeee) comes into force on edge-1 at once.`,
  );
});

Deno.test("the basis of a consequence changes with the state that its numbers are about", async () => {
  const basisOf = async (choice: Choice, given: Partial<ActionState> = {}, status: Partial<Status> = {}) =>
    consequenceOf(choice, await stateOf(given, status)).basis;
  const back: Choice = { action: "rollback", to: 15, isLocal: false };
  const newer = [
    releaseAnswer(18, "e", { isRunning: true }),
    { ...RELEASES[0]!, isRunning: false },
    ...RELEASES.slice(1),
  ];
  const during = rolloutWith({ steps: [1, 2, 3], hosts: hostsOf("healthy", null) });
  const bases = [await basisOf(back), await basisOf(back, { releases: newer }), await basisOf(back, during)];
  assertEquals(new Set(bases).size, 3);
  const rejected = hostsOf("healthy", null).map((host) => ({ ...host, rejected: "no" }));
  const end: Choice = { action: "rollback", to: null, isLocal: false };
  for (const choice of [{ action: "promote", full: true }, end] as const) {
    const after = rolloutWith({ steps: [1, 2, 3], hosts: rejected });
    assertEquals(new Set([await basisOf(choice, during), await basisOf(choice, after)]).size, 2);
  }
  const others = [{ hold: null }, { hold }, { hold: { ...hold, author: "anna" } }, { hold: { ...hold, until: "x" } }];
  for (const action of ["hold", "reload"] as const) {
    const found = await Promise.all(others.map((status) => basisOf({ action }, {}, status)));
    assertEquals(new Set(found).size, 4);
  }
  const held = { kind: "skipped", hash: "e", by: null, at: null, reason: null, why: "w", advice: "" } as const;
  assertNotEquals(await basisOf({ action: "reload" }, {}, { held }), await basisOf({ action: "reload" }));
  const promote: Choice = { action: "promote", full: false };
  const at = async (step: number) => await basisOf(promote, rolloutWith({ steps: [1, 2, 3], step, phase: "baking" }));
  assertEquals(new Set([await at(0), await at(1), await basisOf(promote)]).size, 3);
});
