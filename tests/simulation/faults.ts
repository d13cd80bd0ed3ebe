// The faults of a cluster: edits, some of them bad, crashes, partitions, a Redis that restarts and loses writes; and
// the end of all faults.
import { crashHost, hintHost, startHost, stopHost } from "./host.ts";
import type { HintReason } from "../../src/reload/state.ts";
import { changeLink, type Tell, text } from "./network.ts";
import { startRedis, stopRedis } from "./redis_faults.ts";
import { loseWrites } from "./redis_model.ts";
import { tellHost } from "./host.ts";
import { endOrders, OPERATIONS } from "./operations.ts";
import { endRolloutFaults, ROLLOUT_FAULTS } from "./rollout_faults.ts";
import { chance, type Content, edit, type Host, type Source, type World } from "./world.ts";

type Fault = (world: World) => void;

/** The possible events, the frequent ones more than once. */
const FAULTS: readonly Fault[] = [
  editSource,
  editSource,
  editSource,
  rollOut,
  changeEnvironment,
  hintSomebody,
  hintSomebody,
  cutSome,
  joinSome,
  joinSome,
  crashSome,
  crashSome,
  stopSome,
  startSome,
  startSome,
  startSome,
  changeLag,
  flipRedis,
  flipRedis,
  flush,
  force,
  lie,
];

/** Lets things happen for a minute to five. */
export function haveFaults(world: World): void {
  const { random, time } = world;
  const end = 60_000 + random.below(240_000);
  for (const host of world.hosts) {
    if (!chance(world, 200)) time.after(random.below(5_000), () => startHost(world, host));
  }
  while (time.now() < end) {
    const calm = chance(world, 100)
      ? 40_000
      : chance(world, 500)
      ? 300
      : world.setting.rollouts === null
      ? 4_000
      : 12_000;
    time.runUntil(time.now() + random.below(calm));
    random.pick(kindsOf(world))(world);
  }
}

function kindsOf(world: World): readonly Fault[] {
  const { setting: { operators, rollouts } } = world;
  if (operators && chance(world, 400)) return OPERATIONS;
  return rollouts !== null && chance(world, 400) ? ROLLOUT_FAULTS : FAULTS;
}

/** All that runs runs, all links are up, nothing is late or lost any more, and nobody edits. */
export function endFaults(world: World, tell: Tell): void {
  const { time, hosts, setting } = world;
  if (!setting.shared && chance(world, 500)) {
    const content = contentOf(world);
    for (const { name, source } of hosts) edit(world, source, content, `the copy of ${name}`);
  }
  world.faulty = false;
  world.sick.clear();
  if (setting.rollouts !== null) endRolloutFaults(world);
  // All run by then.
  time.after(2_000, () => endOrders(world));
  world.lying = false;
  world.redisUp = true;
  for (const host of hosts) {
    host.cut = false;
    host.changedAt = time.now();
    if (host.hasLeft) continue;
    if (host.life === null) time.after(world.random.below(1_000), () => startHost(world, host));
    else if (host.life.state.stopping) startAgain(world, host, 1_500);
    changeLink(world, host, tell);
  }
}

/** Starts a host that stops, which waits for the request that is under way. */
function startAgain(world: World, host: Host, milliseconds: number): void {
  world.time.after(milliseconds, () => {
    if (host.life?.state.stopping === true) startAgain(world, host, 500);
    else startHost(world, host);
  });
}

/** A content that there could be. */
export function contentOf(world: World): Content {
  if (chance(world, 100)) return null;
  if (chance(world, 200)) return `e${Math.round(world.time.now())}`;
  return world.random.pick(["a", "b", "c", "d"]);
}

/** A host with the source may see the edit by its file system, and sees it by its poll. */
export function change(world: World, source: Source, content: Content, what: string): void {
  edit(world, source, content, what);
  for (const host of world.hosts) {
    if (host.source !== source || !host.watches || chance(world, 300)) continue;
    world.time.after(host.lag + world.random.below(300), () => hintHost(world, host, "file"));
  }
}

function editSource(world: World): void {
  const host = world.random.pick(world.hosts);
  change(world, host.source, contentOf(world), world.setting.shared ? "the source" : `the copy of ${host.name}`);
}

function rollOut(world: World): void {
  if (world.setting.shared) return editSource(world);
  const content = contentOf(world);
  for (const { name, source } of world.hosts) {
    if (chance(world, 100)) continue;
    world.time.after(world.random.below(10_000), () => {
      if (world.faulty) change(world, source, content, `the copy of ${name}`);
    });
  }
}

function changeEnvironment(world: World): void {
  const host = world.random.pick(world.hosts);
  host.environment++;
  world.trace(`the environment of ${host.name} changes`);
}

function hintSomebody(world: World): void {
  const host = world.random.pick(world.hosts);
  const reasons: readonly HintReason[] = [
    "signal",
    "peer",
    "admin",
    ...(host.watches ? ["file", "poll"] as const : []),
  ];
  hintHost(world, host, world.random.pick(reasons));
}

function force(world: World): void {
  if (!chance(world, 300)) return;
  const host = world.random.pick(world.hosts);
  if (host.life === null) return;
  world.forced++;
  world.trace(`${host.name} is forced`);
  hintHost(world, host, "force");
}

function some(world: World): Host[] {
  if (chance(world, 600)) return [world.random.pick(world.hosts)];
  return world.hosts.filter(() => chance(world, 500));
}

function setCut(world: World, cut: boolean): void {
  for (const host of some(world)) {
    if (host.cut === cut) continue;
    host.cut = cut;
    host.changedAt = world.time.now();
    world.trace(`${host.name} is ${cut ? "cut off" : "joined"}`);
    changeLink(world, host, tellHost(world));
  }
}

function cutSome(world: World): void {
  setCut(world, true);
}

function joinSome(world: World): void {
  setCut(world, false);
}

function crashSome(world: World): void {
  for (const host of some(world)) crashHost(world, host);
}

function stopSome(world: World): void {
  stopHost(world, world.random.pick(world.hosts));
}

function startSome(world: World): void {
  for (const host of some(world)) startHost(world, host);
}

function changeLag(world: World): void {
  const host = world.random.pick(world.hosts);
  host.lag = world.random.pick([0, 0, world.random.below(2_000), world.random.below(45_000)]);
}

function flipRedis(world: World): void {
  if (world.redisUp) stopRedis(world);
  else startRedis(world, chance(world, 400) ? (chance(world, 500) ? Infinity : 1) : 0);
}

/** Another server takes the place of Redis for a while. Hosts linked to the one are linked to the other again. */
function lie(world: World): void {
  if (world.lying || !chance(world, 200)) return;
  const swap = (lying: boolean) => {
    world.lying = lying;
    world.trace(lying ? "a liar takes the place of redis" : "the liar is gone");
    for (const host of world.hosts) changeLink(world, host, tellHost(world));
  };
  swap(true);
  world.lies++;
  world.time.after(world.random.below(15_000), () => {
    if (world.lying) swap(false);
  });
}

function flush(world: World): void {
  if (!chance(world, 300)) return;
  loseWrites(world.redis, chance(world, 300) ? Infinity : 1 + world.random.below(3), world.time.now());
  world.trace(`redis lost writes, ${text(world.redis.head)}`);
}
