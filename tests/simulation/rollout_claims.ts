// The invariants of rollouts after each step of a host, and after each write of the store.
import { assert, assertEquals } from "@std/assert";
import { isHeadKnown } from "../../src/agreement/agreement.ts";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import { isRollback, runningRelease } from "../../src/releases/release.ts";
import type { Action } from "../../src/reload/events.ts";
import type { SnapshotId, State } from "../../src/reload/state.ts";
import type { StoreView } from "../../src/rollout/staging.ts";
import { gatherMilliseconds, type Host, type Life, shortOf, type World } from "./world.ts";

/** The written rollout. */
export type StoreWrite =
  /** `isLost`: the head before was older than the state that the announcing host has seen, and so were its skips. */
  | { readonly kind: "announced"; readonly force: boolean; readonly isLost: boolean }
  | {
    readonly kind: "moved";
    readonly before: StoreView;
    readonly to: Rollout;
    readonly isProposal: boolean;
    /** Whether a person's order led to it. */
    readonly isOrdered: boolean;
  };

/** Counts the writes, and throws if one breaks a claim. */
export function noteState(world: World, write: StoreWrite): void {
  if (world.setting.rollouts === null) return;
  if (write.kind === "announced") return noteHead(world, write);
  const { rollouts, failed, redis } = world;
  const { before, to, isProposal, isOrdered } = write;
  const from = before.stored?.rollout ?? null;
  if (isProposal) {
    rollouts.proposed++;
    if (from !== null && isOn(from, before)) rollouts.replaced++;
    const phase = world.setting.rollouts.needsApproval ? "awaiting-approval" : "admitting";
    assertEquals([to.step, to.phase], [0, phase], "a rollout begins with its first step");
    assert(to.base === before.head?.hash, "a rollout begins on the head");
    checkOrder(world, to);
    return;
  }
  assert(from !== null && from.hash === to.hash && from.at === to.at, "a move is of the rollout that is there");
  const wasOver = from.phase === "rolled-back" || from.phase === "withdrawn";
  assert(!wasOver && before.head?.hash === from.base, "a rollout that is over stays as it is");
  if (to.phase === "rolled-back") {
    if (isOrdered) rollouts.aborted++;
    else rollouts.rolledBack++;
    failed.set(to.hash, redis.losses);
  }
  if (to.phase === "halted") rollouts.halted++;
  if (to.phase === "withdrawn") rollouts.withdrawn++;
  if (to.phase === "paused") rollouts.paused++;
  if (from.phase === "awaiting-approval" && to.phase === "admitting") {
    assert(world.approved.has(to.hash), `${shortOf(to.hash)} begins without an approval`);
    rollouts.approved++;
    return;
  }
  const isOver = to.phase === "rolled-back" || to.phase === "withdrawn" || to.phase === "halted";
  if (isOver) return;
  if (isOrdered) {
    if (to.phase !== "paused") rollouts.promoted++;
    return;
  }
  checkHealthy(world, to.phase === "baking" ? to : from);
  assert(from.phase === "admitting" || from.phase === "baking", `only a person goes on after ${from.phase}`);
  if (to.step === from.step) return;
  assertEquals(to.step, from.step + 1, "one step after the other");
  const age = before.stored!.ageMilliseconds;
  const isBaked = from.bakeSeconds === 0 || (from.phase === "baking" && age >= from.bakeSeconds * 1000);
  assert(isBaked, `a step lasts its bake time, and not ${from.phase} ${age} ms`);
}

/** A host that ran and reached the store for long has a place, also after the store was empty or away. */
function checkOrder(world: World, { hash, order }: Rollout): void {
  const { hosts, lies, redis, redisStoppedAt, rollouts, setting, time } = world;
  const long = 2 * gatherMilliseconds(world);
  // Records are not renewed while Redis is away, though they may stay.
  const wasInterrupted = redisStoppedAt > redis.emptiedAt && redisStoppedAt - redis.emptiedAt < long;
  if (setting.loss > 0 || lies > 0 || wasInterrupted) return;
  for (const { name, life, stages, cut, changedAt } of hosts) {
    const isLiving = life?.ended === "no" && !life.state.stopping && stages && !cut && time.now() - changedAt > long;
    if (!isLiving) continue;
    assert(order.includes(rankId(hash, name)), `${name} runs, and ${shortOf(hash)} is proposed without it`);
    rollouts.placed++;
  }
}

/** The hosts that are let in have been healthy with the candidate, also if a liar denied it. */
function checkHealthy({ hosts, lies }: World, rollout: Rollout): void {
  for (const id of lies > 0 ? [] : inside(rollout)) {
    const host = hosts.find(({ name }) => rankId(rollout.hash, name) === id);
    assert(host?.wasHealthy.has(rollout.hash), `${host?.name} was not healthy with ${shortOf(rollout.hash)}`);
  }
}

/** The ids that the step lets in. The rules under test have their own functions for this and the next. */
function inside({ order, counts, step, phase }: Rollout): readonly string[] {
  return phase === "awaiting-approval" ? [] : order.slice(0, counts[step]);
}

function isOn({ phase, hash, base }: Rollout, { head, skips }: StoreView): boolean {
  const isOver = phase === "rolled-back" || phase === "withdrawn" || skips.some((one) => one.hash === hash);
  return !isOver && head?.hash === base;
}

/** Remembers the hashes with which a host was healthy. */
export function noteHealth({ wasHealthy }: Host, { releases: { kept } }: State<SnapshotId>): void {
  const running = runningRelease(kept);
  if (running?.state === "healthy") wasHealthy.add(running.hash);
}

function noteHead({ redis, rollouts, failed }: World, { force, isLost }: StoreWrite & { kind: "announced" }): void {
  const { hash } = redis.head!;
  if (force) failed.delete(hash);
  assert(isLost || failed.get(hash) !== redis.losses, `${shortOf(hash)} was rolled back and becomes the head`);
  if (redis.head!.rollout?.meant?.hash === hash) rollouts.done++;
}

/** Throws if a host begins to put something in force that the store did not let in there. */
export function checkAdmission(
  world: World,
  host: Host,
  before: State<SnapshotId>,
  actions: readonly Action<SnapshotId>[],
): void {
  const { life } = host;
  if (world.setting.rollouts === null || host.policy === null || life === null) return;
  if (!actions.some(({ kind }) => kind === "activate")) return;
  const { work, active, agreement, releases: { kept } } = life.state;
  if (work.kind !== "activating" || agreement === null) return;
  const { proposal: { hash }, reasons, back, held, incoming } = work;
  if (hash === active?.hash) return;
  const mayRun = world.approved.has(hash) || host.ran.has(hash) || reasons.includes("emergency");
  assert(!world.setting.rollouts.needsApproval || mayRun, `${host.name} runs ${shortOf(hash)} without an approval`);
  if (back === null && reasons.some((one) => one === "force" || one === "now" || one === "emergency")) {
    host.ordered.add(hash);
    world.rollouts.ordered++;
    return;
  }
  if (isRollback(incoming.cause)) return;
  const what = `${host.name} runs ${shortOf(hash)}`;
  // The hash in place of a skipped one ran here before, or is the head.
  const isSubstitute = back !== null && (held?.kind === "skipped" || isSkippedHere(kept, active?.hash));
  const view = viewAt(life);
  if (view === "lies") return;
  // A liar's generation makes the next true head an older one, which the host takes for none.
  if (active === null && world.lies > 0 && life.state.rollouts?.view?.head === null) return;
  // A host that a liar made hold the head for lost knew it when it read it, before it agreed with anything.
  const isLost = view !== null && world.lies === 0 && !isHeadKnown(view.head, before.agreement!.ledger);
  // It may be the head by now: this host ran it when it asked for that.
  const isAnnounced = agreement.request?.kind === "announcement" && agreement.request.hash === hash;
  if (view === null || view.head === null || isLost) {
    assert(active === null || isSubstitute || isAnnounced, `${what} without an answer of the store`);
    return;
  }
  const isOverruled = kept.overruled.some((one) => one.hash === hash) || host.ordered.has(hash);
  assert(isOverruled || !view.skips.some((one) => one.hash === hash), `${what}, which is skipped`);
  const rollout = view.stored?.rollout ?? null;
  // The last good release may be a candidate of before, which a person put back in force here.
  const wasOrdered = kept.list.some((one) => one.hash === hash && one.cause === "rollback");
  if (isSubstitute && wasOrdered) return;
  if (rollout !== null && rollout.hash === hash && view.head.hash !== hash) {
    assert(isOn(rollout, view), `${what}, whose rollout is ${rollout.phase}`);
    assert(inside(rollout).includes(rankId(hash, host.name)), `${what}, which the step does not let in there`);
    world.rollouts.admitted++;
    return;
  }
  const isWanted = hash === view.head.hash || isSubstitute || isAnnounced;
  assert(isWanted, `${what}, which is neither the head nor the candidate`);
}

function isSkippedHere({ skips }: State<SnapshotId>["releases"]["kept"], hash: string | undefined): boolean {
  return skips.some((one) => one.hash === hash);
}

/** An answer that comes after the link went down says nothing about the present store. */
function viewAt({ linked, known }: Life): StoreView | "lies" | null {
  return known === "nothing" || !linked ? null : known;
}

/** Throws if a health check takes a hash back twice on a host. */
export function noteWrite(host: Host, { state: { work } }: Life, { hash }: SnapshotId): void {
  host.ran.add(hash);
  const before = host.disk.snapshot?.hash;
  if (work.kind !== "activating" || work.incoming.cause !== "health" || before === undefined || before === hash) return;
  assert(!host.undone.has(before), `${host.name} takes ${shortOf(before)} back twice`);
  host.undone.add(before);
}
