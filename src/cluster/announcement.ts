// The messages of the channel: at most 100 bytes with a generation and its hash or, from older Honua servers, a path.
// Any client can publish there, so a message is bounded, parsed strictly, and never more than a hint.
import { isGeneration } from "../agreement/head.ts";

/** A parsed message. */
export type Message =
  /** `own`: this instance sent it. */
  | {
    readonly kind: "announcement";
    readonly generation: number;
    readonly hash: string;
    readonly by: string;
    readonly own: boolean;
  }
  /**
   * Every instance must look again. The path is shown and never opened. `own`: this instance sent it, as far as known.
   */
  | { readonly kind: "look-again"; readonly path: string; readonly own: boolean }
  /** Neither of them; `why` quotes nothing of the message. */
  | { readonly kind: "invalid"; readonly why: string };

/** The longest message: as long as a path may be on Linux (PATH_MAX, limits.h). */
export const MAX_MESSAGE_BYTES = 4_096;

const ANNOUNCEMENT = /^v1 ([1-9][0-9]{0,15}) ([0-9a-f]{64}) ([0-9a-f]{12})$/;

/**
 * Returns an id for this process in messages, in the head and in its record: 12 random hex digits. Two processes may
 * have one name, and a process that took the other's message for its own would ignore it.
 */
export function newIncarnation(): string {
  return crypto.getRandomValues(new Uint8Array(6)).toHex();
}

/**
 * Returns the message that makes other instances look: `v1 <generation> <hash> <id>`, at most 97 bytes.
 *
 * @throws {RangeError} if {@linkcode parseMessage} would reject the message, which is a bug of the caller.
 */
export function announcementText(generation: number, hash: string, id: string): string {
  const text = `v1 ${generation} ${hash} ${id}`;
  if (!ANNOUNCEMENT.test(text) || !isGeneration(generation)) {
    throw new RangeError("an announcement takes a generation, 64 hex digits and 12");
  }
  return text;
}

/**
 * Parses a message. The encoding is checked only of bytes, so pass the bytes of the wire. A text that holds a separator
 * or ends as a configuration's name does is a path. A path does not name its sender, so `own` is false: only the sender
 * can recognise it.
 *
 * @param ownId this process's incarnation.
 */
export function parseMessage(message: Uint8Array | string, ownId: string): Message {
  if (message.length > MAX_MESSAGE_BYTES) return invalid("It is too long");
  const text = typeof message === "string" ? wellFormed(message) : decoded(message);
  if (text === null) return invalid("It is not UTF-8");
  if (text === "") return invalid("It is empty");
  if (/^v[0-9]+ /.test(text)) return parseAnnouncement(text, ownId);
  if (/\p{Cc}/u.test(text)) return invalid("It holds control characters");
  if (new TextEncoder().encode(text).length > MAX_MESSAGE_BYTES) return invalid("It is too long");
  if (/[/\\]|\.(?:hcl|honua|json)$/i.test(text)) return { kind: "look-again", path: text, own: false };
  return invalid("It is neither an announcement nor a path");
}

function parseAnnouncement(text: string, ownId: string): Message {
  const match = ANNOUNCEMENT.exec(text);
  const generation = Number(match?.[1]);
  if (match === null || !isGeneration(generation)) {
    return invalid(text.startsWith("v1 ") ? "It is a malformed announcement" : "It is of a version that is not known");
  }
  const by = match[3]!;
  return { kind: "announcement", generation, hash: match[2]!, by, own: by === ownId };
}

function invalid(why: string): Message {
  return { kind: "invalid", why };
}

function wellFormed(text: string): string | null {
  return text.isWellFormed() ? text : null;
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
