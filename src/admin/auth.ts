// Who may ask over TCP: whoever knows the token of Admin:TokenFile, as it stands there now. Comparing takes the same time
// whatever is compared, and a file that cannot be read or holds no good token lets nobody in.
import { createHash, timingSafeEqual } from "node:crypto";
import { type FileIdentity, identify as identifyFile } from "../source/source_file.ts";
import { withinLimit } from "../time/limit.ts";
import { overdue, type Problem } from "./problem.ts";
import { NotAFileError, openRegularFile, readAtMost } from "../host/regular_file.ts";

/** Null: the request is allowed. Takes the value of `Authorization`. */
export type Authorize = (authorization: string | null) => Promise<Problem | null>;

/** A guard at work, or in one line why there is none. */
export type OpenedGuard =
  | {
    readonly ok: true;
    readonly authorize: Authorize;
    /** What is unwise about the file, in one line each. */
    readonly warnings: readonly string[];
  }
  | { readonly ok: false; readonly message: string };

/** What a token file held: only the token's digest is kept. */
type DigestRead =
  | { readonly ok: true; readonly digest: Uint8Array; readonly mode: number }
  | { readonly ok: false; readonly message: string };

const CHALLENGE = 'Bearer realm="honua-configd"';

/** Parts that a test replaces. */
export interface GuardOptions {
  /** Default: `identify` of source_file.ts. */
  readonly identify?: (path: string) => Promise<FileIdentity>;
  /** How long a request waits for the token's file system; default 2 s. */
  readonly limitMilliseconds?: number;
}

/**
 * Reads the token, and again whenever the file's state is another one, so that it can be replaced at any time.
 * `onTrouble` is told, once each time the file changes for the worse, why nobody is let in.
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
  // One for all that ask meanwhile: each holds a thread while the file system hangs.
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
  const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
  // Digests have one length, which is what a comparison in constant time asks for.
  const isRight = given !== undefined && digest !== null && timingSafeEqual(digestOf(given), digest);
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

/** That a group may read it is how a service is given a secret (systemd's credentials have that bit); others may not. */
function warningsOf(path: string, mode: number): string[] {
  if ((mode & 0o027) === 0) return [];
  const bits = (mode & 0o777).toString(8).padStart(4, "0");
  return [`${path} has mode ${bits}: accounts that should not can read or replace the token`];
}

// The file that holds a token, as those who judge tokens and those who send one read it: one bounded read, by the same
// rules on both sides. What is said of it never quotes it.

/** The least a token may be long, in characters. */
export const MIN_TOKEN_LENGTH = 16;

/** The most its file may be large. */
export const MAX_TOKEN_FILE_BYTES = 4096;

/** A token and the mode of its file, or in one line why there is none. */
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
  // RFC 9110, section 11.4: credentials have no spaces, and what is not ASCII does not survive in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return { ok: false, message: `The token in ${path} must be one line of visible ASCII characters without spaces` };
  }
  return { ok: true, token, mode };
}
