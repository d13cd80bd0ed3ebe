// The key ring of `Store:KeyFile`: a text with one key on each line, `ID BASE64`, of which the last one seals and all
// open. It is read again for each use, so that a rotation needs no restart. No message quotes a line.
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { NotAFileError, openRegularFile, readAtMost } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";

const KEY_BYTES = 32;
const LINE = /^([a-z0-9-]{1,32})[ \t]+([A-Za-z0-9+/]{43}=)$/;
const LINE_FORM = "a key is ID BASE64: an id of 1 to 32 characters of a-z, 0-9 and -, and 32 bytes in base64";

/** Some hundred keys. */
export const MAX_KEY_RING_BYTES = 64 * 1024;

/** A file system that hangs must not hold a rollback; a text has 5 s. */
const READ_LIMIT_MILLISECONDS = 2_000;

/** A key for AES-256. */
export interface Key {
  readonly id: string;
  readonly secret: Uint8Array<ArrayBuffer>;
}

/** The keys of a ring, the oldest first. */
export interface KeyRing {
  /** Of its file. */
  readonly path: string;
  /** One at least. */
  readonly keys: readonly Key[];
  /** Of the file. */
  readonly mode: number;
}

/** A key ring, or in one line why there is none. */
export type KeyRingRead =
  | { readonly ok: true; readonly ring: KeyRing }
  | { readonly ok: false; readonly message: string };

/** A key ring in its file, which is read again for each use. */
export interface KeyRingFile {
  readonly path: string;
  /** Reads the file. Never throws, and resolves after at most 2 s. */
  read(): Promise<KeyRingRead>;
}

/** The text of a key ring's file, or in one line why it cannot be read. */
export type KeyTextRead =
  | { readonly ok: true; readonly text: string; readonly mode: number }
  | { readonly ok: false; readonly message: string; readonly code: string };

/** The keys of a text, or its fault. */
export type KeysParsed =
  | { readonly ok: true; readonly keys: readonly Key[] }
  | { readonly ok: false; readonly what: string };

/** Makes the access to the key ring at a path. `readText` is the file system's unless a test injects faults. */
export function keyRingFile(
  path: string,
  { readText = readKeyText, limitMilliseconds = READ_LIMIT_MILLISECONDS }: {
    readonly readText?: typeof readKeyText;
    readonly limitMilliseconds?: number;
  } = {},
): KeyRingFile {
  // All uses share one read: each would hold a thread while the file system hangs.
  let reading: Promise<KeyRingRead> | null = null;
  return {
    path,
    async read() {
      reading ??= readText(path).then((read) => ringOf(path, read)).finally(() => reading = null);
      const read = await withinLimit(reading, limitMilliseconds);
      return read.ok ? read.value : unreadable(path, "ETIMEDOUT");
    },
  };
}

function ringOf(path: string, read: KeyTextRead): KeyRingRead {
  if (!read.ok) return read;
  const parsed = parseKeys(read.text);
  const shown = terminalText(path);
  if (!parsed.ok) return { ok: false, message: `The key ring ${shown} cannot be used: ${parsed.what}` };
  const { keys } = parsed;
  if (keys.length === 0) {
    return { ok: false, message: `The key ring ${shown} has no key: honua-configd key add makes one` };
  }
  return { ok: true, ring: { path, keys, mode: read.mode } };
}

/** Parses the keys of a ring; there may be none. */
export function parseKeys(text: string): KeysParsed {
  const keys: Key[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    const [, id, base64] = LINE.exec(content) ?? [];
    if (id === undefined || base64 === undefined) return { ok: false, what: `line ${index + 1}: ${LINE_FORM}` };
    if (keys.some((key) => key.id === id)) return { ok: false, what: `line ${index + 1}: there are two keys ${id}` };
    keys.push({ id, secret: new Uint8Array(Buffer.from(base64, "base64")) });
  }
  return { ok: true, keys };
}

/** Reads the file of a key ring. Never throws, but waits as long as the file system does not answer. */
export async function readKeyText(path: string): Promise<KeyTextRead> {
  try {
    await using file = await openRegularFile(path);
    const bytes = await readAtMost((into) => file.read(into), MAX_KEY_RING_BYTES);
    if (bytes.length > MAX_KEY_RING_BYTES) {
      return unreadable(path, "EFBIG", `is larger than ${MAX_KEY_RING_BYTES} bytes`);
    }
    return { ok: true, mode: file.found.mode, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    if (error instanceof NotAFileError) return unreadable(path, error.code, "is not a file");
    return unreadable(path, (error as { code?: string } | null)?.code ?? "an unknown error");
  }
}

function unreadable(path: string, code: string, what = `cannot be read: ${code}`) {
  return { ok: false, message: `The key ring ${terminalText(path)} ${what}`, code } as const;
}

/** A warning about the file's mode; null: none. As with a token, a group may read it: credentials need that. */
export function ringModeTrouble({ path, mode }: Pick<KeyRing, "path" | "mode">): string | null {
  if ((mode & 0o027) === 0) return null;
  const bits = (mode & 0o777).toString(8).padStart(4, "0");
  return `The key ring ${terminalText(path)} has mode ${bits}: accounts that should not can read or replace the keys`;
}

/** A new key as a line of the file; `now` in milliseconds since 1970. */
export function newKey(now: number): { readonly id: string; readonly line: string } {
  const month = new Date(now).toISOString().slice(0, 7);
  const id = `${month}-${randomBytes(2).toString("hex")}`;
  return { id, line: `${id} ${randomBytes(KEY_BYTES).toString("base64")}` };
}
