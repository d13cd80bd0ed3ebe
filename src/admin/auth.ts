// Over TCP a request needs the token that Admin:TokenFile holds at that moment. A comparison takes the same time for
// every input. If the file cannot be read or holds no good token, no request is allowed.
import { createHash, timingSafeEqual } from "node:crypto";
import { type FileIdentity, identifyFile } from "../source/source_file.ts";
import { withinLimit } from "../time/limit.ts";
import { overdue, type Problem } from "./problem.ts";
import { NotAFileError, openRegularFile, readAtMost } from "../host/regular_file.ts";

/** Judges a value of `Authorization`; null: the request is allowed. */
export type Authorize = (authorization: string | null) => Promise<Problem | null>;

export type OpenedGuard =
  | {
    readonly ok: true;
    readonly authorize: Authorize;
    /** Warnings about the file, in one line each. */
    readonly warnings: readonly string[];
  }
  | { readonly ok: false; readonly message: string };

/** Keeps only the digest of the token. */
type DigestRead =
  | { readonly ok: true; readonly digest: Uint8Array; readonly mode: number }
  | { readonly ok: false; readonly message: string };

const CHALLENGE = 'Bearer realm="honua-configd"';

export interface GuardOptions {
  /** Default: `identifyFile`. */
  readonly identify?: (path: string) => Promise<FileIdentity>;
  /** How long a request waits for the token's file system; default 2 s. */
  readonly limitMilliseconds?: number;
}

/**
 * Reads the token, and reads it again whenever the state of the file has changed, so that it can be replaced at any
 * time. Calls `onTrouble` once for each change that leaves no usable token, with the reason.
 */
export async function openGuard(
  path: string,
  onTrouble: (message: string) => void,
  { identify = identifyFile, limitMilliseconds = 2_000 }: GuardOptions = {},
): Promise<OpenedGuard> {
  let identity = await identify(path);
  let token = await readDigest(path);
  if (!token.ok) return token;
  const { mode } = token;
  const refresh = async () => {
    const current = await identify(path);
    if (current === identity) return;
    token = await readDigest(path);
    identity = current;
    if (!token.ok) onTrouble(token.message);
  };
  // All requests share one refresh: each would hold a thread while the file system hangs.
  let refreshing: Promise<void> | null = null;
  const authorize = async (authorization: string | null): Promise<Problem | null> => {
    const refreshed = await withinLimit(refreshing ??= refresh().finally(() => refreshing = null), limitMilliseconds);
    if (!refreshed.ok) return overdue("The file system of the token did not answer", limitMilliseconds);
    return judge(authorization, token.ok ? token.digest : null);
  };
  return { ok: true, authorize, warnings: warningsOf(path, mode) };
}

function judge(authorization: string | null, digest: Uint8Array | null): Problem | null {
  if (authorization === null) {
    const detail = "A token is required here: Authorization: Bearer TOKEN";
    return { status: 401, code: "admin/unauthorized", detail, headers: { "WWW-Authenticate": CHALLENGE } };
  }
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
  // Digests have one length, which a comparison in constant time needs.
  const isRight = token !== undefined && digest !== null && timingSafeEqual(digestOf(token), digest);
  if (isRight) return null;
  const headers = { "WWW-Authenticate": `${CHALLENGE}, error="invalid_token"` };
  return { status: 401, code: "admin/unauthorized", detail: "The token is not the right one", headers };
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

async function readDigest(path: string): Promise<DigestRead> {
  const read = await readTokenFile(path);
  return read.ok ? { ok: true, digest: digestOf(read.token), mode: read.mode } : read;
}

/**
 * A group may read the file: services receive secrets that way (systemd's credentials have that bit). Others may not.
 */
function warningsOf(path: string, mode: number): string[] {
  if ((mode & 0o027) === 0) return [];
  const bits = (mode & 0o777).toString(8).padStart(4, "0");
  return [`${path} has mode ${bits}: accounts that should not can read or replace the token`];
}

// The token file has one reader with the same rules for the server, which judges tokens, and for the client, which
// sends one. No message quotes the token.

/** In characters. */
const MIN_TOKEN_LENGTH = 16;

export const MAX_TOKEN_FILE_BYTES = 4096;

export type TokenRead =
  | { readonly ok: true; readonly token: string; readonly mode: number }
  | { readonly ok: false; readonly message: string };

/** Reads a token: one line, which may end in a line feed. */
export async function readTokenFile(path: string): Promise<TokenRead> {
  let bytes: Uint8Array;
  let mode: number;
  try {
    await using file = await openRegularFile(path);
    mode = file.found.mode;
    bytes = await readAtMost((into) => file.read(into), MAX_TOKEN_FILE_BYTES);
  } catch (error) {
    if (error instanceof NotAFileError) return { ok: false, message: `${path} is not a file, so it holds no token` };
    const code = (error as { code?: string } | null)?.code ?? "an unknown error";
    return { ok: false, message: `The token cannot be read from ${path}: ${code}` };
  }
  if (bytes.length > MAX_TOKEN_FILE_BYTES) {
    return { ok: false, message: `The token's file ${path} is larger than ${MAX_TOKEN_FILE_BYTES} bytes` };
  }
  const token = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
  if (token.length < MIN_TOKEN_LENGTH) {
    return { ok: false, message: `The token in ${path} is shorter than ${MIN_TOKEN_LENGTH} characters` };
  }
  // RFC 9110, section 11.4: credentials have no spaces, and other characters than ASCII do not survive in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return { ok: false, message: `The token in ${path} must be one line of visible ASCII characters without spaces` };
  }
  return { ok: true, token, mode };
}
