// `honua-configd rollout`, `promote` and `pause`.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RolloutHost, RolloutView } from "../../src/rollout/rollout_view.ts";
import { rollout, type WatchPace } from "../../src/cli/rollout.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, daysAgo, hashOf, json, keepingTerminal } from "./canned_daemon.ts";

function host(instance: string, given: Partial<RolloutHost> = {}): RolloutHost {
  const runs = { runs: "stable", state: "healthy", rejected: null, ownRejected: null } as const;
  return { instance, rank: 0, isLetIn: false, ...runs, isHere: true, self: false, ...given };
}

function rolloutWith(given: Partial<RolloutView> = {}): RolloutView {
  return {
    hash: hashOf("c"),
    base: hashOf("a"),
    by: "edge-1",
    author: "anna",
    reason: "new tiles",
    at: daysAgo(3),
    phase: "baking",
    step: 1,
    steps: [1, 3, 10],
    why: null,
    ageSeconds: 12,
    bakeSeconds: 60,
    deadlineSeconds: 600,
    isUnderWay: true,
    isVoid: false,
    isDone: false,
    hosts: [
      host("edge-3", { isLetIn: true, runs: "candidate", self: true }),
      host("edge-1", { rank: 1, isLetIn: true, runs: null, state: null, rejected: "no such variable\x1b" }),
      host("0f0f0f0f0f0f", { rank: 2, isHere: false, runs: null, state: null }),
      host("edge-9", { rank: null }),
    ],
    waitsFor: ["edge-1, which rejected it", "the end of the bake"],
    ...given,
  };
}

async function ask(given: Partial<RolloutView> | null, args: readonly string[] = []) {
  await using daemon = await cannedDaemon(() => json({ rollout: given === null ? null : rolloutWith(given) }));
  return await runRecorded(["rollout", ...args, ...daemon.flags]);
}

Deno.test("a rollout is a line for its progress, its waits, and its hosts by their places", async () => {
  const { code, out, error } = await ask({});
  assertEquals([code, error], [0, ""]);
  assertEquals(out.split("\n"), [
    "Rollout of cccccccc: step 2 of 3, 3 of 10 hosts let in, baking",
    "Proposed by  anna on edge-1, 3 d ago: new tiles",
    "In place of  aaaaaaaa",
    "Steps        1, 3, 10 hosts",
    "Last move    12 s ago, bakes for 48 s more",
    "Waits for    edge-1, which rejected it",
    "             the end of the bake",
    "",
    "   HOST          PLACE  LET IN  RUNS       STATE    NOTE",
    "*  edge-3        1      yes     candidate  healthy",
    "   edge-1        2      yes     -          -        rejected it: no such variable␛",
    "   0f0f0f0f0f0f  3      no      -          -        has no record now: it is away, and this is its id",
    "   edge-9        -      no      stable     healthy  came later: it follows when the rollout is done",
    "",
  ]);
  assertEquals((await ask(null)).out, "No rollout\n");
});

Deno.test("a deadline is shown while hosts are admitted, and of a large fleet only those that matter", async () => {
  const hosts = Array.from({ length: 100 }, (_, rank) => host(`edge-${rank}`, { rank, self: rank === 99 }));
  const { out } = await ask({ phase: "admitting", hosts });
  assertStringIncludes(out, "Last move    12 s ago, is halted in 9 min if its hosts are not healthy\n");
  const approval = await ask({ phase: "awaiting-approval", ageSeconds: 5_000 });
  assertStringIncludes(approval.out, "Last move    1 h ago\n");
  assertStringIncludes(out, "edge-19 ");
  assert(!out.includes("edge-20 "));
  assertStringIncludes(out, "*  edge-99");
  assert(out.endsWith("and 79 more that are not let in\n"));
});

const ENDS: [string, Partial<RolloutView>, number, string][] = [
  ["admitting", { phase: "admitting" }, 0, "step 2 of 3, 3 of 10 hosts let in, admitting"],
  ["one host", { phase: "admitting", step: 0, steps: [1] }, 0, "step 1 of 1, 1 of 1 host let in, admitting"],
  [
    "unapproved",
    { phase: "awaiting-approval", step: 0 },
    0,
    "waits for approvals before the first of 10 hosts is let in",
  ],
  ["paused", { phase: "paused", why: "anna: a look" }, 1, "step 2 of 3, 3 of 10 hosts let in, paused: anna: a look"],
  ["halted", { phase: "halted", why: "edge-1" }, 1, "step 2 of 3, 3 of 10 hosts let in, halted: edge-1"],
  ["rolled back", { phase: "rolled-back", why: "edge-1", isUnderWay: false }, 1, "rolled back: edge-1"],
  ["skipped", { phase: "baking", isUnderWay: false }, 1, "rolled back"],
  ["withdrawn", { phase: "withdrawn", why: "edited back", isUnderWay: false }, 0, "withdrawn: edited back"],
  ["done", { isDone: true, isUnderWay: false, hosts: [host("edge-1")] }, 0, "done, all hosts are let in"],
  [
    "done, with a late host",
    { isDone: true, isUnderWay: false },
    0,
    "done, 10 of 11 hosts let in, still to follow: edge-9",
  ],
  ["void", { isVoid: true, isUnderWay: false }, 0, "over, because another configuration came into force meanwhile"],
  ["void, halted before", { phase: "halted", isVoid: true, isUnderWay: false }, 0, "over, because"],
];

for (const [what, given, ends, says] of ENDS) {
  Deno.test(`a rollout that is ${what} ends with ${ends}`, async () => {
    const { code, out } = await ask(given);
    assertEquals(code, ends);
    assertStringIncludes(out.split("\n")[0]!, `Rollout of cccccccc: ${says}`);
    const asJson = await ask(given, ["--format", "json"]);
    assertEquals([asJson.code, JSON.parse(asJson.out).rollout.hash], [ends, hashOf("c")]);
  });
}

Deno.test("a rollout that is not known, and an invalid answer, end with 3", async () => {
  for (const answer of [() => json({ detail: "Redis is away" }, 503), () => json({ rollout: { hash: 1 } })]) {
    await using daemon = await cannedDaemon(answer);
    const { code, out, error } = await runRecorded(["rollout", ...daemon.flags]);
    assertEquals([code, out, error === ""], [3, "", false]);
  }
});

const PACE: WatchPace = { pollMilliseconds: 1, silenceMilliseconds: 10_000, now: () => Date.UTC(2026, 0, 31, 12) };

/** Follows a rollout that is another one each time, the last one for ever. */
async function watch(
  answers: readonly (Partial<RolloutView> | null | number)[],
  { pace = PACE, format = "text", watchMilliseconds = 1_000 }: {
    pace?: WatchPace;
    format?: "text" | "json";
    watchMilliseconds?: number;
  } = {},
) {
  let asked = 0;
  await using daemon = await cannedDaemon(() => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    if (typeof answer === "number") return json({ detail: "Redis is away" }, answer);
    return json({ rollout: answer === null ? null : rolloutWith({ waitsFor: [], ...answer }) });
  });
  const { terminal, out, error } = keepingTerminal();
  const address = { socket: daemon.at, optionsFile: null, url: null, tokenFile: null, caFile: null };
  const code = await rollout({ address, format, watchMilliseconds }, terminal, pace);
  return { code, out, error, asked };
}

const AT = "2026-01-31T12:00:00.000Z Rollout of cccccccc:";

Deno.test("a rollout is followed with one line for each change until it is done", async () => {
  const admitting = { phase: "admitting", step: 0, waitsFor: ["edge-3", "edge-1"] } as const;
  const { code, out, error, asked } = await watch([
    admitting,
    { ...admitting, ageSeconds: 13 },
    { ...admitting, waitsFor: ["edge-1"] },
    503,
    { phase: "baking", step: 2 },
    { phase: "baking", step: 2, ageSeconds: 40 },
    { phase: "baking", step: 2, isDone: true, isUnderWay: false },
  ]);
  assertEquals([code, error, asked], [0, [], 7]);
  assertEquals(out, [
    `${AT} step 1 of 3, 1 of 10 hosts let in, admitting; waits for edge-3, and 1 more\n`,
    `${AT} step 1 of 3, 1 of 10 hosts let in, admitting; waits for edge-1\n`,
    `${AT} step 3 of 3, 10 of 10 hosts let in, baking\n`,
    `${AT} done, 10 of 11 hosts let in, still to follow: edge-9\n`,
  ]);
});

Deno.test("a rollout is followed no further if it waits for a person, was rolled back, or is gone", async () => {
  const halted = await watch([{}, { phase: "halted", why: "edge-1" }]);
  assertEquals([halted.code, halted.out.length], [1, 2]);
  const back = await watch([{}, { phase: "rolled-back", isUnderWay: false }], { format: "json" });
  assertEquals([back.code, back.out.map((line) => JSON.parse(line).rollout.phase)], [1, ["baking", "rolled-back"]]);
  const gone = await watch([{}, null]);
  assertEquals([gone.code, gone.error], [3, ["The rollout of cccccccc is not in the store any more\n"]]);
  const none = await watch([null]);
  assertEquals([none.code, none.out], [0, ["2026-01-31T12:00:00.000Z No rollout\n"]]);
});

Deno.test("a watch ends at its limit, at a silence that lasts, and at an invalid first answer", async () => {
  const clock = () => {
    let now = 0;
    return () => now += 100;
  };
  const limited = await watch([{}], { pace: { ...PACE, now: clock() }, watchMilliseconds: 1_000 });
  assertEquals([limited.code, limited.out.length, limited.error], [3, 1, ["The rollout is still under way\n"]]);
  const silent = await watch([{}, 503], {
    pace: { ...PACE, now: clock(), silenceMilliseconds: 500 },
    watchMilliseconds: 1e6,
  });
  assertEquals([silent.code, silent.out.length], [3, 1]);
  assertStringIncludes(silent.error.join(""), "Redis is away");
  assertEquals([(await watch([503])).asked, (await watch([{}, 401])).code], [1, 3]);
});

Deno.test("a rollout is promoted and paused in the person's name, and shown as it is then", async () => {
  await using daemon = await cannedDaemon(() =>
    json({ status: "promoted", rollout: rolloutWith({ phase: "paused" }) })
  );
  const run = async (...args: string[]) =>
    await runRecorded([...args, ...daemon.flags], { environment: { USER: "anna" } });
  const line = "Rollout of cccccccc: step 2 of 3, 3 of 10 hosts let in, paused\n";
  assertEquals((await run("promote", "--reason", "fine")).out, `Promoted. ${line}`);
  await run("promote", "--full", "--reason", "urgent", "--author", "bob");
  assertEquals((await run("pause", "--reason", "a look")).out, `Paused. ${line}`);
  assertEquals(JSON.parse((await run("pause", "--reason", "a look", "--format", "json")).out).status, "promoted");
  assertEquals(daemon.asked.slice(0, 3).map(({ what, body }) => [what, JSON.parse(body)]), [
    ["POST /admin/rollout/promote", { full: false, reason: "fine", author: "anna" }],
    ["POST /admin/rollout/promote", { full: true, reason: "urgent", author: "bob" }],
    ["POST /admin/rollout/pause", { reason: "a look", author: "anna" }],
  ]);
  for (
    const args of [["promote"], ["pause"], ["rollout", "--watch", "--timeout", "8d"], ["rollout", "--timeout", "x"]]
  ) {
    assertEquals((await run(...args)).code, 2, args.join(" "));
  }
});

Deno.test("an order about the rollout that the daemon refuses ends with 1, one that fails with 3", async () => {
  for (const [status, ends] of [[409, 1], [503, 3]] as const) {
    await using daemon = await cannedDaemon(() => json({ detail: "No rollout is under way" }, status));
    const { code, error } = await runRecorded(["promote", "--reason", "x", ...daemon.flags]);
    assertEquals(code, ends);
    assertStringIncludes(error, "Not promoted: ");
    assertStringIncludes(error, "No rollout is under way");
  }
});

Deno.test("a rollback without a number ends the rollout that is under way, and another one does not", async () => {
  const done = { from: 42, to: 41, release: 43, hash: hashOf("a"), instancesNotified: 2, notNotified: null };
  const run = async (given: Partial<RolloutView> | null | number, ...args: string[]) => {
    await using daemon = await cannedDaemon(({ method, url }) => {
      const { pathname } = new URL(url);
      const view = typeof given === "number" || given === null ? null : rolloutWith(given);
      if (pathname === "/admin/rollout/abort") {
        return json({ rollout: { ...view, phase: "rolled-back", isUnderWay: false } });
      }
      if (method === "POST") return json(done);
      if (pathname !== "/admin/rollout") return json({ source: "/c.hcl" });
      return typeof given === "number" ? json({ detail: "Redis is away" }, given) : json({ rollout: view });
    });
    const { code, out, error } = await runRecorded(["rollback", "--reason", "x", ...args, ...daemon.flags]);
    assertEquals(code, 0);
    const orders = daemon.asked.filter(({ what }) => what.startsWith("POST")).map(({ what }) => what);
    return { orders, out, error };
  };
  const ended = await run({ why: "anna: x" });
  assertEquals(ended.orders, ["POST /admin/rollout/abort"]);
  assertEquals(ended.out, "Ended. Rollout of cccccccc: rolled back: anna: x\n");
  const ordinary = ["POST /admin/rollback"];
  assertEquals((await run({}, "41")).orders, ordinary);
  assertEquals((await run({}, "--local")).orders, ordinary);
  assertEquals((await run({ isDone: true, isUnderWay: false })).orders, ordinary);
  assertEquals((await run(null)).orders, ordinary);
  // A daemon that knows no rollouts; and Redis that is away, which must not keep a person from the way back.
  const [old, away] = [await run(404), await run(503)];
  assertEquals([old.orders, old.error, away.orders], [ordinary, "", ordinary]);
  assertStringIncludes(away.error, "Whether a rollout is under way is not known: ");
});
