// `honua-configd reload --watch` with answers of a daemon that a test makes up.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { reload } from "../../src/cli/reload.ts";
import type { WatchPace } from "../../src/cli/rollout.ts";
import type { RolloutView } from "../../src/rollout/rollout_view.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, hashOf, json, keepingTerminal, ROLLOUT } from "./canned_daemon.ts";

const OLD = hashOf("a");
const NEW = hashOf("c");

function done(hash: string, standing = "agreed"): Response {
  return json({ status: "unchanged", instancesNotified: 0, hash, generation: 7, standing });
}

function held(awaitsRollout: boolean): Response {
  return json({ code: "admin/held", detail: "The source waits", hash: NEW, awaitsRollout }, 409);
}

function rolloutOf(given: Partial<RolloutView>): RolloutView {
  const base = { base: OLD, by: "edge-1", author: null, reason: null, at: "2026-01-31T12:00:00.000Z" };
  return { ...ROLLOUT, ...base, ageSeconds: 1, bakeSeconds: 1, deadlineSeconds: 9, hosts: [], waitsFor: [], ...given };
}

const IS_DONE = { isDone: true, isUnderWay: false };
const PACE: WatchPace = { pollMilliseconds: 1, silenceMilliseconds: 60_000, now: () => 0 };

/** Each request gets the next answer, and the last one for ever. */
async function watch(looks: (() => Response)[], rollouts: (RolloutView | null)[], pace: WatchPace = PACE) {
  const take = <T>(list: T[]) => list.length > 1 ? list.shift()! : list[0]!;
  const [left, rolls] = [[...looks], [...rollouts]];
  await using daemon = await cannedDaemon(({ method }) =>
    method === "POST" ? take(left)() : json({ rollout: take(rolls) })
  );
  const { terminal, out, error } = keepingTerminal();
  const address = { socket: daemon.at, optionsFile: null, url: null, tokenFile: null, caFile: null };
  const terms = { author: null, reason: null, confirmSeconds: null };
  const code = await reload(
    {
      address,
      format: "text",
      notify: true,
      force: false,
      now: false,
      emergency: false,
      ifMatch: "*",
      ...terms,
      watch: { limitMilliseconds: null },
    },
    terminal,
    pace,
  );
  return { code, out: out.join(""), error: error.join(""), asked: daemon.asked };
}

Deno.test("an edit is followed from before its rollout, past the one before it, to its end", async () => {
  const before = rolloutOf({ hash: OLD, ...IS_DONE });
  const looks = [() => held(true), () => held(true), () => done(NEW, "held")];
  const { code, out, error, asked } = await watch(looks, [before, before, rolloutOf({}), rolloutOf(IS_DONE)]);
  assertEquals([code, error], [0, ""]);
  assertStringIncludes(out, "cccccccc: done, all hosts are let in\n");
  assertEquals(out.includes("aaaaaaaa"), false);
  const posts = asked.filter(({ what }) => what.startsWith("POST"));
  const wishes = posts.map(({ headers, body }) => [headers.get("if-match"), JSON.parse(body).notifyOtherInstances]);
  assertEquals(wishes, [["*", true], [null, false], [null, false]]);
});

Deno.test("an edit whose rollout ended before is awaited, and one that is held otherwise ends with 1", async () => {
  const ended = rolloutOf({ phase: "withdrawn", isUnderWay: false });
  const again = await watch([() => held(true)], [ended, rolloutOf({ phase: "halted" })]);
  assertEquals(again.code, 1);
  assertStringIncludes(again.out, "halted");
  const kept = await watch([() => held(false)], [rolloutOf({})]);
  assertEquals([kept.code, kept.out, kept.asked.length], [1, "", 1]);
  assertStringIncludes(kept.error, "Held: The source waits");
});

Deno.test("a source in force ends with 0 only if the fleet has agreed on it and nothing else is on its way", async () => {
  const last = rolloutOf({ hash: OLD, ...IS_DONE });
  assertEquals((await watch([() => done(OLD)], [last])).code, 0);
  assertEquals((await watch([() => done(OLD, "unknown")], [null])).code, 0);
  assertEquals((await watch([() => done(NEW, "settling"), () => done(NEW)], [last])).code, 0);
  for (const standing of ["diverged", "held"]) assertEquals((await watch([() => done(NEW, standing)], [last])).code, 1);
  // An edit back withdraws the rollout a moment later.
  const withdrawn = rolloutOf({ phase: "withdrawn", isUnderWay: false });
  assertEquals((await watch([() => done(OLD)], [rolloutOf({}), withdrawn])).code, 0);
});

Deno.test("a watched reload gives up on a rollout that does not begin, or is that of another source", async () => {
  let now = 0;
  const pace = { ...PACE, silenceMilliseconds: 500, now: () => now += 100 };
  const never = await watch([() => held(true)], [null], pace);
  assertEquals(never.code, 3);
  assertStringIncludes(never.error, "Held: The source waits");
  const other = await watch([() => done(OLD)], [rolloutOf({})], pace);
  assertEquals(other.code, 1);
  assertStringIncludes(other.error, "A rollout of cccccccc, another configuration, is under way\n");
});

Deno.test("a rollout that is not known ends a watched reload with 3, and flags without steps are wrong usage", async () => {
  await using daemon = await cannedDaemon(({ method }) =>
    method === "POST" ? done(OLD) : json({ detail: "away" }, 503)
  );
  const { code, error } = await runRecorded(["reload", "--watch", ...daemon.flags]);
  assertEquals(code, 3);
  assertStringIncludes(error, "away");
  for (const flag of [["--force"], ["--now"], ["--confirm", "10m"]]) {
    assertEquals((await runRecorded(["reload", "--watch", "--reason", "x", ...flag, ...daemon.flags])).code, 2);
  }
});
