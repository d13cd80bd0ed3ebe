// A line of the journal: one event as JSON, with its number and the SHA-256 of the line before it. Texts
// are bounded and hold no control character.
import { createHash } from "node:crypto";
import * as z from "zod";
import { oneLine } from "../agreement/one_line.ts";

/**
 * The kinds of lines. The journal itself writes two of them. `recovered`: it removed or completed a torn last line, or
 * found its file altered. `lost`: lines are missing because the file could not be written for too long.
 */
export type JournalKind =
  | "started"
  | "activated"
  | "rejected"
  | "held"
  | "rolled-back"
  | "confirmed"
  | "hold"
  | "hold-released"
  | "forced"
  | "approved"
  | "emergency"
  | "healthy"
  | "unhealthy"
  | "baking"
  | "proposed"
  | "published"
  | "rollout"
  | "recovered"
  | "lost";

/** An event for the journal. A member that is left out is not known, or does not apply. */
export interface JournalEntry {
  readonly kind: JournalKind;
  /** The number of the host's release. */
  readonly release?: number | null;
  /** Of the release, or of the rejected configuration. */
  readonly hash?: string | null;
  /** The person or the cause. */
  readonly who?: string | null;
  /** Without secrets. */
  readonly why?: string | null;
  /** How it ended: one word or two. */
  readonly outcome?: string | null;
}

/** A line as it is read. */
export interface JournalLine {
  /** Counts the lines, from 1. */
  readonly n: number;
  /** ISO 8601. */
  readonly at: string;
  /** A {@linkcode JournalKind}, or one of a later version. */
  readonly kind: string;
  readonly release: number | null;
  readonly hash: string | null;
  readonly who: string | null;
  readonly why: string | null;
  readonly outcome: string | null;
  /** SHA-256 in hex of the bytes of the line before, without its newline; of the first line {@linkcode NO_DIGEST}. */
  readonly before: string;
}

/** Number and digest of a line: with it the line and all before it are fixed. */
export interface JournalTail {
  readonly n: number;
  /** SHA-256 in hex of the line's bytes, without its newline. */
  readonly digest: string;
}

/** The digest before the first line. */
export const NO_DIGEST = "0".repeat(64);

/** A longer line is no line; one of {@linkcode lineBytes} has 3 KiB at the most. */
export const MAX_LINE_BYTES = 4_096;

const MAX_WHO_LENGTH = 200;
const MAX_WHY_LENGTH = 300;
const MAX_OUTCOME_LENGTH = 100;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const text = (maxLength: number) => z.string().max(maxLength).nullable();

/** Unknown members are left out: a later version may write more. */
const lineSchema = z.object({
  n: z.int().min(1),
  at: z.iso.datetime(),
  kind: z.string().regex(/^[a-z][a-z-]{0,30}$/),
  release: z.int().min(0).nullable(),
  hash: digest.nullable(),
  who: text(MAX_WHO_LENGTH),
  why: text(MAX_WHY_LENGTH),
  outcome: text(MAX_OUTCOME_LENGTH),
  before: digest,
});

/** Makes the bytes of the next line, without its newline. `at` is in milliseconds since 1970. */
export function lineBytes(entry: JournalEntry, at: number, newest: JournalTail | null): Uint8Array {
  const line: JournalLine = {
    n: (newest?.n ?? 0) + 1,
    at: new Date(at).toISOString(),
    kind: entry.kind,
    release: entry.release ?? null,
    hash: entry.hash ?? null,
    who: lineOrNull(entry.who, MAX_WHO_LENGTH),
    why: lineOrNull(entry.why, MAX_WHY_LENGTH),
    outcome: lineOrNull(entry.outcome, MAX_OUTCOME_LENGTH),
    before: newest?.digest ?? NO_DIGEST,
  };
  return new TextEncoder().encode(JSON.stringify(line));
}

/** Parses the bytes of a line without its newline; null: it is not one. */
export function parseLine(bytes: Uint8Array): JournalLine | null {
  if (bytes.length > MAX_LINE_BYTES) return null;
  try {
    const parsed = lineSchema.safeParse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The digest that the next line carries. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function lineOrNull(text: string | null | undefined, maxLength: number): string | null {
  return text === null || text === undefined ? null : oneLine(text, maxLength);
}
