// A server in the place of Redis that answers anything: possible heads, and texts that are no answer at all. It avoids
// one answer: that a hash which an instance runs is the head of a generation that is about to come. Nobody could tell
// that from an announcement of another instance.
import { MAX_GENERATION } from "../../src/agreement/head.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import { markOf, rankId, type Rollout, ROLLOUT_PHASES, rolloutText } from "../../src/agreement/rollout.ts";
import { skipsText } from "../../src/agreement/skip.ts";
import { skipOf } from "../support/announcement_of.ts";
import { rolloutOver } from "../support/move_of.ts";
import type { FleetMember } from "../../src/rollout/rollouts.ts";
import { chance, hashOf, type World } from "./world.ts";

const ID = "0123456789ab";

/** An answer to a reading of the head. */
export function lieOfHead(world: World): unknown {
  if (chance(world, 100)) return world.random.pick<unknown>([[], ["lost"], null, "OK", 7, ["head"], [[]]]);
  return ["head", ...headOf(world)];
}

/** An answer to an announcement; of most the rules could not come to it. */
export function lieOfAnnouncement(world: World, { hash }: Announcement): unknown {
  if (chance(world, 100)) return world.random.pick<unknown>([[], ["lost"], null, "OK", ["accepted"]]);
  const [generation, other, ...others] = headOf(world);
  const kind = world.random.pick(["accepted", "same", "refused", "lost", "head"]);
  const isFar = Number(generation) >= 2 ** 40;
  return [kind, generation, isFar && chance(world, 500) ? hash : other, ...others];
}

function headOf(world: World): unknown[] {
  const { random, redis } = world;
  const known = redis.head?.generation ?? 0;
  const near = [1, 1 + random.below(20), known, known + 1, known + 2, known + random.below(50)];
  const far = [2 ** 40, MAX_GENERATION - 1, MAX_GENERATION, MAX_GENERATION + 1, Number.MAX_SAFE_INTEGER, 0, -1];
  const generation = random.pick([...near, ...far]);
  const hash = hashOf(near.includes(generation) ? "f" : random.pick(["a", "b", "c", "d", "f"]));
  const wrong = random.pick([hash.toUpperCase(), hash.slice(1), `${hash}0`]);
  const skips = random.pick(["", "", "x", `${hash} {}`, skipsText([skipOf(hash)])]);
  const fields = [`${generation}`, chance(world, 100) ? wrong : hash, chance(world, 30) ? "h1" : ID, "0", 0, skips];
  return [...fields, ...rolloutOf(world)];
}

/** The mark of a rollout, its age and its text. */
function rolloutOf(world: World): readonly string[] {
  const { random } = world;
  const letter = () => random.pick(["a", "b", "c", "d", "f"]);
  const [hash, base] = [hashOf(letter()), hashOf(letter())];
  const text = hash === base ? "" : rolloutText(varied(world, rolloutOver(hash, base)));
  const mark = chance(world, 30) ? "x" : random.pick([markOf(text), markOf("x"), ""]);
  return mark === "" ? ["", "", ""] : [mark, chance(world, 30) ? "x" : random.pick(["0", "7000", ""]), text];
}

/** The rollout at any place. */
function varied({ random, setting, hosts }: World, rollout: Rollout): Rollout {
  if (setting.rollouts === null) return rollout;
  const order = hosts.map(({ name }) => rankId(rollout.hash, name)).sort();
  return {
    ...rollout,
    order,
    counts: [1, order.length],
    step: random.below(2),
    phase: random.pick(ROLLOUT_PHASES),
    bakeSeconds: random.below(60),
    deadlineSeconds: 1 + random.below(60),
  };
}

/** An answer to a move. */
export function lieOfMove(world: World): unknown {
  if (chance(world, 100)) return world.random.pick<unknown>([[], ["lost"], ["refused"], null, "OK", ["moved"]]);
  return [world.random.pick(["moved", "late", "refused", "accepted"]), ...headOf(world)];
}

/** An answer to a reading of the records. */
export function lieOfFleet(world: World): readonly FleetMember[] {
  const { hosts, random } = world;
  return hosts.filter(() => chance(world, 700)).map(({ name }) => ({
    instance: name,
    hash: hashOf(random.pick(["a", "b", "c", "f"])),
    state: random.pick(["healthy", "failed", null]),
    stages: chance(world, 900),
    canary: false,
  }));
}
