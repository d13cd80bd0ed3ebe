// Bounds what a server sends before the parser of ioredis has it, which recurses as deep as an array is nested, and keeps
// a string of any announced length. It scans the protocol (RESP 2,
// https://redis.io/docs/latest/develop/reference/protocol-spec/) as the bytes come and passes on only whole lines.
import { Buffer } from "node:buffer";
import { MAX_MESSAGE_BYTES } from "./announcement.ts";
import { MAX_RECORD_BYTES } from "./peers.ts";
import { MAX_NAME_BYTES, MAX_PEERS } from "./redis_scripts.ts";

/** The most that one reply may be. */
export interface ReplyLimits {
  /** Of all its bytes. */
  readonly maxBytes: number;
  /** Of all its arrays together. */
  readonly maxElements: number;
  /** Arrays within arrays. */
  readonly maxDepth: number;
  /** A longer string is cut off there; null: none is. */
  readonly maxStringBytes: number | null;
}

/** The bytes to pass on, or what is wrong with them: "Redis (HOST) sent …". */
export type Scanned =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly what: string };

/** The largest answer has all peers: a name, a record and their lengths for each. HELLO nests its modules' arguments. */
export const ANSWER_LIMITS: ReplyLimits = {
  maxBytes: MAX_PEERS * (MAX_NAME_BYTES + MAX_RECORD_BYTES + 64),
  maxElements: 2 * MAX_PEERS + 1_024,
  maxDepth: 8,
  maxStringBytes: null,
};

/**
 * For the connection that hears messages. Everyone who may publish can send a long one, so it cuts no connection: what is
 * left of it is too long for a message all the same.
 */
export const MESSAGE_LIMITS: ReplyLimits = {
  maxBytes: 64 * 1024,
  maxElements: 1_024,
  maxDepth: 8,
  maxStringBytes: MAX_MESSAGE_BYTES + 1,
};

/** Of an error or a status; Redis itself shortens the words that it quotes. */
const MAX_LINE_BYTES = 16 * 1024;
const CR = 0x0d;
const LF = 0x0a;
const NOTHING = Buffer.alloc(0);
const TYPES = new Set(Buffer.from("+-:$*"));
/** The first byte of a TLS record that holds an alert (RFC 8446, section 5.1). */
const TLS_ALERT = 0x15;

/** Follows what no Redis sends to an instance. */
export const DOUBT = "is this address a Redis?";
/** What an answer of an unexpected form is, and one to nothing that was asked. */
export const UNASKED = `an answer that it was not asked for: ${DOUBT}`;
const OTHER = `something else than its protocol: ${DOUBT}`;

/** Where in a reply the scan is. */
interface Position {
  /** How many elements each open array still lacks, the outermost first. */
  readonly lacking: number[];
  bytes: number;
  elements: number;
  /** Of a string: the bytes to pass on, those to leave out, and those of the line break behind it. */
  kept: number;
  dropped: number;
  ending: number;
}

/** A line that was read: what to pass on in its place (null: itself), or what is wrong with it. */
type ReadLine = { readonly instead: Buffer | null } | { readonly what: string };

/** Takes the next bytes of a connection. After a refusal the connection must be cut. */
export type ReplyScan = (chunk: Buffer) => Scanned;

/** Makes a scan of one connection's bytes. */
export function replyGuard(limits: ReplyLimits): ReplyScan {
  const position: Position = { lacking: [], bytes: 0, elements: 0, kept: 0, dropped: 0, ending: 0 };
  let held: Buffer = NOTHING;
  return (chunk) => {
    const parts: Buffer[] = [];
    let from = 0;
    let at = 0;
    /** Passes on what was not passed on yet, up to `at`, and goes on behind `next`. */
    const passUpTo = (next: number) => {
      if (at > from) parts.push(chunk.subarray(from, at));
      from = at = next;
    };
    while (at < chunk.length) {
      if (position.kept > 0 || position.dropped > 0 || position.ending > 0) {
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
      if (held.length === 0 && !TYPES.has(chunk[at]!)) return { ok: false, what: strange(chunk.subarray(at)) };
      const end = chunk.indexOf(LF, at) + 1;
      const line = Buffer.concat([held, chunk.subarray(at, end === 0 ? undefined : end)]);
      if (line.length > MAX_LINE_BYTES) {
        return { ok: false, what: `a line of more than ${MAX_LINE_BYTES} bytes: ${DOUBT}` };
      }
      if (end === 0) {
        passUpTo(chunk.length);
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
    return { ok: true, bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
  };
}

/** What is not RESP, named where a wrong port or a wrong option leads to it often. */
function strange(bytes: Buffer): string {
  if (bytes[0] === TLS_ALERT) return "TLS: write ssl=true or rediss:// in the connection string";
  return bytes.subarray(0, 5).toString("latin1") === "HTTP/" ? `HTTP: ${DOUBT}` : OTHER;
}

/** The parser takes the first CR for the end of a line, so none may stand elsewhere. */
function readLine(position: Position, line: Buffer, limits: ReplyLimits): ReadLine {
  if (line.indexOf(CR) !== line.length - 2) return { what: OTHER };
  position.bytes += line.length;
  if (position.bytes > limits.maxBytes) return { what: `a reply of more than ${limits.maxBytes} bytes: ${DOUBT}` };
  const text = line.toString("latin1", 1, Math.min(line.length - 2, 32));
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

/** Of a string or an array; -1: there is none. */
function lengthIn(text: string): number | null {
  return /^(?:-1|\d{1,15})$/.test(text) ? Number(text) : null;
}

/** The line break behind a string, of which one byte came. */
function endsString(position: Position, byte: number): boolean {
  if (byte !== (position.ending === 2 ? CR : LF)) return false;
  position.ending--;
  if (position.ending === 0) completed(position);
  return true;
}

/** An element is whole, and with it each array of which it was the last one. */
function completed(position: Position): ReadLine {
  const { lacking } = position;
  while (lacking.length > 0 && --lacking[lacking.length - 1]! === 0) lacking.pop();
  if (lacking.length === 0) position.bytes = position.elements = 0;
  return { instead: null };
}
