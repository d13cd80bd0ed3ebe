// One simulated host: the real decisions, carried out on a disk that survives crashes. Everything that decide promises
// for a single step is checked here.
import { assert } from "@std/assert";
import type { ClusterEvent } from "../../src/agreement/agree.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import { initialAgreement } from "../../src/agreement/agreement.ts";
import type { Approval } from "../../src/releases/release.ts";
import { type Order, refusalOf } from "../../src/releases/decide_releases.ts";
import { decide } from "../../src/reload/decide.ts";
import type { Action, Event, LookOutcome, LoopRolloutEvent } from "../../src/reload/events.ts";
import { type HintReason, initialState, type SnapshotId } from "../../src/reload/state.ts";
import { initialRollouts } from "../../src/rollout/rollouts.ts";
import { moveRollout, readFleet, tellRecord } from "./host_rollouts.ts";
import { checkAdmission, noteHealth, noteWrite } from "./rollout_claims.ts";
import { checkKept, checkStep } from "./step_claims.ts";
import {
  baselineOf,
  checkHealth,
  hooksSettle,
  noteReport,
  record,
  releasesAtStart,
  writeReleases,
} from "./host_releases.ts";
import { askAnnouncement, askHead, askSource, changeLink, text } from "./network.ts";
import { checkReleases } from "../releases/release_claims.ts";
import {
  chance,
  clockOf,
  contentIn,
  hashOf,
  type Host,
  jitter,
  type Life,
  POLL_MILLISECONDS,
  seen,
  shortOf,
  type World,
} from "./world.ts";

/** Starts a process from the state that the last one left. */
export function startHost(world: World, host: Host): void {
  if (host.life !== null || host.hasLeft) return;
  const { settleMilliseconds, reconcileMilliseconds } = world.setting;
  const agreement = initialAgreement(host.disk.ledger, { settleMilliseconds, reconcileMilliseconds });
  const nothing = () => {};
  const found = releasesAtStart(world, host);
  const life: Life = {
    state: initialState<SnapshotId>(host.disk.snapshot, {
      agreement,
      releases: found,
      rollouts: host.stages ? initialRollouts(host.name, host.policy, world.setting.rollouts?.needsApproval) : null,
    }),
    ended: "no",
    working: false,
    asking: false,
    polled: "",
    pending: null,
    onKept: [],
    linked: false,
    linkedAt: 0,
    lookedAt: -1,
    timers: {
      retry: nothing,
      settle: nothing,
      reconcile: nothing,
      rollout: nothing,
      health: nothing,
      hold: nothing,
      confirmation: nothing,
    },
    recording: null,
    moving: false,
    known: "nothing",
    replaced: null,
    stored: null,
    looked: null,
    told: "",
    telling: "no",
    renewal: nothing,
  };
  host.life = life;
  host.changedAt = world.time.now();
  world.trace(`${host.name} starts with ${host.disk.snapshot?.contentHash ?? "nothing"}, ${ledgerText(host)}`);
  happen(world, host, life, { kind: "release-start", at: clockOf(world, host) });
  happen(world, host, life, { kind: "hint", reason: "start" });
  // The activation of the last process is settled too.
  hooksSettle(world, host, life, (event) => happen(world, host, life, event));
  changeLink(world, host, tellHost(world));
  if (host.watches) poll(world, host, life);
}

function ledgerText({ disk }: Host): string {
  return JSON.stringify(disk.ledger).replace(/"0+/g, '"');
}

/** Ends a process at once: state that was not kept is gone. */
export function crashHost(world: World, host: Host): void {
  if (host.life === null) return;
  world.trace(`${host.name} crashes`);
  host.life.ended = "crashed";
  host.life = null;
}

/** Tells a process to end. */
export function stopHost(world: World, host: Host): void {
  if (host.life !== null) happen(world, host, host.life, { kind: "stop" });
}

/** Tells a process to look. */
export function hintHost(world: World, host: Host, reason: HintReason): void {
  if (host.life !== null) happen(world, host, host.life, { kind: "hint", reason });
}

/** Gives a process the order of a person. */
export function orderHost(world: World, host: Host, order: Order): void {
  if (host.life === null || refusalOf(host.life.state.releases, order, clockOf(world, host)) !== null) return;
  world.trace(`${host.name} gets an order: ${JSON.stringify(order).replaceAll(/"0+/g, '"')}`);
  happen(world, host, host.life, { kind: "ordered", order, at: clockOf(world, host) });
}

/** Takes in news of the network. */
export function tellHost(world: World): (host: Host, event: ClusterEvent) => void {
  return (host, event) => {
    const { life } = host;
    if (life === null) return;
    if (event.kind === "linked") {
      // An answer of the link before may have come since that went down.
      if (!life.linked) life.known = "nothing";
      life.linked = true;
      life.linkedAt = world.time.now();
    }
    if (event.kind === "unlinked") Object.assign(life, { linked: false, replaced: null });
    happen(world, host, life, event);
    if (event.kind === "linked") tellRecord(world, host, life, true);
  };
}

function poll(world: World, host: Host, life: Life): void {
  world.time.after(1 + world.random.below(POLL_MILLISECONDS), () => {
    if (life.ended !== "no") return;
    if (seen(world, host).version !== life.polled) happen(world, host, life, { kind: "hint", reason: "poll" });
    poll(world, host, life);
  });
}

/** Decides, checks the invariants after every step, and carries the actions out. */
function happen(world: World, host: Host, life: Life, event: Event<SnapshotId>): void {
  if (life.ended === "crashed") return;
  const before = life.state;
  const { state, actions } = decide(before, event);
  life.state = state;
  checkStep(before, event, state, actions);
  checkReleases(before, event, state, actions, clockOf(world, host));
  checkAdmission(world, host, before, actions);
  noteHealth(host, state);
  assert(life.ended === "no" || actions.length === 0, `after its end nothing follows from ${event.kind}`);
  const standing = state.agreement!.syncState.kind;
  if (standing !== before.agreement!.syncState.kind) world.trace(`${host.name} is ${standing} (${event.kind})`);
  for (const action of actions) carryOut(world, host, life, action);
  tellRecord(world, host, life, false);
}

/** Gives a process an event of the fleet's rollout. */
export function rollOutOn(world: World, host: Host, event: LoopRolloutEvent): void {
  if (host.life !== null) happen(world, host, host.life, event);
}

function carryOut(world: World, host: Host, life: Life, action: Action<SnapshotId>): void {
  const next = (event: Event<SnapshotId>) => happen(world, host, life, event);
  const arm = (timer: keyof Life["timers"], milliseconds: number, event: () => Event<SnapshotId>) => {
    assert(milliseconds >= 0, "no wait is negative");
    life.timers[timer]();
    life.timers[timer] = world.time.after(milliseconds, () => next(event()));
  };
  switch (action.kind) {
    case "look":
      return look(world, host, life);
    case "look-back":
      return lookBack(world, host, life, action.hash);
    case "activate":
      return write(world, host, life, action.candidate);
    case "record":
      return record(world, host, life, action.releases);
    case "check-health":
      return checkHealth(world, host, life, next);
    case "arm-release": {
      const { timer, milliseconds } = action;
      return arm(timer, milliseconds, () => ({ kind: "release-due", timer, at: clockOf(world, host) }));
    }
    case "disarm-release":
      return life.timers[action.timer]();
    case "arm-retry":
      return arm("retry", action.milliseconds, () => ({ kind: "retry-due" }));
    case "arm-settle":
      return arm("settle", action.milliseconds, () => ({ kind: "settle-due" }));
    case "arm-reconcile":
      return arm("reconcile", action.milliseconds, () => ({ kind: "reconcile-due", random: jitter(world) }));
    case "disarm-retry":
      return life.timers.retry();
    case "disarm-settle":
      return life.timers.settle();
    case "disarm-reconcile":
      return life.timers.reconcile();
    case "read-head":
      begin(life);
      return askHead(world, host, (event) => answered(world, host, life, event));
    case "announce":
      return announce(world, host, life, action.announcement);
    case "read-fleet":
      return readFleet(world, host, life, next);
    case "move-rollout":
      return moveRollout(world, host, life, action, { next, tell: tellHost(world) });
    case "arm-rollout":
      return arm("rollout", action.milliseconds, () => ({ kind: "rollout-due" }));
    case "disarm-rollout":
      return life.timers.rollout();
    case "keep":
      return keep(world, host, life, action.ledger);
    case "finish":
      return finish(world, host, life);
    case "report":
      return noteReport(world, host, action.report);
  }
}

function begin(life: Life): void {
  assert(!life.asking, "at most one request to the cluster is under way");
  life.asking = true;
}

function answered(world: World, host: Host, life: Life, event: ClusterEvent): void {
  life.asking = false;
  happen(world, host, life, event);
}

function announce(world: World, host: Host, life: Life, announcement: Announcement): void {
  const { request, finishes } = life.state.agreement!;
  // A candidate that has finished its rollout is the fleet's: the host's own source does not matter.
  assert(finishes !== null || life.lookedAt >= life.linkedAt, "an announced source was read since the link came up");
  assert(request?.kind === "announcement");
  const accepted = () => {
    if (request.purpose === "change") host.done.announced++;
    if (request.purpose === "rollback") host.done.undone++;
    if (request.purpose === "restore") host.done.restored++;
    if (request.purpose === "force") host.done.forced++;
  };
  begin(life);
  const tell = (event: ClusterEvent) => answered(world, host, life, event);
  // A request is kept before it is sent.
  const send = () => askAnnouncement(world, host, announcement, accepted, tell, tellHost(world));
  if (life.pending === null) send();
  else life.onKept.push(send);
}

function look(world: World, host: Host, life: Life): void {
  assert(!life.working, "at most one look or write is under way");
  life.working = true;
  const begun = world.time.now();
  const { content, version } = seen(world, host);
  life.polled = version;
  if (!host.hasFile || host.isUnread) {
    const outcome: LookOutcome<SnapshotId> = host.hasFile
      ? { kind: "unreadable", fingerprint: "ESTALE", reason: "ESTALE" }
      : { kind: "none" };
    world.time.after(world.random.below(20), () => looked(world, host, life, begun, outcome));
    return;
  }
  life.looked = content ?? life.looked;
  const found = content === null ? null : { hash: hashOf(content), contentHash: `${content}${host.environment}` };
  if (found !== null && found.contentHash !== host.lastFound) {
    host.found++;
    host.lastFound = found.contentHash;
  }
  world.time.after(world.random.below(world.faulty ? 400 : 20), () => {
    const isRejected = content !== null && host.rejects.has(content);
    const outcome: LookOutcome<SnapshotId> = found === null || isRejected
      ? { kind: "rejected", fingerprint: version, reason: "wrong", diagnostics: [], hash: found?.hash ?? null }
      : candidateOf(world, host, found, version);
    looked(world, host, life, begun, outcome);
  });
}

function candidateOf(
  world: World,
  host: Host,
  found: SnapshotId,
  fingerprint: string,
): LookOutcome<SnapshotId> {
  const text = { format: "hcl", digest: fingerprint } as const;
  const approval = approvalOf(world, host, found.hash);
  return { kind: "candidate", ...found, fingerprint, candidate: found, text, stored: host.disk.snapshot, approval };
}

function approvalOf({ setting, approved }: World, { stages }: Host, hash: string): Approval | null {
  if (setting.rollouts?.needsApproval !== true || !stages) return null;
  const isApproved = approved.has(hash);
  return { isApproved, have: Number(isApproved), need: 1, trouble: null };
}

function looked(world: World, host: Host, life: Life, begun: number, outcome: LookOutcome<SnapshotId>): void {
  if (life.ended === "crashed") return;
  life.working = false;
  life.lookedAt = begun;
  const timing = { tookMilliseconds: 1, random: jitter(world), at: clockOf(world, host) };
  happen(world, host, life, { kind: "looked", outcome, ...timing });
}

/** Looks at the content of an earlier release: this host's, or the store's. */
function lookBack(world: World, host: Host, life: Life, hash: string): void {
  assert(!life.working, "at most one look or write is under way");
  life.working = true;
  const begun = world.time.now();
  const judge = (content: string | null) => {
    const fingerprint = `${shortOf(hash)} of the history/${host.environment}`;
    const found = content === null ? null : { hash, contentHash: `${content}${host.environment}` };
    if (found?.contentHash !== host.disk.snapshot?.contentHash) host.found++;
    const isRefused = content !== null && host.rejects.has(content);
    const outcome: LookOutcome<SnapshotId> = found === null || isRefused
      ? { kind: "unreadable", fingerprint, reason: isRefused ? "wrong" : "no text", isRefused }
      : candidateOf(world, host, found, fingerprint);
    looked(world, host, life, begun, outcome);
  };
  const content = host.disk.texts.get(hash);
  if (content === undefined) {
    askSource(world, host, hash, (fetched) => {
      if (fetched !== null) world.rollouts.fetched++;
      judge(fetched);
    });
  } else world.time.after(world.random.below(world.faulty ? 400 : 20), () => judge(content));
}

function write(world: World, host: Host, life: Life, mark: SnapshotId): void {
  assert(!life.working, "at most one look or write is under way");
  life.working = true;
  const { snapshot } = host.disk;
  const isOther = snapshot?.hash !== mark.hash || snapshot.contentHash !== mark.contentHash;
  assert(isOther, "the content of the snapshot is not written again");
  const baseline = baselineOf(world, host);
  const fails = world.faulty && chance(world, 30);
  const later = () => world.random.below(world.faulty ? 200 : 10);
  const answer = (written: boolean) => {
    life.working = false;
    const result = written ? { kind: "written" as const, baseline } : { kind: "failed" as const, reason: "ENOSPC" };
    if (written) hooksSettle(world, host, life, (event) => happen(world, host, life, event));
    happen(world, host, life, {
      kind: "activated",
      result,
      tookMilliseconds: 1,
      random: jitter(world),
      at: clockOf(world, host),
    });
  };
  world.time.after(later(), () => {
    if (life.ended === "crashed") return;
    // Text and releases are on the disk before the rename.
    host.disk.texts.set(mark.hash, contentIn(mark));
    const { work } = life.state;
    if (work.kind === "activating") life.recording = work.releases;
    writeReleases(host, life);
    world.time.after(later(), () => {
      if (life.ended === "crashed") return;
      if (!fails) rename(world, host, life, mark);
      world.time.after(later(), () => {
        if (life.ended !== "crashed") answer(!fails);
      });
    });
  });
}

function rename(world: World, host: Host, life: Life, mark: SnapshotId): void {
  noteWrite(host, life, mark);
  host.done.activations++;
  if (host.disk.snapshot?.hash !== mark.hash) host.done.changes++;
  host.disk.snapshot = mark;
  world.trace(`${host.name} writes ${mark.contentHash}`);
}

function keep(world: World, host: Host, life: Life, ledger: Host["disk"]["ledger"]): void {
  const isWriting = life.pending !== null;
  life.pending = ledger;
  if (isWriting) return;
  world.time.after(world.random.below(world.faulty ? 300 : 10), () => {
    if (life.ended === "no") writeLedger(host, life);
  });
}

function writeLedger(host: Host, life: Life): void {
  const { pending } = life;
  if (pending === null) return;
  const { ledger } = host.disk;
  assert(pending.seen >= ledger.seen, "the generation kept as seen does not go backwards");
  const [was, is] = [ledger, pending].map(({ agreed }) => agreed?.generation ?? 0);
  assert(is! >= was!, "the generation kept as agreed does not go backwards");
  checkKept(pending);
  host.disk.ledger = pending;
  life.pending = null;
  for (const then of life.onKept.splice(0)) then();
}

function finish(world: World, host: Host, life: Life): void {
  assert(!life.working, "no work is in progress at the end");
  life.onKept = [];
  writeLedger(host, life);
  writeReleases(host, life);
  life.ended = "stopped";
  host.life = null;
  if (!host.cut && world.redisUp && !world.lying) world.redis.records.delete(host.name);
  world.trace(`${host.name} has stopped; ${text(world.redis.head)}`);
}
