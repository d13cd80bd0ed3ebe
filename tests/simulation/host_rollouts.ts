// The part of a simulated host in the fleet's rollout: its record for the others, which is late, the records that it
// reads, and the moves that it asks for.
import type { Event } from "../../src/reload/events.ts";
import type { Report } from "../../src/reload/report.ts";
import type { SnapshotId } from "../../src/reload/state.ts";
import { runningRelease } from "../../src/releases/release.ts";
import { textToStore } from "../../src/agreement/moving.ts";
import { markOf, type RolloutMove } from "../../src/agreement/rollout.ts";
import type { FleetMember, MoveOutcome } from "../../src/rollout/rollouts.ts";
import type { StoreView } from "../../src/rollout/staging.ts";
import { assert } from "@std/assert";
import { lieOfFleet, lieOfMove } from "./liar.ts";
import { parseHeadReply, parseMoveReply } from "../../src/cluster/redis/redis_scripts.ts";
import type { StoredHead } from "../../src/cluster/notifier.ts";
import { headReply, later, publish, replyOf, request, type Tell, trueView } from "./network.ts";
import { moveIn, viewOf, writeRecordTo } from "./redis_model.ts";
import { noteState } from "./rollout_claims.ts";
import {
  clockOf,
  gatherMilliseconds,
  hashOf,
  type Host,
  jitter,
  type Life,
  shortOf,
  tellMilliseconds,
  type World,
} from "./world.ts";

type Next = (event: Event<SnapshotId>) => void;

/** Writes the host's record if it is another than the store's, or anyway; one at a time, the latest last. */
export function tellRecord(world: World, host: Host, life: Life, renew: boolean): void {
  if (world.setting.rollouts === null || !life.linked || life.ended !== "no") return;
  const every = tellMilliseconds(world);
  if (renew) {
    life.renewal();
    life.renewal = world.time.after(every, () => tellRecord(world, host, life, true));
  }
  const member = memberOf(host, life);
  const record = JSON.stringify(member);
  if (!renew && record === life.told) return;
  if (life.telling !== "no") {
    life.telling = renew || life.telling === "renew" ? "renew" : "again";
    return;
  }
  life.telling = "yes";
  const write = () => {
    if (world.lying) return false;
    writeRecordTo(world.redis, member, 3 * every, world.time.now());
    return true;
  };
  request<boolean>(world, host, write, (written) => {
    const { telling } = life;
    life.telling = "no";
    if (written === true) life.told = record;
    if (telling !== "yes") tellRecord(world, host, life, telling === "renew");
  });
}

function memberOf({ name, stages, canary }: Host, { state }: Life): FleetMember {
  const running = runningRelease(state.releases.kept);
  const { active } = state;
  return {
    instance: name,
    hash: active?.hash ?? null,
    state: running?.state ?? null,
    stages,
    canary,
  };
}

/** Reads the records, and then the store. */
export function readFleet(world: World, host: Host, life: Life, next: Next): void {
  begin(life);
  const answer = (event: Event<SnapshotId>) => {
    life.moving = false;
    next(event);
  };
  const timing = () => ({ at: clockOf(world, host), random: jitter(world) });
  const fail = () => answer({ kind: "fleet-answered", answer: { ok: false, reason: "timeout" }, ...timing() });
  const read = () =>
    world.lying ? { fleet: lieOfFleet(world), gathersMilliseconds: 0 } : { fleet: living(world), ...gathers(world) };
  request(world, host, read, (read) => {
    if (read === null) return fail();
    const { fleet } = read;
    const { stored } = life;
    request(world, host, () => ({ reply: headReply(world, stored), view: trueView(world) }), (served) => {
      const parsed = parseHeadReply(served?.reply ?? null, stored);
      if (served === null || (parsed?.kind !== "head" && parsed?.kind !== "none")) return fail();
      // A host takes nothing of an answer without its own record.
      if (fleet.some(({ instance }) => instance === host.name)) life.known = later(life.known, served.view);
      life.stored = parsed.head?.rollout ?? null;
      answer({ kind: "fleet-answered", answer: { ok: true, ...read, view: viewIn(parsed.head) }, ...timing() });
    });
  });
}

/** The content of the answer. */
function viewIn(head: StoredHead | null): StoreView {
  if (head === null) return { head: null, skips: [], stored: null, mark: null };
  const { generation, hash, skips, rollout, rolloutMark } = head;
  return { head: { generation, hash }, skips, stored: rollout, mark: rolloutMark };
}

function living({ redis, time }: World): readonly FleetMember[] {
  return [...redis.records.values()].filter(({ until }) => until > time.now()).map(({ member }) => member);
}

function gathers(world: World): { readonly gathersMilliseconds: number } {
  const { redis: { gathered }, time } = world;
  const age = gathered !== null && gathered.until > time.now() ? time.now() - gathered.since : 0;
  return { gathersMilliseconds: Math.max(0, gatherMilliseconds(world) - age) };
}

function begin(life: Life): void {
  assert(!life.moving, "at most one request about rollouts is under way");
  life.moving = true;
}

/** Asks for a move, before which the text of a proposal is put into the store. */
export function moveRollout(
  world: World,
  host: Host,
  life: Life,
  { move, isProposal }: { readonly move: RolloutMove; readonly isProposal: boolean },
  { next, tell }: { readonly next: Next; readonly tell: Tell },
): void {
  begin(life);
  const answer = (outcome: MoveOutcome) => {
    life.moving = false;
    next({ kind: "move-answered", answer: outcome, random: jitter(world) });
  };
  const fail = () => answer({ kind: "failed", reason: "timeout" });
  const isOrdered = life.state.rollouts?.order != null;
  const send = () => {
    const serve = () => {
      if (world.lying) return { reply: lieOfMove(world), view: "lies" as const };
      const before = viewOf(world.redis, world.time.now());
      const kind = moveIn(world.redis, move, world.time.now());
      const { to } = move;
      const place = `${to.phase}, ${to.counts[to.step]} of ${to.order.length}`;
      world.trace(`redis: ${host.name} moves ${shortOf(to.hash)} on ${shortOf(to.base)} to ${place}: ${kind}`);
      if (kind === "moved") {
        noteState(world, { kind: "moved", before, to, isProposal, isOrdered });
        publish(world, tell);
      } else if (kind === "late") world.rollouts.late++;
      else world.rollouts.lost++;
      return { reply: replyOf(world, kind, world.redis.head), view: trueView(world), before };
    };
    request(world, host, serve, (served) => {
      if (served === null) return fail();
      const { text, rollout } = textToStore(move.to);
      const parsed = parseMoveReply(served.reply, move, { rollout, mark: markOf(text), ageMilliseconds: 0 });
      assert(served.view === "lies" || parsed !== null, "what the store answers to a move can be read");
      if (parsed === null) return fail();
      life.known = later(life.known, served.view);
      life.replaced = parsed.kind === "moved" && "before" in served ? served.before : null;
      const { head, rollout: stored, kind } = parsed;
      answer({ kind, view: { ...viewIn(head), stored } });
      if (life.ended === "no") next({ kind: "heard" });
    });
  };
  if (!isProposal) return send();
  const { hash } = move.to;
  const content = textOf(host, life, hash);
  if (content === null) {
    const isStored = () => ({ isStored: !world.lying && world.redis.sources.has(hash) });
    return request(world, host, isStored, (found) => {
      if (found === null) fail();
      else if (found.isStored) send();
      else answer({ kind: "gone" });
    });
  }
  request(world, host, () => world.lying || world.redis.sources.set(hash, content).size > 0, (put) => {
    if (put === null) fail();
    else send();
  });
}

function textOf({ disk }: Host, { looked }: Life, hash: string): string | null {
  return looked !== null && hashOf(looked) === hash ? looked : disk.texts.get(hash) ?? null;
}

/** Counts the reports of rollouts. */
export function noteRollout({ rollouts, trace }: World, report: Report<SnapshotId>): void {
  if (report.kind === "held" && report.held.kind === "staged" && report.held.why === "late") {
    if (!report.repeated) rollouts.late++;
  }
  if (report.kind === "rollout-refused") {
    rollouts.refused++;
    trace(`${shortOf(report.hash)} is not proposed: ${report.reason}`);
  }
}
