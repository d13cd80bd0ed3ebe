// What a hook is told of its payload, as a command and as an HTTP server read it: bounded, on one line where people
// read it, and nothing of it secret. A text that would be wrong when it is cut, such as a path, is left out instead.
import { terminalText } from "../diagnostic/terminal_text.ts";

/** What happened, as its hooks are told. */
export interface HookPayload {
  /** `check`: a candidate is about to be put in force. The others: what has happened to the instance. */
  readonly event: "check" | "activated" | "rejected" | "diverged";
  /** The instance's name. */
  readonly instance: string;
  /** The source's path. */
  readonly source: string;
  /** The snapshot's path. */
  readonly snapshot: string;
  /** The server form's path; null: there is none. */
  readonly serverPath: string | null;
  /** Of the snapshot or candidate; where the source was rejected, of that; where diverged, the instance's own. */
  readonly hash: string | null;
  /** Of what was in force before. */
  readonly previousHash: string | null;
  /** The cluster's count of announced changes, as far as it is known. */
  readonly generation: number | null;
  /** The temporary file that holds the candidate; null: the event is not `check`. */
  readonly candidate: string | null;
  /** The temporary file that holds the candidate's server form; null: the event is not `check`. */
  readonly serverCandidate: string | null;
  /** The parts that changed (`layers`, `caches`); null: not known. */
  readonly changed: readonly string[] | null;
  /** Why the source was rejected, in one line without secrets. */
  readonly reason: string | null;
  /** What the cluster agreed on, where this instance diverged from it. */
  readonly agreedHash: string | null;
}

/** PATH_MAX of Linux: a path that is longer can be opened by nobody. */
const MAX_PATH_BYTES = 4096;

/** Of names and hashes, in characters. */
const MAX_NAME_LENGTH = 256;

/** Of a reason, in characters. */
const MAX_REASON_LENGTH = 2_000;

/** More parts than these no configuration has. */
const MAX_PARTS = 100;

/**
 * The variables of a command's environment, some 33 KiB at the most, which execve(2) takes. A member that is null
 * has no variable; `HONUA_CONFIGD_CHANGED` separates its parts by commas and is empty where it is known that none changed.
 */
export function payloadEnvironment(hook: string, payload: HookPayload): Record<string, string> {
  const told = bounded(hook, payload);
  const variables: Readonly<Record<string, string | null>> = {
    HONUA_CONFIGD_EVENT: told.event,
    HONUA_CONFIGD_HOOK: told.hook,
    HONUA_CONFIGD_INSTANCE: told.instance,
    HONUA_CONFIGD_SOURCE: told.source,
    HONUA_CONFIGD_SNAPSHOT: told.snapshot,
    HONUA_CONFIGD_SERVER_PATH: told.serverPath,
    HONUA_CONFIGD_HASH: told.hash,
    HONUA_CONFIGD_PREVIOUS_HASH: told.previousHash,
    HONUA_CONFIGD_GENERATION: told.generation === null ? null : String(told.generation),
    HONUA_CONFIGD_CANDIDATE: told.candidate,
    HONUA_CONFIGD_SERVER_CANDIDATE: told.serverCandidate,
    HONUA_CONFIGD_CHANGED: told.changed?.join(",") ?? null,
    HONUA_CONFIGD_REASON: told.reason,
    HONUA_CONFIGD_AGREED_HASH: told.agreedHash,
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** The body of an HTTP hook: one JSON object with a member for each of the payload's, null where it has none. */
export function payloadJson(hook: string, payload: HookPayload): string {
  return JSON.stringify(bounded(hook, payload));
}

function bounded(hook: string, payload: HookPayload) {
  return {
    event: payload.event,
    hook: name(hook),
    instance: name(payload.instance),
    source: path(payload.source),
    snapshot: path(payload.snapshot),
    serverPath: pathOrNull(payload.serverPath),
    hash: nameOrNull(payload.hash),
    previousHash: nameOrNull(payload.previousHash),
    generation: payload.generation,
    candidate: pathOrNull(payload.candidate),
    serverCandidate: pathOrNull(payload.serverCandidate),
    changed: payload.changed?.slice(0, MAX_PARTS).map(name) ?? null,
    reason: payload.reason === null ? null : terminalText(payload.reason, MAX_REASON_LENGTH),
    agreedHash: nameOrNull(payload.agreedHash),
  };
}

function name(text: string): string {
  return terminalText(text, MAX_NAME_LENGTH);
}

function nameOrNull(text: string | null): string | null {
  return text === null ? null : name(text);
}

function pathOrNull(text: string | null): string | null {
  return text === null ? null : path(text);
}

/** A path is told as it is or not at all: half of it would name another file. */
function path(text: string): string | null {
  const isUsable = !text.includes("\0") && text.isWellFormed() &&
    new TextEncoder().encode(text).length < MAX_PATH_BYTES;
  return isUsable ? text : null;
}
