// The events of a fleet whose changes go in steps: good changes, contents that only some hosts cannot run, persons that
// go on, pause, end and overrule, sources that cannot be read, hosts that leave permanently; and the end of all these.
import { hintHost, rollOutOn, tellHost } from "./host.ts";
import { publish as publishHeard } from "./network.ts";
import { MAX_ROLLOUT_BYTES } from "../../src/agreement/rollout.ts";
import { startRedis, stopRedis } from "./redis_faults.ts";
import { writtenOf } from "./redis_model.ts";
import { chance, clockOf, edit, hashOf, type Host, type World } from "./world.ts";

/** The possible events, the frequent ones more than once. */
export const ROLLOUT_FAULTS: readonly ((world: World) => void)[] = [
  editGood,
  editGood,
  editGood,
  editWithoutRedis,
  wait,
  wait,
  publish,
  sicken,
  reject,
  promote,
  promote,
  pause,
  abort,
  takeUpNow,
  approve,
  approve,
  approve,
  loseSource,
  loseSource,
  leave,
  writeGarbage,
];

function someHost(world: World): Host | null {
  const running = world.hosts.filter(({ life, stages }) => life !== null && stages && !life.state.stopping);
  return running.length === 0 ? null : world.random.pick(running);
}

/** A content that no world had before. */
function freshContent({ time }: World): string {
  return `e${Math.round(time.now())}`;
}

/** All copies change, some of them late. */
function editGood(world: World): void {
  const content = chance(world, 700) ? freshContent(world) : world.random.pick(["a", "b", "c", "d"]);
  const sources = new Set(world.hosts.map(({ source }) => source));
  for (const source of sources) {
    if (sources.size > 1 && chance(world, 100)) continue;
    world.time.after(sources.size === 1 ? 0 : world.random.below(20_000), () => {
      if (!world.faulty) return;
      edit(world, source, content, "a copy");
      for (const host of world.hosts) {
        if (host.source === source && host.watches) hintHost(world, host, "file");
      }
    });
  }
}

/** Redis is away while a change is made, and comes back with nothing. */
function editWithoutRedis(world: World): void {
  if (!world.redisUp) return;
  stopRedis(world);
  editGood(world);
  world.time.after(world.random.below(20_000), () => {
    if (!world.redisUp) startRedis(world, Infinity);
  });
}

/** Long enough for a step. */
function wait(world: World): void {
  world.time.runUntil(world.time.now() + world.random.below(60_000));
}

function publish(world: World): void {
  const host = someHost(world);
  if (host === null || !host.life!.linked || world.lying || !world.redisUp) return;
  const content = freshContent(world);
  world.redis.sources.set(hashOf(content), content);
  world.trace(`${content} is published on ${host.name}`);
  const published = { hash: hashOf(content), terms: { author: "ada", reason: "new" } };
  rollOutOn(world, host, { kind: "published", published });
}

/** The hash on its way, or any other. */
function aimedAt(world: World): string {
  const { redis, random } = world;
  const candidate = redis.head?.rollout?.meant ?? null;
  if (candidate !== null && chance(world, 700)) return redis.sources.get(candidate.hash) ?? "a";
  return random.pick(["a", "b", "c", "d"]);
}

function sicken(world: World): void {
  const host = world.random.pick(world.hosts);
  const content = aimedAt(world);
  host.sick.add(content);
  world.trace(`the server of ${host.name} does not work with ${content}`);
}

function reject(world: World): void {
  const host = world.random.pick(world.hosts);
  const content = aimedAt(world);
  host.rejects.add(content);
  world.trace(`${content} does not validate on ${host.name}`);
}

function promote(world: World): void {
  const host = someHost(world);
  if (host === null) return;
  world.trace(`a person goes on, on ${host.name}`);
  const order = { kind: "promote", full: chance(world, 200), author: "ada", reason: "go" } as const;
  rollOutOn(world, host, { kind: "rollout-ordered", order });
}

function pause(world: World): void {
  const host = someHost(world);
  if (host === null || !chance(world, 500)) return;
  rollOutOn(world, host, { kind: "rollout-ordered", order: { kind: "pause", author: "ada", reason: "wait" } });
}

function abort(world: World): void {
  const host = someHost(world);
  if (host === null || !chance(world, 500)) return;
  const order = { kind: "abort", author: "ada", reason: "no", at: clockOf(world, host) } as const;
  rollOutOn(world, host, { kind: "rollout-ordered", order });
}

function takeUpNow(world: World): void {
  const host = someHost(world);
  if (host === null || !chance(world, 500)) return;
  world.trace(`${host.name} takes its source up now`);
  hintHost(world, host, chance(world, 300) ? "emergency" : "now");
}

function loseSource(world: World): void {
  const host = world.random.pick(world.hosts);
  host.isUnread = !host.isUnread;
  world.trace(`the source of ${host.name} can ${host.isUnread ? "not " : ""}be read`);
}

/** Most often the hash on its way. Hosts hear of it like of a move. */
function approve(world: World): void {
  const content = aimedAt(world);
  if (world.setting.rollouts?.needsApproval !== true || world.approved.has(hashOf(content))) return;
  world.approved.add(hashOf(content));
  world.trace(`${content} is approved`);
  publishHeard(world, tellHost(world));
}

/** Two hosts stay, the first among them, which has a source. */
function leave(world: World): void {
  const host = world.random.pick(world.hosts);
  const staying = world.hosts.filter(({ hasLeft }) => !hasLeft);
  if (host === world.hosts[0] || host.hasLeft || staying.length <= 2 || !chance(world, 300)) return;
  host.hasLeft = true;
  world.trace(`${host.name} leaves permanently`);
  if (host.life === null) return;
  host.life.ended = "crashed";
  host.life = null;
}

/** Another client writes to the key of the rollout. */
function writeGarbage({ redis, random, time, trace }: World): void {
  if (redis.head === null || random.below(4) > 0) return;
  redis.past.push(redis.head);
  const text = random.pick(["{}", "null", "x".repeat(MAX_ROLLOUT_BYTES + 1)]);
  redis.head = { ...redis.head, rollout: writtenOf(text, time.now()) };
  trace("the rollout is garbage");
}

/** Contents that a host cannot run stay unchanged: its server is asked, and its config validated, as before. */
export function endRolloutFaults(world: World): void {
  for (const host of world.hosts) {
    host.sick.clear();
    host.isUnread = false;
  }
}
