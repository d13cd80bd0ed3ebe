// A cluster from one seed: a while in which everything fails, an end of all faults, and the claims on what follows.
import { assert, assertEquals } from "@std/assert";
import { endFaults, haveFaults } from "./faults.ts";
import { tellHost } from "./host.ts";
import { text } from "./network.ts";
import { createWorld, hashOf, type Host, seen, type World } from "./world.ts";

/** The last process starts 1.5 s after the faults, hears of its link in 0.5 s, and its requests take no time to speak of. */
const SLACK_MILLISECONDS = 2_500;

/** What a run came to. */
export interface Run {
  readonly hosts: number;
  readonly activations: number;
  readonly announcements: number;
  readonly restored: number;
  readonly losses: number;
  readonly lies: number;
  /** From the end of the faults to agreement, in milliseconds of virtual time. */
  readonly healedAfterMilliseconds: number;
  /** What that may take at most. */
  readonly limitMilliseconds: number;
}

/**
 * Runs one.
 *
 * @throws {Error} where a claim does not hold; the message says how to run it again.
 */
export function simulate(seed: number, trace: (line: string) => void = () => {}): Run {
  const world = createWorld(seed, trace);
  try {
    return run(world);
  } catch (error) {
    const again = `deno task simulate --seeds 1 --from ${seed} --trace`;
    throw new Error(`seed ${seed} (${JSON.stringify(world.setting)}); again: ${again}`, { cause: error });
  }
}

function run(world: World): Run {
  const { time, trace, redis } = world;
  haveFaults(world);
  const lossesBefore = redis.losses;
  endFaults(world, tellHost(world));
  trace("no more faults");
  const ended = time.now();
  const limitMilliseconds = healingLimit(world);
  let healedAfterMilliseconds = 0;
  while (time.now() < ended + limitMilliseconds) {
    time.runUntil(time.now() + 100);
    if (troubleOf(world) !== null) healedAfterMilliseconds = time.now() - ended;
  }
  assertEquals(troubleOf(world), null, `within ${limitMilliseconds} ms of the end of all faults`);
  trace("agreed");
  checkRest(world);
  checkCounts(world);
  assertEquals(redis.losses, lossesBefore);
  const sum = (of: (host: Host) => number) => world.hosts.reduce((all, host) => all + of(host), 0);
  return {
    hosts: world.hosts.length,
    activations: sum(({ done }) => done.activations),
    announcements: sum(({ done }) => done.announced + done.restored + done.forced),
    restored: sum(({ done }) => done.restored),
    losses: redis.losses,
    lies: world.lies,
    healedAfterMilliseconds,
    limitMilliseconds,
  };
}

/**
 * A reconcile interval, the settle time, and what it takes to start, link and finish what was under way. Where somebody has
 * seen a later generation than the head's, the head is lost: it is written again after another interval, and above what
 * yet another has seen after one more.
 */
function healingLimit({ setting, hosts, redis }: World): number {
  const isLost = hosts.some(({ disk }) => disk.ledger.seen > (redis.head?.generation ?? 0));
  const intervals = isLost ? 3 : 1;
  return intervals * setting.reconcileMilliseconds + setting.settleMilliseconds + SLACK_MILLISECONDS;
}

/** Why the hosts are not at rest and as much agreed as their sources are; null: they are. */
function troubleOf(world: World): string | null {
  const { head } = world.redis;
  for (const host of world.hosts) {
    const trouble = troubleOfHost(world, host);
    if (trouble !== null) return `${host.name} ${trouble}; ${text(head)}`;
  }
  const contents = new Set(world.hosts.map((host) => seen(world, host).content));
  const all = [...contents];
  const [only = null] = all;
  if (all.length === 1 && only !== null && head?.hash !== hashOf(only)) {
    return `all have ${only}, but ${text(head)}`;
  }
  return null;
}

function troubleOfHost(world: World, host: Host): string | null {
  const { head } = world.redis;
  if (host.life === null) return "does not run";
  const { active, agreement } = host.life.state;
  const { syncState, ledger } = agreement!;
  const { content } = seen(world, host);
  const isOther = (content === null || active?.hash !== hashOf(content)) ||
    active?.contentHash !== `${content}${host.environment}`;
  if (content !== null && isOther) return `has ${content} and runs ${active?.contentHash}`;
  if (active === null) return syncState.kind === "unknown" ? null : `runs nothing and is ${syncState.kind}`;
  if (head === null) return "runs something and there is no head";
  if (ledger.owed !== null) return `owes ${ledger.owed.hash} on ${ledger.owed.base}`;
  if (ledger.concluded !== active.hash) return `runs ${active.hash} and was judged on ${ledger.concluded}`;
  if (head.hash !== active.hash) {
    const isTrue = syncState.kind === "diverged" && ledger.diverged?.generation === head.generation;
    return isTrue ? null : `runs ${active.hash} and is ${syncState.kind} from ${ledger.diverged?.generation}`;
  }
  const isTrue = syncState.kind === "agreed" && ledger.agreed?.generation === head.generation;
  return isTrue ? null : `runs ${active.hash} and is ${syncState.kind} with ${ledger.agreed?.generation}`;
}

/** For several more intervals nothing is written, announced or thought anew. */
function checkRest(world: World): void {
  const { time, setting, redis, hosts } = world;
  const picture = () => ({
    head: redis.head,
    hosts: hosts.map(({ done, life }) => ({ ...done, standing: life?.state.agreement?.syncState })),
  });
  const before = structuredClone(picture());
  time.runUntil(time.now() + 4 * setting.reconcileMilliseconds + setting.settleMilliseconds);
  assertEquals(picture(), before, "after agreement nothing happens");
  assertEquals(troubleOf(world), null);
}

/** No ping-pong: what was written and announced is accounted for by what was changed and lost. */
function checkCounts(world: World): void {
  const { redis, lies, forced } = world;
  // What a liar said is as good as lost.
  const losses = redis.losses + lies;
  for (const { name, done, found } of world.hosts) {
    assert(done.activations <= found, `${name} wrote ${done.activations} snapshots of ${found} contents it found`);
    const may = done.changes + losses;
    assert(done.announced <= may, `${name} announced ${done.announced} changes, ${may} at most were its own`);
    assert(done.restored <= losses, `${name} restored ${done.restored} heads, ${losses} were lost`);
  }
  const made = world.hosts.reduce((all, { done }) => all + done.forced, 0);
  assert(made <= forced, `${made} announcements were forced, ${forced} were asked for`);
}
