// A cluster from one seed: a while in which everything fails, an end of all faults, and the claims on the time after
// it.
import { assert, assertEquals } from "@std/assert";
import { lastGood, type ScopedSkip, skipOf } from "../../src/releases/release.ts";
import { endFaults, haveFaults } from "./faults.ts";
import { tellHost } from "./host.ts";
import { text } from "./network.ts";
import type { RolloutCounts } from "./rollout_counts.ts";
import { endRollouts } from "./rollout_end.ts";
import { createWorld, hashOf, type Host, seen, shortOf, type World } from "./world.ts";

/**
 * The last process starts 1.5 s after the faults, hears of its link in 0.5 s, and its requests take no time to speak
 * of.
 */
const SLACK_MILLISECONDS = 2_500;

/** Holds end 2 s after the faults, and a held source may then still be announced and refused. */
const ORDERS_MILLISECONDS = 4_000;

/** The outcome of a run. */
export interface Run {
  readonly hosts: number;
  readonly activations: number;
  readonly announcements: number;
  readonly restored: number;
  readonly losses: number;
  readonly lies: number;
  /**
   * Rollbacks that persons ordered, that were announced, and by the health checks; releases that ran in place of a
   * source.
   */
  readonly orders: number;
  readonly undone: number;
  readonly automatic: number;
  readonly substituted: number;
  /** From the end of the faults to agreement, in milliseconds of virtual time. */
  readonly healedAfterMilliseconds: number;
  /** The longest time for that. */
  readonly limitMilliseconds: number;
  readonly rollouts: RolloutCounts;
}

/**
 * Runs one.
 *
 * @throws {Error} if a claim does not hold; the message says how to run it again.
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
  const { trace, redis } = world;
  haveFaults(world);
  const lossesBefore = redis.losses;
  endFaults(world, tellHost(world));
  trace("no more faults");
  const { healed, limit } = world.setting.rollouts === null ? agreeAtLast(world) : endRollouts(world);
  assertEquals(redis.losses, lossesBefore);
  const sum = (of: (host: Host) => number) => world.hosts.reduce((all, host) => all + of(host), 0);
  return {
    hosts: world.hosts.length,
    activations: sum(({ done }) => done.activations),
    announcements: sum(({ done }) => done.announced + done.restored + done.forced),
    restored: sum(({ done }) => done.restored),
    losses: redis.losses,
    lies: world.lies,
    orders: world.orders,
    undone: sum(({ done }) => done.undone),
    automatic: sum(({ done }) => done.automatic),
    substituted: sum(({ done }) => done.substituted),
    healedAfterMilliseconds: healed,
    limitMilliseconds: limit,
    rollouts: world.rollouts,
  };
}

/** Without rollouts all agree as far as their sources do, in a time that is known. */
function agreeAtLast(world: World): { readonly healed: number; readonly limit: number } {
  const { time, trace } = world;
  const ended = time.now();
  const limit = healingLimit(world);
  let healed = 0;
  while (time.now() < ended + limit) {
    time.runUntil(time.now() + 100);
    if (troubleOf(world) !== null) healed = time.now() - ended;
  }
  assertEquals(troubleOf(world), null, `within ${limit} ms of the end of all faults`);
  trace("agreed");
  checkRest(world);
  checkCounts(world);
  return { healed, limit };
}

/**
 * A reconcile interval, the settle time, and the time to start, link and finish the work in progress. If an instance
 * has seen a later generation than the head's, the head is lost: it is written again after another interval, and above
 * the generation that yet another has seen after one more.
 */
function healingLimit({ setting, hosts, redis }: World): number {
  const isLost = hosts.some(({ disk }) => disk.ledger.seen > (redis.head?.generation ?? 0));
  const intervals = isLost ? 3 : 1;
  const bake = setting.limits.health?.bakeMilliseconds ?? 0;
  const orders = setting.operators ? ORDERS_MILLISECONDS + 2 * bake : 0;
  return intervals * setting.reconcileMilliseconds + setting.settleMilliseconds + SLACK_MILLISECONDS + orders;
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
  const isHead = only === null || head?.hash === hashOf(only);
  if (all.length > 1 || isHead || isUndone(world, hashOf(only)) || isLiedTo(world)) return null;
  return `all have ${only}, but ${text(head)}`;
}

/** Whether all say that they differ from the head, because somebody took a liar's word for a base. */
function isLiedTo({ lies, hosts }: World): boolean {
  return lies > 0 && hosts.every(({ life }) => life?.state.agreement?.syncState.kind === "diverged");
}

/** Whether the hash was taken back for anybody. */
function isUndone({ redis, hosts }: World, hash: string): boolean {
  const isSkipped = hosts.some(({ life }) => life !== null && skipOf(life.state.releases.kept, hash) !== null);
  return isSkipped || (redis.head?.skips ?? []).some((one) => one.hash === hash);
}

function troubleOfHost(world: World, host: Host): string | null {
  const { head } = world.redis;
  if (host.life === null) return "does not run";
  const { active, agreement, releases: { kept } } = host.life.state;
  const { syncState, ledger } = agreement!;
  const { content } = seen(world, host);
  const skip = content === null ? null : skipOf(kept, hashOf(content));
  const expected = content === null ? null : `${content}${host.environment}`;
  if (content !== null && skip === null && active?.contentHash !== expected) {
    return `has ${content} and runs ${active?.contentHash}`;
  }
  if (active === null) return syncState.kind === "unknown" || skip !== null ? null : `runs nothing`;
  const undone = troubleOfUndone(world, host, skip);
  if (undone !== null) return undone;
  if (head === null) return "runs something and there is no head";
  if (ledger.owed !== null) return `owes ${ledger.owed.hash} on ${ledger.owed.base}`;
  const isLocal = kept.pinned?.scope === "host" && kept.pinned.hash === active.hash &&
    skipOf(kept, active.hash) === null;
  if (isLocal && head.hash !== active.hash) return syncState.kind === "held" ? null : `is ${syncState.kind} on purpose`;
  const isFollowing = kept.pinned?.hash === active.hash;
  if (!isFollowing && ledger.concluded !== active.hash) {
    return `runs ${active.hash} and was judged on ${ledger.concluded}`;
  }
  if (head.hash !== active.hash) {
    const isTrue = syncState.kind === "diverged" && ledger.diverged?.generation === head.generation;
    return isTrue ? null : `runs ${active.hash} and is ${syncState.kind} from ${ledger.diverged?.generation}`;
  }
  const isTrue = syncState.kind === "agreed" && ledger.agreed?.generation === head.generation;
  return isTrue ? null : `runs ${active.hash} and is ${syncState.kind} with ${ledger.agreed?.generation}`;
}

/**
 * Nobody runs a hash that was taken back, and a host whose source the fleet took back runs the head.
 *
 * @param skip of the source.
 */
function troubleOfUndone({ redis: { head } }: World, { life }: Host, skip: ScopedSkip | null): string | null {
  const { active, agreement, releases: { kept, held } } = life!.state;
  if (active === null || head === null) return null;
  // The skips of a lost head do not count, and a liar may have let it look lost permanently.
  if (agreement!.ledger.agreed !== null && head.generation < agreement!.ledger.seen) return null;
  const { pinned, overruled } = kept;
  const hasOverruled = overruled.some((one) => one.hash === active.hash);
  const isSkipped = head.skips.some((one) => one.hash === active.hash) || skipOf(kept, active.hash) !== null;
  // All that it could run may be skipped, by the fleet or by itself.
  const hasOther = skipOf(kept, head.hash) === null || lastGood(kept) !== null;
  if (isSkipped && !hasOverruled && hasOther) return `runs ${shortOf(active.hash)}, which is skipped`;
  if (kept.hold !== null || kept.confirmation !== null || kept.bake !== null) return "is not done yet";
  if (skip === null) return null;
  if (held?.kind !== "skipped") return "does not say that its source is skipped";
  const follows = skip.scope === "fleet" && pinned?.scope !== "host" && skipOf(kept, head.hash) === null;
  return follows && active.hash !== head.hash ? `has a skipped source and runs ${shortOf(active.hash)}` : null;
}

/** For several more intervals nothing is written, announced or thought again. */
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

/** No ping-pong: the writes and announcements are explained by the changes and losses. */
function checkCounts(world: World): void {
  const { redis, lies, forced } = world;
  // An answer of a liar is as good as lost.
  const losses = redis.losses + lies;
  const made = world.hosts.reduce((all, { done }) => all + done.forced, 0);
  assert(made <= forced, `${made} announcements were forced, ${forced} were asked for`);
  // A rollback, a hold and their ends put older contents in force again.
  if (world.setting.operators) return;
  for (const { name, done, found } of world.hosts) {
    // The release in place of a skipped source gives way to it.
    const contents = found + done.substituted;
    assert(done.activations <= contents, `${name} wrote ${done.activations} snapshots of ${contents} contents`);
    const may = done.changes + losses;
    assert(done.announced <= may, `${name} announced ${done.announced} changes, ${may} at most were its own`);
    assert(done.restored <= losses, `${name} restored ${done.restored} heads, ${losses} were lost`);
  }
}
