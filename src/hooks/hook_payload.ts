// The payload of a hook, as variables of a command and as the body of an HTTP request: bounded, each text for people on
// one line, without secrets. A text that must not be cut, such as a path, is left out if it is too long.
import { terminalText } from "../diagnostic/terminal_text.ts";

/** The facts that a hook receives about its trigger. */
export interface HookPayload {
  /**
   * `check`: a candidate is about to be put in force. `health`: do the servers work? The others: an event of this
   * instance.
   */
  readonly event: "check" | "activated" | "rejected" | "diverged" | "health";
  /** The instance's name. */
  readonly instance: string;
  /** A path. */
  readonly source: string | null;
  /** A path. */
  readonly snapshot: string;
  /** Null: there is no server form. */
  readonly serverPath: string | null;
  /** Of the snapshot or candidate; of the source if it was rejected; the instance's own if it diverged. */
  readonly hash: string | null;
  /** Of the snapshot in force before; null: there was none, or the event is `health`. */
  readonly previousHash: string | null;
  /** The cluster's count of announced changes; null: not known. */
  readonly generation: number | null;
  /** The temporary file that holds the candidate; null: the event is not `check`. */
  readonly candidate: string | null;
  /** The temporary file that holds the candidate's server form; null: the event is not `check`. */
  readonly serverCandidate: string | null;
  /** The parts that changed (`layers`, `caches`); null: not known. */
  readonly changed: readonly string[] | null;
  /** Why the source was rejected, in one line without secrets. */
  readonly reason: string | null;
  /** Of the head from which this instance diverged; null: the event is not `diverged`. */
  readonly agreedHash: string | null;
}

/** PATH_MAX of Linux: no process can open a longer path. */
const MAX_PATH_BYTES = 4096;

/** Of names and hashes, in characters. */
const MAX_NAME_LENGTH = 256;

/** Of a reason, in characters. */
const MAX_REASON_LENGTH = 2_000;

/** No configuration has more parts. */
const MAX_PARTS = 100;

/**
 * Makes the variables of a command's environment, about 33 KiB at most, which execve(2) accepts. A member that is null
 * has no variable. `HONUA_CONFIGD_CHANGED` separates its parts by commas and is empty if no part changed.
 */
export function payloadEnvironment(hook: string, payload: HookPayload): Record<string, string> {
  const members = bounded(hook, payload);
  const variables: Readonly<Record<string, string | null>> = {
    HONUA_CONFIGD_EVENT: members.event,
    HONUA_CONFIGD_HOOK: members.hook,
    HONUA_CONFIGD_INSTANCE: members.instance,
    HONUA_CONFIGD_SOURCE: members.source,
    HONUA_CONFIGD_SNAPSHOT: members.snapshot,
    HONUA_CONFIGD_SERVER_PATH: members.serverPath,
    HONUA_CONFIGD_HASH: members.hash,
    HONUA_CONFIGD_PREVIOUS_HASH: members.previousHash,
    HONUA_CONFIGD_GENERATION: members.generation === null ? null : String(members.generation),
    HONUA_CONFIGD_CANDIDATE: members.candidate,
    HONUA_CONFIGD_SERVER_CANDIDATE: members.serverCandidate,
    HONUA_CONFIGD_CHANGED: members.changed?.join(",") ?? null,
    HONUA_CONFIGD_REASON: members.reason,
    HONUA_CONFIGD_AGREED_HASH: members.agreedHash,
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** Makes the body of an HTTP hook: one JSON object with all members of the payload, also those that are null. */
export function payloadJson(hook: string, payload: HookPayload): string {
  return JSON.stringify(bounded(hook, payload));
}

function bounded(hook: string, payload: HookPayload) {
  return {
    event: payload.event,
    hook: name(hook),
    instance: name(payload.instance),
    source: pathOrNull(payload.source),
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

/** Returns the path, or null if it cannot be passed whole: half of it would name another file. */
function path(text: string): string | null {
  const isUsable = !text.includes("\0") && text.isWellFormed() &&
    new TextEncoder().encode(text).length < MAX_PATH_BYTES;
  return isUsable ? text : null;
}
