import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rolloutSteps } from "../../../src/admin/ui/rollout_steps.ts";
import type { RolloutHost, RolloutView } from "../../../src/rollout/rollout_view.ts";
import { ROLLOUT } from "../fake_daemon_api.ts";

function host(instance: string, given: Partial<RolloutHost> = {}): RolloutHost {
  const runs = { runs: "stable", state: "healthy", rejected: null, ownRejected: null } as const;
  return { instance, rank: 0, isLetIn: false, ...runs, isHere: true, self: false, ...given };
}

function shown(given: Partial<RolloutView> | null): string {
  return String(rolloutSteps({ ok: true, rollout: given === null ? null : { ...ROLLOUT, ...given } }));
}

/** The lines that a reader sees. */
function linesOf(markup: string): string[] {
  const text = markup.replaceAll(/<\/(?:h2|li|p|summary)>/g, "\u0000").replaceAll(/<[^>]*>/g, "");
  return text.replaceAll(/[ \n]+/g, " ").split("\u0000").map((line) => line.trim()).filter((line) => line !== "");
}

const HOSTS = [
  host("edge-3", { isLetIn: true, runs: "candidate", self: true }),
  host("edge-1", { rank: 1, isLetIn: true, runs: null, state: null, rejected: "no such variable" }),
  host("0f0f0f0f0f0f", { rank: 2, isHere: false, runs: null, state: null }),
  host("edge-9", { rank: null }),
];

Deno.test("a rollout under way is a line of steps, with its hosts by step and its waits", () => {
  const page = shown({
    step: 1,
    steps: [1, 3, 10],
    by: "edge-1",
    reason: "new tiles",
    hosts: HOSTS,
    waitsFor: ["edge-1, which rejected it", "the end of the bake"],
  });
  assertEquals(linesOf(page), [
    "Rollout of c3 in place of a1",
    "step 2 of 3, 3 of 10 hosts let in, baking. Waits for edge-1, which rejected it; the end of the bake",
    "1 host (10 %) passed, 1 runs it",
    "3 hosts (30 %) now, 1 runs it",
    "all 10 hosts to come",
    "Proposed by anna on edge-1, 2026-01-01 00:00:00 UTC: new tiles. Last move 12 s ago, bakes for 48 s more.",
    "Hosts: 1 of 4 run it",
    "Step 1: 1 of 1 run it",
    "edge-3 (this host): runs it, healthy",
    "Step 2: 0 of 2 run it",
    "edge-1: not known to run anything, rejected it: no such variable",
    "0f0f0f0f0f0f: not known to run anything, has no record now: it is away, and this is its id",
    "Came later: 0 of 1 run it",
    "edge-9: runs the configuration before it, healthy, came later: it follows when the rollout is done",
  ]);
  assertEquals(page.match(/aria-current="step"/g)?.length, 1);
  assert(page.indexOf('aria-current="step"') > page.indexOf("1 host (10 %)"));
  assert(page.indexOf('aria-current="step"') < page.indexOf("3 hosts (30 %)"));
});

Deno.test("a host that a person went on without is not said to have come later", () => {
  const lines = linesOf(shown({ hosts: [...HOSTS, host("edge-8", { rank: null, isLeftOut: true })] }));
  assertEquals(lines.slice(-4), [
    "Left out: 0 of 1 run it",
    "edge-8: runs the configuration before it, healthy, was left out when a person went on: it follows when the " +
    "rollout is done",
    "Came later: 0 of 1 run it",
    "edge-9: runs the configuration before it, healthy, came later: it follows when the rollout is done",
  ]);
});

Deno.test("of many waits three are on the line, and all in the fold", () => {
  const waitsFor = ["a", "b", "c", "d", "e"];
  const [, line, , , , , ...fold] = linesOf(shown({ hosts: HOSTS, waitsFor }));
  assertEquals(line, "step 1 of 2, 1 of 3 hosts let in, baking. Waits for a; b; c; and 2 more");
  assertEquals(fold.slice(0, 6), ["Waits for", ...waitsFor]);
  assertEquals(linesOf(shown({ hosts: HOSTS, waitsFor: ["a", "b", "c"] })).filter((one) => one === "a"), []);
});

Deno.test("of the hosts of a step 200 are named, and a line says how many more there are", () => {
  const hosts = (count: number) => Array.from({ length: count }, (_, rank) => host(`edge-${rank}`, { rank }));
  const large = shown({ steps: [1, 203], hosts: hosts(203) });
  assertStringIncludes(large, "Step 2: 0 of 202 run it");
  assertStringIncludes(large, "edge-200:");
  assert(!large.includes("edge-201:"));
  assertStringIncludes(large, "and 2 more: ");
});

const STATES: [Partial<RolloutView>, string, string][] = [
  [{ phase: "admitting" }, "warn", "step 1 of 2, 1 of 3 hosts let in, admitting"],
  [{ phase: "awaiting-approval" }, "warn", "waits for approvals before the first of 3 hosts is let in"],
  [{ phase: "paused", why: "anna: a look" }, "bad", "step 1 of 2, 1 of 3 hosts let in, paused: anna: a look"],
  [{ phase: "rolled-back", why: "edge-1", isUnderWay: false }, "bad", "rolled back: edge-1"],
  [{ isDone: true, isUnderWay: false }, "good", "done, all hosts are let in"],
  [{ isVoid: true, isUnderWay: false }, "muted", "over, because another configuration came into force meanwhile"],
];

for (const [given, tone, text] of STATES) {
  Deno.test(`a rollout that is ${text} says so in words beside the colour`, () => {
    const page = shown(given);
    assertStringIncludes(page, `<span class="${tone}">${text}</span>`);
    assertEquals(page.includes("<ol"), ["warn"].includes(tone) || given.phase === "paused");
  });
}

Deno.test("no rollout is an empty place, and one that is not known says why", () => {
  assertEquals(linesOf(shown(null)), []);
  const unknown = String(rolloutSteps({ ok: false, reason: "Redis cannot be reached <b>" }));
  assertEquals(linesOf(unknown), ["The rollout is not known: Redis cannot be reached &lt;b&gt;"]);
});

Deno.test("no text of a rollout or of a host is markup", () => {
  const attack = `<img src=x onerror=x>"'>`;
  const texts = { hash: attack, base: attack, by: attack, author: attack, reason: attack, at: attack, why: attack };
  const hosts = [host(attack, { state: attack, rejected: attack })];
  for (const given of [{}, { phase: "rolled-back" as const }, { phase: "halted" as const }]) {
    const page = shown({ ...texts, hosts, waitsFor: [attack], ...given });
    assert(!page.includes("<img") && !page.includes(`"'>`));
  }
});
