// The end of a run with rollouts: after the last fault each rollout ends in its time, and all hosts run the store's
// target. Then nothing happens any more, and one more good change still goes through the fleet.
import { assert, assertEquals } from "@std/assert";
import { isHeadKnown } from "../../src/agreement/agreement.ts";
import { isLetIn, isUnderWay, rankId, type Rollout } from "../../src/agreement/rollout.ts";
import { runningRelease, skipOf } from "../../src/releases/release.ts";
import { runsCandidate } from "../../src/reload/staged.ts";
import { hintHost } from "./host.ts";
import { text } from "./network.ts";
import { viewOf } from "./redis_model.ts";
import { edit, hashOf, type Host, seen, shortOf, type World } from "./world.ts";

/** A failed request is made again, and a release that could not be had is looked at again, a minute later at most. */
const RETRY_MILLISECONDS = 62_000;
/** Non-watchers spread their actions at a deadline. */
const SPREAD_MILLISECONDS = 5_000;

/** Throws if a claim about the end does not hold; returns how long it took until nothing happened any more. */
export function endRollouts(world: World): { readonly healed: number; readonly limit: number } {
  const begun = world.time.now();
  world.calm = true;
  const limit = waitForEnds(world);
  const healed = world.time.now() - begun;
  assertEquals(troubleOf(world), null);
  checkQuiet(world);
  proveLife(world);
  return { healed, limit };
}

/** The rollout that is under way and needs no person; null: there is none. */
function moving(world: World): Rollout | null {
  const { head, skips, stored } = viewOf(world.redis, world.time.now());
  if (stored === null || !isUnderWay(stored.rollout, head, skips)) return null;
  const { phase } = stored.rollout;
  return phase === "admitting" || phase === "baking" ? stored.rollout : null;
}

function limitOf({ counts, bakeSeconds, deadlineSeconds }: Rollout): number {
  const steps = (counts.length + 1) * (bakeSeconds + deadlineSeconds) * 1000;
  return steps + RETRY_MILLISECONDS + 2 * SPREAD_MILLISECONDS;
}

/** How long it takes until all have heard of the store's last state, and written a lost head again. */
function calmOf({ setting }: World): number {
  const bake = setting.limits.health?.bakeMilliseconds ?? 0;
  return 3 * setting.reconcileMilliseconds + setting.settleMilliseconds + RETRY_MILLISECONDS + 2 * bake;
}

/** Each change that a host found meanwhile may be its own rollout, but none is proposed twice. */
function waitForEnds(world: World): number {
  const { time, hosts } = world;
  let calm = 0;
  let since = time.now();
  let last: string | null = null;
  let proposals = 0;
  let longest = 0;
  while (calm < calmOf(world)) {
    time.runUntil(time.now() + 500);
    const rollout = moving(world);
    calm = rollout === null ? calm + 500 : 0;
    if (rollout === null) continue;
    const key = `${rollout.hash} ${rollout.base} ${rollout.at}`;
    if (key !== last) {
      [last, since] = [key, time.now()];
      proposals++;
    }
    const limit = limitOf(rollout);
    longest = Math.max(longest, limit);
    const place = `${rollout.phase} ${rollout.counts[rollout.step]} of ${rollout.order.length}`;
    assert(time.now() - since <= limit, `the rollout of ${shortOf(rollout.hash)} is ${place} after ${limit} ms`);
    assert(proposals <= 2 * hosts.length + 2, `${proposals} rollouts are proposed after the last edit`);
  }
  return longest + calmOf(world);
}

/** Why a host does not run the store's target; null: all do. */
function troubleOf(world: World): string | null {
  for (const host of world.hosts) {
    const trouble = host.hasLeft ? null : troubleOfHost(world, host);
    if (trouble !== null) return `${host.name} ${trouble}; ${text(world.redis.head)}`;
  }
  return null;
}

function troubleOfHost(world: World, host: Host): string | null {
  if (host.life === null) return "does not run";
  const { active, agreement, rollouts, releases: { kept } } = host.life.state;
  // The other claims cover a host of version 0.1.
  if (rollouts === null || agreement === null) return null;
  const { head, skips, stored } = viewOf(world.redis, world.time.now());
  if (head === null) return active === null ? null : "runs something, and there is no head";
  if (rollouts.isDeferred) return `waits after ${rollouts.failures} failures`;
  // A rollback of its own that cannot be carried out goes before the fleet's target, and leaves nothing to announce.
  const isStuck = kept.pinned !== null && !mayRun(world, host, kept.pinned.hash);
  if (!isHeadKnown(head, agreement.ledger)) return isStuck ? null : "holds the head for lost";
  if (active === null) return mayRun(world, host, head.hash) && !isBroken(world, host) ? "runs nothing" : null;
  const rollout = stored?.rollout ?? null;
  const isOn = rollout !== null && isUnderWay(rollout, head, skips);
  const target = isOn && isLetIn(rollout, host.name) ? rollout.hash : head.hash;
  const isSkipped = skips.some((one) => one.hash === active.hash) || skipOf(kept, active.hash) !== null;
  const isOverruled = kept.overruled.some((one) => one.hash === active.hash);
  if (isSkipped && !isOverruled && mayRun(world, host, head.hash)) return `runs ${shortOf(active.hash)}, skipped`;
  // A candidate is watched until its rollout is over, or as long as no source that works takes its place.
  const state = runningRelease(kept)?.state;
  const isWatched = runsCandidate(host.life.state) && (state === "healthy" || state === "failed");
  const isBaking = kept.bake !== null && !isWatched;
  if (kept.hold !== null || kept.confirmation !== null || isBaking) return "is not done yet";
  if (active.hash !== target) {
    const isLocal = kept.pinned?.scope === "host" && kept.pinned.hash === active.hash;
    if (isLocal || isStuck || !mayRun(world, host, target) || isBroken(world, host)) return null;
    return `runs ${shortOf(active.hash)} and not ${shortOf(target)}`;
  }
  if (agreement.ledger.owed !== null) return `owes ${shortOf(agreement.ledger.owed.hash)}`;
  const { kind } = agreement.syncState;
  const wanted = active.hash === head.hash ? "agreed" : "held";
  return kind === wanted ? null : `is ${kind} and not ${wanted}`;
}

/** Whether the host can put the hash in force. */
function mayRun(world: World, host: Host, hash: string): boolean {
  const { kept } = host.life!.state.releases;
  const isApproved = world.setting.rollouts?.needsApproval !== true || world.approved.has(hash) || host.ran.has(hash);
  return isApproved && !isRejected(host, hash) && skipOf(kept, hash) === null && hasText(world, host, hash);
}

function isRejected({ rejects }: Host, hash: string): boolean {
  return [...rejects].some((content) => hashOf(content) === hash);
}

function hasText(world: World, host: Host, hash: string): boolean {
  const { content } = seen(world, host);
  const isSource = host.hasFile && content !== null && hashOf(content) === hash;
  return isSource || host.disk.texts.has(hash) || world.redis.sources.has(hash);
}

/** Whether its own source is wrong, which keeps the active release until a person repairs it. */
function isBroken(world: World, host: Host): boolean {
  const { content } = seen(world, host);
  return host.hasFile && (content === null || host.rejects.has(content));
}

/** For several more intervals nothing is written, announced, moved or thought again. */
function checkQuiet(world: World): void {
  const { time, setting, redis, hosts } = world;
  const picture = () => ({
    head: redis.head,
    hosts: hosts.map(({ done, life }) => ({ ...done, standing: life?.state.agreement?.syncState })),
  });
  const before = structuredClone(picture());
  time.runUntil(time.now() + 4 * setting.reconcileMilliseconds + setting.settleMilliseconds);
  assertEquals(picture(), before, "after the end nothing happens");
  assertEquals(troubleOf(world), null);
}

/** One more good change becomes the head, if no host is in its way. */
function proveLife(world: World): void {
  const { time, hosts, setting, redis } = world;
  const living = hosts.filter(({ hasLeft }) => !hasLeft);
  // A publication to a host that knows of no head is proposed as soon as it does, in place of any edit.
  const waiting = living.map(({ life }) => life?.state.rollouts).filter((one) => one?.view?.head == null);
  if (waiting.some((one) => redis.sources.has(one?.published?.hash ?? ""))) return;
  // A host that never agreed overrules no head, and all others with a source may have left.
  const hasAgreed = living.some(({ hasFile, disk }) => hasFile && disk.ledger.concluded !== null);
  if (redis.head !== null && !hasAgreed) return;
  const content = `f${Math.round(time.now())}`;
  const hash = hashOf(content);
  world.approved.add(hash);
  for (const source of new Set(living.map((host) => host.source))) edit(world, source, content, "the last copy");
  for (const host of living) hintHost(world, host, "file");
  const begun = time.now();
  const isDone = () => redis.head?.hash === hash && troubleOf(world) === null;
  while (!isDone() && time.now() < begun + calmOf(world)) {
    time.runUntil(time.now() + 500);
    const rollout = moving(world);
    if (rollout === null) continue;
    assertEquals(rollout.hash, hash, "the last edit is on its way");
    const end = time.now() + limitOf(rollout);
    while (moving(world) !== null && time.now() < end) time.runUntil(time.now() + 500);
    assertEquals(moving(world), null, "the last rollout ends");
    break;
  }
  const ended = time.now();
  while (!isDone() && time.now() < ended + calmOf(world)) time.runUntil(time.now() + 500);
  const { stored } = viewOf(redis, time.now());
  const wasLeftBehind = stored?.rollout.hash === hash && stored.rollout.order.length > living.length &&
    hosts.some(({ hasLeft, name }) => hasLeft && stored.rollout.order.includes(rankId(hash, name)));
  if (living.some(({ stages }) => !stages) || wasLeftBehind) return;
  const what = `${stored?.rollout.phase} ${stored?.rollout.why}`;
  assertEquals(shortOf(redis.head?.hash), content, `the last edit becomes the head (${what}, ${setting.hosts} hosts)`);
  assertEquals(troubleOf(world), null);
}
