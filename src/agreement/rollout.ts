// The rollout that the store keeps beside the head: which release is on its way, which hosts are let in, and how far it
// is. Any client can write there, so its text is bounded and parsed strictly. Hosts change it by compare-and-set only.
import { createHash } from "node:crypto";
import * as z from "zod";
import { type Head, isHash } from "./head.ts";
import { oneLine } from "./one_line.ts";
import type { Skip } from "./skip.ts";

/**
 * `awaiting-approval`: nobody is let in before a host has verified the approvals; `admitting`: the hosts of the step
 * are to run the candidate and become healthy; `baking`: they are, and stay watched; `paused`, `halted`: nobody else is
 * let in before a person says so; `rolled-back`, `withdrawn`: it is over, and all hosts run the head.
 */
export const ROLLOUT_PHASES = [
  "awaiting-approval",
  "admitting",
  "baking",
  "paused",
  "halted",
  "rolled-back",
  "withdrawn",
] as const;
/** How far a rollout is; see {@linkcode ROLLOUT_PHASES}. */
export type RolloutPhase = typeof ROLLOUT_PHASES[number];

/** A release on its way through the fleet. */
export interface Rollout {
  /** Of the candidate. */
  readonly hash: string;
  /** The head's hash when the rollout was proposed: with another head it is void, with its own hash as head done. */
  readonly base: string;
  /**
   * Of that head: with another one the rollout is void although the hash is the same, as after a way back. Absent: any.
   */
  readonly baseGeneration?: number | undefined;
  /** The name of the instance that proposed it. */
  readonly by: string;
  /** Null: not known. */
  readonly author: string | null;
  /** One masked line; null: none was given. */
  readonly reason: string | null;
  /** The moment of the proposal in ISO 8601, by the clock of its host: only for people. */
  readonly at: string;
  /** The hosts by their {@linkcode rankId}, the first to be let in first. Frozen at the proposal. */
  readonly order: readonly string[];
  /** The hosts that were left out when a person went on without them, by their ids; absent: none was. */
  readonly left?: readonly string[] | undefined;
  /** How many hosts each step lets in, ascending; the last is all of `order`. */
  readonly counts: readonly number[];
  /** The index in `counts` of the step that it is at. */
  readonly step: number;
  readonly phase: RolloutPhase;
  readonly bakeSeconds: number;
  /** The longest wait for the hosts of a step. */
  readonly deadlineSeconds: number;
  readonly onFailure: "rollback" | "halt";
  /** Why it is paused, halted or over, one masked line with the name of the host or person; null: it is not. */
  readonly why: string | null;
  /** Hashes that earlier rollouts left behind, the latest last: a file with one of them is a late copy. */
  readonly earlier: readonly string[];
}

/** A rollout as the store has it. */
export interface StoredRollout {
  readonly rollout: Rollout;
  /** SHA-1 of its text in hex, by which a move names the rollout that it is based on. */
  readonly mark: string;
  /** The time since its last move, by the store's clock. */
  readonly ageMilliseconds: number;
}

/** The request to replace the rollout. */
export interface RolloutMove {
  /** The head on which the move was decided; another one refuses it. */
  readonly head: Head;
  /** Of the text on which the move was decided, also of one that is no rollout; null: there was none. */
  readonly mark: string | null;
  readonly to: Rollout;
  /**
   * For a proposal the generation that the instance agreed with last, 0: none: if the candidate's hash was the head of
   * a later one, the file is a late copy. Null: the candidate is the previous one.
   */
  readonly since: number | null;
  /** Skips to add to the store's, in the same step. */
  readonly skips: readonly Skip[];
}

/** The answer to a move, with the store's rollout after it. */
export type MoveAnswer<H extends Head = Head> =
  | { readonly kind: "moved"; readonly head: H; readonly rollout: StoredRollout }
  /** The candidate's hash was the head since. */
  | { readonly kind: "late"; readonly head: H; readonly rollout: StoredRollout | null }
  /** Head or rollout are others than the move was decided on, or a proposal is of a skipped hash. */
  | { readonly kind: "refused"; readonly head: H | null; readonly rollout: StoredRollout | null }
  /** It is not known whether it was made. `reason` is one line without secrets. */
  | { readonly kind: "failed"; readonly reason: string };

/** The most hosts in the order; as many as the records of peers that are read. */
export const MAX_ORDER = 1_000;
export const MAX_EARLIER = 16;
export const MAX_ROLLOUT_TEXT_LENGTH = 200;
/** The longest text of a rollout: the order has 12 bytes a host, the counts at most 5. */
export const MAX_ROLLOUT_BYTES = 32 * 1024;

const ID_LENGTH = 12;
const line = (maxLength: number) => z.string().max(maxLength).regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u);
const text = line(MAX_ROLLOUT_TEXT_LENGTH).nullable();
const hash = z.custom<string>(isHash);

const ids = z.string().regex(/^(?:[0-9a-f]{12}){1,1000}$/).transform((text) => text.match(/.{12}/g)!)
  .refine((all) => new Set(all).size === all.length);

/** Unknown members are left out: a later version may write more. */
const schema = z.object({
  hash,
  base: hash,
  baseGeneration: z.int().min(0).optional(),
  by: line(128),
  author: text,
  reason: text,
  at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/),
  order: ids,
  left: ids.optional(),
  counts: z.array(z.int().min(1).max(MAX_ORDER)).min(1).max(MAX_ORDER),
  step: z.int().min(0),
  phase: z.enum(ROLLOUT_PHASES),
  bakeSeconds: z.int().min(0).max(7 * 86_400),
  deadlineSeconds: z.int().min(1).max(7 * 86_400),
  onFailure: z.enum(["rollback", "halt"]),
  why: text,
  earlier: z.array(hash).max(MAX_EARLIER),
}).refine(({ counts, order, step, hash, base }) =>
  step < counts.length && counts.at(-1) === order.length && hash !== base &&
  counts.every((count, index) => index === 0 || count > counts[index - 1]!)
);

/**
 * The id of an instance in the order of a release: it decides the place of the instance, and fits 1,000 into a text.
 */
export function rankId(hash: string, instance: string): string {
  return createHash("sha256").update(`${hash}\0${instance}`).digest("hex").slice(0, ID_LENGTH);
}

/** Makes the text of a rollout. Texts of people are cut, and control characters in them become spaces. */
export function rolloutText(rollout: Rollout): string {
  const { hash, base, baseGeneration, by, author, reason, at, order, left, counts, step, phase, why, earlier } =
    rollout;
  const { bakeSeconds, deadlineSeconds, onFailure } = rollout;
  const texts = {
    by: oneLine(by, 128),
    author: optionalLine(author),
    reason: optionalLine(reason),
    why: optionalLine(why),
  };
  const policy = { bakeSeconds, deadlineSeconds, onFailure };
  const change = { hash, base, baseGeneration, ...texts, at };
  return JSON.stringify({
    ...change,
    order: order.join(""),
    left: left?.join(""),
    counts,
    step,
    phase,
    ...policy,
    earlier,
  });
}

/** Parses the text of a rollout; null: it is not one, which counts as if there were none. */
export function parseRollout(found: unknown): Rollout | null {
  if (typeof found !== "string" || found.length > MAX_ROLLOUT_BYTES) return null;
  let json: unknown;
  try {
    json = JSON.parse(found);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

/** The mark of a text. */
export function markOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/** Whether hosts may run the candidate, and the rollout can go on: it is neither over, done, void nor skipped. */
export function isUnderWay(
  { phase, hash, base, baseGeneration }: Rollout,
  head: Head | null,
  skips: readonly Skip[],
): boolean {
  const isOver = phase === "rolled-back" || phase === "withdrawn";
  const isOnBase = head?.hash === base && (baseGeneration === undefined || head.generation === baseGeneration);
  return !isOver && isOnBase && !skips.some((one) => one.hash === hash);
}

/** The place of an instance in the order, from 0 on; -1: it was not there when the rollout was proposed. */
export function rankOf({ hash, order }: Rollout, instance: string): number {
  return order.indexOf(rankId(hash, instance));
}

/** Whether the step lets the instance in. */
export function isLetIn(rollout: Rollout, instance: string): boolean {
  const rank = rankOf(rollout, instance);
  return rollout.phase !== "awaiting-approval" && rank !== -1 && rank < rollout.counts[rollout.step]!;
}

function optionalLine(text: string | null): string | null {
  return text === null ? null : oneLine(text, MAX_ROLLOUT_TEXT_LENGTH);
}
