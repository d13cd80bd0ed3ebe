// What goes over the channel: at most 100 bytes that say which generation became which hash, or, from older Honua
// servers, a path. Anything may arrive there; it is bounded, parsed strictly, and never more than a hint.
import { isGeneration } from "../agreement/head.ts";

/** A message as it was understood. */
export type Message =
  /** `own`: this instance sent it. */
  | {
    readonly kind: "announcement";
    readonly generation: number;
    readonly hash: string;
    readonly by: string;
    readonly own: boolean;
  }
  /** All shall look again. The path is shown and never opened. `own`: this instance asked for it, as far as it can tell. */
  | { readonly kind: "look-again"; readonly path: string; readonly own: boolean }
  /** Neither; `why` quotes nothing of it. */
  | { readonly kind: "invalid"; readonly why: string };

/** The most that a message may weigh: as long as a path may be on Linux (PATH_MAX, limits.h). */
export const MAX_MESSAGE_BYTES = 4_096;

const ANNOUNCEMENT = /^v1 ([1-9][0-9]{0,15}) ([0-9a-f]{64}) ([0-9a-f]{12})$/;

/**
 * How a process is called in messages, in the head and in its record: 12 random hex digits, for two processes may have one
 * name, and a process that takes the other's message for its own would not heed it.
 */
export function newIncarnation(): string {
  return crypto.getRandomValues(new Uint8Array(6)).toHex();
}

/**
 * The message that makes others look: `v1 <generation> <hash> <id>`, at most 97 bytes.
 *
 * @throws {RangeError} where {@linkcode parseMessage} would not understand it, which is a bug of the caller.
 */
export function announcementText(generation: number, hash: string, id: string): string {
  const text = `v1 ${generation} ${hash} ${id}`;
  if (!ANNOUNCEMENT.test(text) || !isGeneration(generation)) {
    throw new RangeError("an announcement takes a generation, 64 hex digits and 12");
  }
  return text;
}

/**
 * Understands what arrived. A text may be given too, for what is no text on the wire bytes are the better choice: their
 * encoding is checked. A path is what looks like one: it holds a separator or ends as a configuration's name does. It does
 * not say who sent it, so it counts as another's; whoever sent it knows better.
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
