// Clusters from seeds: after any events they agree again as far as their sources do. A failing seed is named together
// with the command that runs it again.
import { assert, assertEquals } from "@std/assert";
import { rolloutText } from "../../src/agreement/rollout.ts";
import { moveOf, rolloutOver } from "../support/move_of.ts";
import { announceTo, emptyRedis, loseWrites, moveIn, writtenOf } from "./redis_model.ts";
import { hashOf } from "./world.ts";
import { announcementOf } from "../support/announcement_of.ts";
import { countsText, sumOfCounts } from "./rollout_counts.ts";
import { type Run, simulate } from "./simulation.ts";

const FIRST_SEED = 201;
/** Every other fleet has rollouts. */
const SEEDS = 100;

Deno.test("100 clusters agree within a reconcile interval and the settle time after the last fault, and rest then", () => {
  const runs: Run[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) runs.push(simulate(seed));
  const sum = (of: (run: Run) => number) => runs.reduce((all, run) => all + of(run), 0);
  assert(sum(({ losses }) => losses) > SEEDS / 2, "the faults lose heads");
  assert(sum(({ restored }) => restored) > SEEDS / 5, "lost heads are written again");
  assert(sum(({ lies }) => lies) > SEEDS / 5, "liars answer in the place of Redis");
  assert(sum(({ announcements }) => announcements) > 2 * SEEDS, "there is something to agree on");
  assert(sum(({ orders }) => orders) > SEEDS / 4, "persons undo");
  assert(sum(({ undone }) => undone) > SEEDS / 10, "rollbacks are announced");
  assert(sum(({ automatic }) => automatic) > SEEDS / 10, "health checks undo");
  assert(sum(({ substituted }) => substituted) > SEEDS / 2, "releases run in place of a source");
  const counts = sumOfCounts(runs.map(({ rollouts }) => rollouts));
  console.log(`rollouts: ${countsText(counts)}`);
  for (const [name, count] of Object.entries(counts)) assert(count > 0, `no rollout is ${name} in ${SEEDS} clusters`);
  assert(counts.done > SEEDS / 2 && counts.admitted > counts.done, "rollouts let hosts in one step after the other");
});

Deno.test("a seed runs the same way again", () => {
  const [one, other]: string[][] = [[], []];
  simulate(FIRST_SEED, (line) => one!.push(line));
  simulate(FIRST_SEED, (line) => other!.push(line));
  assert(one!.length > 20);
  assertEquals(one, other);
});

Deno.test("the simulated Redis takes announcements based on its head, refuses others, and forgets on request", () => {
  const redis = emptyRedis();
  const announce = (hash: string, base: string | null, by = "x", floor = 0, force = false) => {
    const { kind, head } = announceTo(redis, announcementOf(hash, base, { floor, force }), by);
    return `${kind} ${head?.hash}@${head?.generation}`;
  };
  assertEquals(announce("a", null), "accepted a@1");
  assertEquals(announce("a", null, "y"), "same a@1");
  assertEquals(announce("b", "a"), "accepted b@2");
  assertEquals(announce("c", "a", "y"), "refused b@2");
  assertEquals(announce("c", "b", "x"), "accepted c@3");
  assertEquals(announce("d", null, "y", 0, true), "accepted d@4");
  loseWrites(redis, 2);
  assertEquals(redis.head, { hash: "b", generation: 2, by: "x", skips: [], rollout: null });
  assertEquals(announce("d", null, "y", 4), "accepted d@5");
  loseWrites(redis, Infinity);
  assertEquals([redis.head, redis.losses], [null, 2]);
});

Deno.test("the simulated Redis moves a rollout beside the head, and loses a move like a head", () => {
  const redis = emptyRedis();
  const [a, b] = [hashOf("a"), hashOf("b")];
  announceTo(redis, announcementOf(a), "x");
  const move = moveOf(redis.head!, null, rolloutOver(b, a), { since: 1 });
  assertEquals([moveIn(redis, move, 7), moveIn(redis, move, 8)], ["moved", "refused"]);
  assertEquals([redis.head!.hash, redis.head!.rollout], [a, writtenOf(rolloutText(move.to), 7)]);
  loseWrites(redis, 1);
  assertEquals([redis.head!.hash, redis.head!.rollout], [a, null]);
});
