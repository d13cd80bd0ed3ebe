// The scripts' effects of announcements and of moves of the rollout, with a memory of all heads, so that writes can be
// lost.
import { judgeAnnouncement } from "../../src/agreement/announcing.ts";
import { MAX_GENERATION } from "../../src/agreement/head.ts";
import { judgeMove, textToStore } from "../../src/agreement/moving.ts";
import { markOf, parseRollout, type Rollout, type RolloutMove } from "../../src/agreement/rollout.ts";
import type { Skip } from "../../src/agreement/skip.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import type { FleetMember } from "../../src/rollout/rollouts.ts";
import type { StoreView } from "../../src/rollout/staging.ts";

/** The head as it is stored. */
export interface StoredHead {
  readonly generation: number;
  readonly hash: string;
  /** The instance that announced it. */
  readonly by: string;
  readonly skips: readonly Skip[];
  /** Null: there is none. */
  readonly rollout: {
    readonly text: string;
    /** The moment of the last move by the clock of Redis. */
    readonly at: number;
    /** Of the text. */
    readonly mark: string;
    /** The meaning of the text; null: it is no rollout. */
    readonly meant: Rollout | null;
  } | null;
}

/** One Redis. */
export interface RedisModel {
  head: StoredHead | null;
  /** Heads that a failover may come back to, the latest last. */
  readonly past: (StoredHead | null)[];
  /** The contents of releases, by their hash. */
  readonly sources: Map<string, string>;
  /** The records of the instances, by their names. */
  readonly records: Map<string, { readonly member: FleetMember; readonly until: number }>;
  /** Since when there were records without a gap, and when they end if none is written; null: there are none. */
  gathered: { readonly since: number; readonly until: number } | null;
  /** How often writes were lost. */
  losses: number;
  /** When all of them were lost last. */
  emptiedAt: number;
}

/** The outcome of an announcement. */
export type Verdict = {
  readonly kind: "accepted" | "same" | "refused" | "lost";
  readonly head: StoredHead | null;
};

/** An empty Redis. */
export function emptyRedis(): RedisModel {
  return { head: null, past: [], sources: new Map(), records: new Map(), gathered: null, losses: 0, emptiedAt: 0 };
}

/** Takes an announcement, or not, by the rules of the announcing script. */
export function announceTo(redis: RedisModel, request: Announcement, by: string): Verdict {
  const { head } = redis;
  const heads = head === null ? [] : [...redis.past.filter((one) => one !== null), head];
  const verdict = judgeAnnouncement(heads, head?.skips ?? [], request);
  if (verdict.kind === "same") redis.head = { ...head!, skips: verdict.skips };
  if (verdict.kind !== "write") return { kind: verdict.kind, head: redis.head };
  redis.past.push(head);
  const rollout = head?.rollout ?? null;
  redis.head = { generation: verdict.generation, hash: request.hash, by, skips: verdict.skips, rollout };
  return { kind: "accepted", head: redis.head };
}

/** Moves the rollout, or not, by the rules of the moving script. Losing a write takes a move back too. */
export function moveIn(redis: RedisModel, move: RolloutMove, at: number): "moved" | "late" | "refused" {
  const { head } = redis;
  const heads = head === null ? [] : [...redis.past.filter((one) => one !== null), head];
  const mark = head?.rollout?.mark ?? null;
  const verdict = judgeMove(heads, mark, head?.skips ?? [], move);
  if (verdict.kind !== "write") return verdict.kind;
  redis.past.push(head);
  redis.head = { ...head!, skips: verdict.skips, rollout: writtenOf(textToStore(move.to).text, at) };
  return "moved";
}

/** Writes the record of an instance, with a life. */
export function writeRecordTo(redis: RedisModel, member: FleetMember, lifeMilliseconds: number, at: number): void {
  const until = at + lifeMilliseconds;
  redis.records.set(member.instance, { member, until });
  const since = redis.gathered !== null && redis.gathered.until > at ? redis.gathered.since : at;
  redis.gathered = { since, until: at + lifeMilliseconds / 2 };
}

/** A failover to a replica that lacks the last writes; more than there were is a restart without any. */
export function loseWrites(redis: RedisModel, count: number, at: number = 0): void {
  // In the last generation nobody sees a loss: a lie about it has this cost until the next edit.
  if (redis.head === null || redis.head.generation === MAX_GENERATION) return;
  redis.losses++;
  let head: StoredHead | null = redis.head;
  for (let lost = 0; lost < count && head !== null; lost++) head = redis.past.pop() ?? null;
  redis.head = head;
  if (head !== null) return;
  redis.past.length = 0;
  redis.sources.clear();
  redis.records.clear();
  redis.gathered = null;
  redis.emptiedAt = at;
}

/** A reader's parse of the stored text, at that time. */
export function viewOf({ head }: RedisModel, now: number): StoreView {
  if (head === null) return { head: null, skips: [], stored: null, mark: null };
  const { generation, hash, skips, rollout } = head;
  const stored = rollout?.meant
    ? { rollout: rollout.meant, mark: rollout.mark, ageMilliseconds: now - rollout.at }
    : null;
  return { head: { generation, hash }, skips, stored, mark: rollout?.mark ?? null };
}

/** A text in the place of the rollout. */
export function writtenOf(text: string, at: number): NonNullable<StoredHead["rollout"]> {
  return { text, at, mark: markOf(text), meant: parseRollout(text) };
}
