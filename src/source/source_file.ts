// Reads a source once and with a bound: the hashed bytes are the decoded bytes, and never more than the limit, for any
// kind of file and also if it changes meanwhile. A fault of a file is a diagnostic, not an exception.
import * as fs from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { type Diagnostic, type DiagnosticDetails, errorDiagnostic, type Place } from "../diagnostic/diagnostic.ts";
import { positionAt, sourceText } from "../diagnostic/range.ts";
import { type FileStat, NotAFileError, type OpenedFile, openRegularFile, readAtMost } from "../host/regular_file.ts";
import { tracePath } from "./path_trace.ts";
import { isUtf8 } from "node:buffer";

export const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** Decoded bytes, or their fault. `digest` is the SHA-256 of the bytes in hex; null: not all of them were read. */
export type Decoded =
  | { readonly ok: true; readonly text: string; readonly digest: string }
  | { readonly ok: false; readonly diagnostic: Diagnostic; readonly digest: string | null };

/** The bytes of a file, or the reason why there are none. */
export type BytesRead =
  | {
    readonly ok: true;
    readonly path: string;
    readonly realPath: string;
    /** Not shared with any other holder. */
    readonly bytes: Uint8Array<ArrayBuffer>;
    /** SHA-256 of the bytes, in hex. */
    readonly digest: string;
    /** As in {@linkcode SourceRead}. */
    readonly identity: FileIdentity;
  }
  | { readonly ok: false; readonly diagnostic: Diagnostic; readonly digest: null };

/** The text of a file, or the reason why there is none. */
export type SourceRead =
  | {
    readonly ok: true;
    readonly path: string;
    readonly realPath: string;
    /** Without a byte order mark. */
    readonly text: string;
    /** SHA-256 of the bytes, in hex. */
    readonly digest: string;
    /** The result of `identifyFile` before the first byte was read: if it is still the same, nothing changed. */
    readonly identity: FileIdentity;
  }
  | { readonly ok: false; readonly diagnostic: Diagnostic; readonly digest: string | null };

/** The state of a file, only to be compared with earlier and later ones. `missing`: there is no file. */
export type FileIdentity = string;

export interface ReadOptions {
  /** Default: 16 MiB. */
  readonly maxBytes?: number;
  /** Opens the file; must not wait for a writer at the other end of a FIFO. */
  readonly open?: (path: string) => Promise<OpenedFile>;
}

/** Reads a file once, as {@linkcode readBytes} does, and decodes its bytes. */
export async function readSource(path: string, options: ReadOptions = {}): Promise<SourceRead> {
  const read = await readBytes(path, options);
  return read.ok ? decodeRead(read) : read;
}

/** Decodes the bytes of a file. */
export function decodeRead(read: Extract<BytesRead, { ok: true }>): SourceRead {
  const { path, realPath, bytes, digest, identity } = read;
  const decoded = decodedOf(path, bytes, digest);
  return decoded.ok ? { ...decoded, path, realPath, identity } : decoded;
}

/** Reads the bytes of a regular file once and hashes them. Symbolic links are followed. */
export async function readBytes(path: string, options: ReadOptions = {}): Promise<BytesRead> {
  const { maxBytes = DEFAULT_MAX_BYTES, open } = options;
  const refused = (diagnostic: Diagnostic): BytesRead => ({ ok: false, diagnostic, digest: null });
  try {
    const realPath = await fs.realpath(path);
    await using file = await openRegularFile(path, open);
    const identity = identityOf(realPath, await fs.stat(dirname(realPath)), file.found);
    const bytes = await readAtMost((into) => file.read(into), maxBytes, file.found.size);
    if (bytes.length > maxBytes) return refused(tooLarge(path, maxBytes));
    return { ok: true, path, realPath, bytes, digest: digestOf(bytes), identity };
  } catch (error) {
    return refused(await unreadable(path, error));
  }
}

/**
 * Hashes and decodes bytes of any origin: UTF-8 without NUL, with or without one byte order mark. More than `maxBytes`
 * are refused. `name` is their name in diagnostics (`-` for standard input).
 */
export function decodeSource(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  options: Pick<ReadOptions, "maxBytes"> = {},
): Decoded {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes.length > maxBytes) return { ok: false, diagnostic: tooLarge(name, maxBytes), digest: null };
  return decodedOf(name, bytes, digestOf(bytes));
}

function decodedOf(name: string, bytes: Uint8Array, digest: string): Decoded {
  const text = decodeUtf8(bytes);
  if (text === null) return { ok: false, diagnostic: notUtf8(name, bytes), digest };
  const nul = text.indexOf("\0");
  if (nul >= 0) return { ok: false, diagnostic: containsNul(name, text, nul), digest };
  return { ok: true, text, digest };
}

/** In this thread: for a file as large as a source, handing the bytes to another thread costs more than it saves. */
function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Returns the state of a path's target, cheap enough for a call every few seconds: real path, the directory's and the
 * file's device and inode, size, mode, owner, times (with the runtime's resolution: a millisecond, a second for the
 * time of change) and number of names, which changes if a file that is mounted by itself is replaced outside. The state
 * has nothing of the directory that a neighbour changes. Never throws: `missing` and an unreadable path are states too.
 */
export async function identifyFile(path: string): Promise<FileIdentity> {
  try {
    const [realPath, stat] = await Promise.all([fs.realpath(path), fs.stat(path)]);
    return identityOf(realPath, await fs.stat(dirname(realPath)), stat);
  } catch (error) {
    return isMissing(error) ? "missing" : `unreadable ${codeOf(error)}`;
  }
}

function identityOf(realPath: string, directory: FileStat, file: FileStat): FileIdentity {
  const { dev, ino, mode, nlink, uid, gid, size, mtimeMs, ctimeMs, birthtimeMs } = file;
  return [directory.dev, directory.ino, dev, ino, mode, nlink, uid, gid, size, mtimeMs, ctimeMs, birthtimeMs, realPath]
    .join(" ");
}

function notAFile({ message, kind }: NotAFileError): Diagnostic {
  return errorDiagnostic("source/not-a-file", message, {
    why: "Only a regular file can be read whole, hashed and watched",
    suggestion: kind === "a directory"
      ? "Name a file in it"
      : "Write the configuration to a regular file and name that",
  });
}

function tooLarge(name: string, maxBytes: number): Diagnostic {
  return errorDiagnostic("source/too-large", `${name} is larger than ${maxBytes} bytes`, {
    why: "The size is bounded so that a file put here by mistake cannot exhaust the memory",
    suggestion: "Make sure that this is the configuration and shorten it",
  });
}

function notUtf8(name: string, bytes: Uint8Array): Diagnostic {
  const text = validUtf8Prefix(bytes);
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return errorDiagnostic("source/not-utf8", `${name} is not valid UTF-8`, {
    why: isUtf16
      ? "It begins with the byte order mark of UTF-16"
      : "The bytes here are no UTF-8 character: the file was saved in another encoding or cut short",
    suggestion: "Save it as UTF-8",
    place: placeAt(name, text, text.length),
  });
}

// Decoding with replacement characters and encoding again changes the bytes first at the first wrong sequence. If a
// part of that sequence survived, the streaming decoder keeps it back.
function validUtf8Prefix(bytes: Uint8Array): string {
  const again = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  let same = 0;
  while (same < bytes.length && bytes[same] === again[same]) same++;
  return new TextDecoder("utf-8").decode(bytes.subarray(0, same), { stream: true });
}

function containsNul(name: string, text: string, offset: number): Diagnostic {
  return errorDiagnostic("source/nul", `${name} contains a NUL character`, {
    why: "No text has one: the file is binary, was saved as UTF-16, or lost its content in a crash",
    suggestion: "Restore the file or save it as UTF-8",
    place: placeAt(name, text, offset),
  });
}

function placeAt(name: string, text: string, offset: number): Place {
  const position = positionAt(sourceText(name, text), offset);
  return { file: name, ...position, range: { start: offset, end: Math.min(offset + 1, text.length) } };
}

async function unreadable(path: string, error: unknown): Promise<Diagnostic> {
  if (error instanceof NotAFileError) return notAFile(error);
  if (isMissing(error)) return errorDiagnostic("source/not-found", `${path} does not exist`, await whyMissing(path));
  const code = codeOf(error);
  if (code === "ELOOP") {
    return errorDiagnostic("source/unreadable", `${path} cannot be read: ELOOP`, {
      why: "Its symbolic links lead in a circle",
      suggestion: "Point the link at a regular file",
    });
  }
  const denied = code === "EACCES" || code === "EPERM" || error instanceof Deno.errors.NotCapable;
  return errorDiagnostic("source/unreadable", `${path} cannot be read: ${code}`, {
    why: `The system answered: ${reasonOf(error)}`,
    suggestion: denied
      ? "Let the account of this process read the file and enter the directories above it"
      : "Check the file system that it is on",
  });
}

async function whyMissing(path: string): Promise<DiagnosticDetails> {
  const { lookups, target } = await tracePath(path);
  const last = lookups[lookups.length - 1];
  if (lookups.some((lookup) => lookup.kind === "link")) {
    return {
      why: `It is behind a symbolic link that leads to ${target}, which does not exist`,
      suggestion: `Create ${target}, or point the link at a file that exists`,
    };
  }
  if (last?.kind === "directory") {
    return { why: `There is no directory ${target}`, suggestion: "Create the directory and the file, or name another" };
  }
  return { why: `There is no such file in ${dirname(target)}`, suggestion: "Create it, or name another file" };
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}

// "EACCES: permission denied, open '/x'" and "Permission denied (os error 13): open '/x'" without the repeated path.
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/, | \(os error/)[0]!;
}

/**
 * How many bytes are decoded at once. Deno decodes a text with any character beyond ASCII slowly; in pieces, only those
 * that have one are slow, so the cost follows the number of such characters and not the file's size.
 */
const PIECE_BYTES = 8 * 1024;

/** Decodes UTF-8, without its byte order mark; null if any byte is not UTF-8, so nothing is replaced in silence. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null;
  // Only the first one: of two byte order marks one is removed.
  const first = startsWithMark(bytes) ? MARK_BYTES : 0;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const pieces: string[] = [];
  for (let start = first, end = first; start < bytes.length; start = end) {
    end = Math.min(start + PIECE_BYTES, bytes.length);
    while (end < bytes.length && isContinuation(bytes[end]!)) end++;
    pieces.push(decoder.decode(bytes.subarray(start, end)));
  }
  return pieces.join("");
}

const MARK_BYTES = 3;

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Whether a byte is not the first of its character (RFC 3629, section 3). */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
