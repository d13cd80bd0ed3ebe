// Bounds the replies of a server before the parser of ioredis gets them: it recurses as deep as arrays are nested, and
// keeps a string of any announced length. The guard scans RESP 2
// (https://redis.io/docs/latest/develop/reference/protocol-spec/) as the bytes arrive, and passes on only whole lines.
import { Buffer } from "node:buffer";
import { MAX_MESSAGE_BYTES } from "../announcement.ts";
import { MAX_PEERS, MAX_RECORD_BYTES } from "../peer_record.ts";
import { MAX_SOURCE_BYTES } from "../stored_source.ts";
import { MAX_NAME_BYTES } from "./redis_scripts.ts";

/** The bounds of one reply. */
export interface ReplyLimits {
  /** Of all its bytes. */
  readonly maxBytes: number;
  /** Of all its arrays together. */
  readonly maxElements: number;
  /** Of arrays within arrays. */
  readonly maxDepth: number;
  /** A longer string is cut off there; null: no string is. */
  readonly maxStringBytes: number | null;
  /**
   * Whether strings are passed on in one piece. Of a large one in pieces the parser of ioredis holds three times as
   * much for seconds, in a buffer that it uses again. Default: false.
   */
  readonly wholeStrings?: boolean;
}

/** The bytes to pass on, or the end of a message that begins with "Redis (HOST) sent". */
export type Scanned =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly what: string };

/** The largest reply has a name, a record and two lengths for each peer. HELLO nests the arguments of its modules. */
export const ANSWER_LIMITS: ReplyLimits = {
  maxBytes: MAX_PEERS * (MAX_NAME_BYTES + MAX_RECORD_BYTES + 64),
  maxElements: 2 * MAX_PEERS + 1_024,
  maxDepth: 8,
  maxStringBytes: null,
};

/** For the connection of a transfer: one source with its first byte, and one byte more. */
export const SOURCE_LIMITS: ReplyLimits = {
  maxBytes: MAX_SOURCE_BYTES + 64,
  maxElements: 1_024,
  maxDepth: 8,
  maxStringBytes: null,
  wholeStrings: true,
};

/**
 * For the connection of the subscription. Any client can publish a long message, which must not cut the connection: the
 * guard shortens it to a length that no valid message has.
 */
export const MESSAGE_LIMITS: ReplyLimits = {
  maxBytes: 64 * 1024,
  maxElements: 1_024,
  maxDepth: 8,
  maxStringBytes: MAX_MESSAGE_BYTES + 1,
};

/** For an error or a status; Redis itself shortens the arguments that it quotes. */
const MAX_LINE_BYTES = 16 * 1024;
const CR = 0x0d;
const LF = 0x0a;
const NOTHING = Buffer.alloc(0);
const TYPES = new Set(Buffer.from("+-:$*"));
/** The first byte of a TLS record that holds an alert (RFC 8446, section 5.1). */
const TLS_ALERT = 0x15;

/** The advice after a reply that Redis does not send to an instance. */
const DOUBT = "is this address a Redis?";
/** A reply to no request, or of a form that its request does not have. */
export const UNASKED = `an answer that it was not asked for: ${DOUBT}`;
const OTHER = `something else than its protocol: ${DOUBT}`;

/** The state of a scan within a reply. */
interface Position {
  /** How many elements each open array still lacks, the outermost first. */
  readonly lacking: number[];
  bytes: number;
  elements: number;
  /** Remaining bytes of a string to pass on, to leave out, and of the line break after it: 0 outside of a string. */
  kept: number;
  dropped: number;
  ending: number;
}

/** The line to pass on instead (null: the line itself), or the fault of the line. */
type ReadLine = { readonly instead: Buffer | null } | { readonly what: string };

/** Takes the next bytes of a connection. After a refusal the connection must be cut. */
export type ReplyScan = (chunk: Buffer) => Scanned;

/** Starts the scan of a new connection. */
export function replyGuard(limits: ReplyLimits): ReplyScan {
  const position: Position = { lacking: [], bytes: 0, elements: 0, kept: 0, dropped: 0, ending: 0 };
  let held: Buffer = NOTHING;
  /** To pass on, in their order. */
  let parts: Buffer[] = [];
  return (chunk) => {
    let from = 0;
    let at = 0;
    /** Passes on the bytes up to `at` and continues at `next`. */
    const passUpTo = (next: number) => {
      if (at > from) parts.push(chunk.subarray(from, at));
      from = at = next;
    };
    while (at < chunk.length) {
      if (position.ending > 0) {
        const length = Math.min(position.kept || position.dropped || 1, chunk.length - at);
        if (position.kept > 0) position.kept -= length;
        else if (position.dropped > 0) {
          position.dropped -= length;
          passUpTo(at + length);
          continue;
        } else if (!endsString(position, chunk[at]!)) return { ok: false, what: OTHER };
        at += length;
        continue;
      }
      if (held.length === 0 && !TYPES.has(chunk[at]!)) return { ok: false, what: unexpectedBytes(chunk.subarray(at)) };
      const end = firstOf(chunk, LF, at) + 1;
      const rest = chunk.subarray(at, end === 0 ? undefined : end);
      const line = held.length === 0 ? rest : Buffer.concat([held, rest]);
      if (line.length > MAX_LINE_BYTES) {
        return { ok: false, what: `a line of more than ${MAX_LINE_BYTES} bytes: ${DOUBT}` };
      }
      if (end === 0) {
        held = line;
        break;
      }
      const read = readLine(position, line, limits);
      if ("what" in read) return { ok: false, what: read.what };
      if (held.length > 0 || read.instead !== null) {
        passUpTo(end);
        parts.push(read.instead ?? line);
      }
      at = end;
      held = NOTHING;
    }
    passUpTo(chunk.length);
    if (limits.wholeStrings === true && position.ending > 0) return { ok: true, bytes: NOTHING };
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    return { ok: true, bytes };
  };
}

/**
 * Buffer's own `indexOf` and copies of lines would take longer than all the rest: a flood has seven lines for each
 * message.
 */
function firstOf(bytes: Buffer, byte: number, from = 0): number {
  return Uint8Array.prototype.indexOf.call(bytes, byte, from);
}

/** Names the protocols that a wrong port or a missing ssl=true often leads to. */
function unexpectedBytes(bytes: Buffer): string {
  if (bytes[0] === TLS_ALERT) return "TLS: write ssl=true or rediss:// in the connection string";
  return bytes.subarray(0, 5).toString("latin1") === "HTTP/" ? `HTTP: ${DOUBT}` : OTHER;
}

/** The parser of ioredis ends a line at its first CR, so a line must have no other. */
function readLine(position: Position, line: Buffer, limits: ReplyLimits): ReadLine {
  if (firstOf(line, CR) !== line.length - 2) return { what: OTHER };
  position.bytes += line.length;
  if (position.bytes > limits.maxBytes) return { what: `a reply of more than ${limits.maxBytes} bytes: ${DOUBT}` };
  const text = line.toString("latin1", 1, line.length - 2);
  switch (String.fromCharCode(line[0]!)) {
    case "+":
    case "-":
      return completed(position);
    case ":":
      return /^-?\d{1,20}$/.test(text) ? completed(position) : { what: OTHER };
    case "$":
      return readString(position, text, limits);
    default:
      return readArray(position, text, limits);
  }
}

function readString(position: Position, text: string, { maxBytes, maxStringBytes }: ReplyLimits): ReadLine {
  const length = lengthIn(text);
  if (length === null) return { what: OTHER };
  if (length < 0) return completed(position);
  position.kept = maxStringBytes === null ? length : Math.min(length, maxStringBytes);
  position.dropped = length - position.kept;
  position.ending = 2;
  position.bytes += position.kept;
  if (position.bytes > maxBytes) return { what: `a reply of more than ${maxBytes} bytes: ${DOUBT}` };
  return { instead: position.dropped === 0 ? null : Buffer.from(`$${position.kept}\r\n`) };
}

function readArray(position: Position, text: string, limits: ReplyLimits): ReadLine {
  const length = lengthIn(text);
  if (length === null) return { what: OTHER };
  if (length <= 0) return completed(position);
  position.elements += length;
  if (position.elements > limits.maxElements) {
    return { what: `a reply of more than ${limits.maxElements} elements: ${DOUBT}` };
  }
  if (position.lacking.length === limits.maxDepth) {
    return { what: `a reply nested deeper than ${limits.maxDepth}: ${DOUBT}` };
  }
  position.lacking.push(length);
  return { instead: null };
}

/** The length of a string or an array; -1: null of RESP; null: malformed. */
function lengthIn(text: string): number | null {
  return /^(?:-1|\d{1,15})$/.test(text) ? Number(text) : null;
}

/** Takes one byte of the line break after a string. */
function endsString(position: Position, byte: number): boolean {
  if (byte !== (position.ending === 2 ? CR : LF)) return false;
  position.ending--;
  if (position.ending === 0) completed(position);
  return true;
}

/** Ends an element, and each array of which it is the last one. */
function completed(position: Position): ReadLine {
  const { lacking } = position;
  while (lacking.length > 0 && --lacking[lacking.length - 1]! === 0) lacking.pop();
  if (lacking.length === 0) position.bytes = position.elements = 0;
  return { instead: null };
}
