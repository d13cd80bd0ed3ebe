// Explains a failure of Redis in one line that an operator understands and that holds no secret. Of a server's error
// the code can always be shown, and its words only if the command held no password.

import { UNASKED } from "./reply_guard.ts";
import { tlsReason } from "./tls_trouble.ts";

/** A failure whose message can be shown to users unchanged. */
export class RedisTrouble extends Error {
  override readonly name = "RedisTrouble";
}

/** Redis, or a Sentinel, refuses the user name or the password. */
export class LoginTrouble extends RedisTrouble {}

/** The answer of a cluster's node that does not have the slot of a command, or not all of it. */
export interface Redirection {
  /** `MOVED`: for all commands. `ASK`: only for this command, while the slot moves. */
  readonly kind: "MOVED" | "ASK";
  /** Empty: the host that answered. */
  readonly host: string;
  readonly port: number;
}

/** Errors after which the connection is of no use: find another server, or connect to this one again later. */
const USELESS = new Set(["READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "WRONGPASS", "CLUSTERDOWN", "UNKILLABLE"]);

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["WRONGPASS", "Redis refuses the user name or the password"],
  ["NOAUTH", "Redis asks for a password and none is configured"],
  ["LOADING", "Redis is still loading its data"],
  ["READONLY", "Redis is a replica, which takes no announcements"],
  ["MASTERDOWN", "Redis is a replica that lost its primary"],
  ["CLUSTERDOWN", "The Redis Cluster is down, or no node has the channel's slot"],
  ["TRYAGAIN", "The channel's slot moves between nodes of the Redis Cluster"],
  ["ASK", "The channel's slot moves between nodes of the Redis Cluster"],
  ["OOM", "Redis is out of memory and takes no writes: raise its maxmemory, or remove other keys"],
  ["MISCONF", "Redis cannot save its data and takes no writes: look at its log and its disk"],
  ["NOREPLICAS", "Redis has too few replicas and takes no writes: look at them, or lower min-replicas-to-write"],
  ["BUSY", "Redis is busy with a script: wait for its end, or send SCRIPT KILL"],
  ["UNKILLABLE", "Redis is busy with a script that wrote already: wait for its end"],
  ["DENIED", "Redis takes connections only from its own host: give it a password or a bind address"],
]);

const SYSTEM: ReadonlyMap<unknown, string> = new Map([
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset"],
  ["EPIPE", "connection closed"],
  ["ENOTFOUND", "no such host"],
  ["EAI_AGAIN", "host name not resolved"],
  ["EHOSTUNREACH", "host unreachable"],
  ["ENETUNREACH", "network unreachable"],
  ["ETIMEDOUT", "no answer"],
  ["ENOENT", "no such socket"],
  ["EACCES", "permission denied"],
]);

const LACKING_IN_SCRIPT = "user executing the script can't";
const LONGEST_QUOTE = 160;

/** The reason if an answer cannot come from Redis. */
export const NO_REDIS = "The server is not Redis";

/** The same reason for a server whose name is known. */
export function noRedis(name: string): string {
  return `The server at ${name} is not Redis`;
}

/** The first word of an error that Redis answered with, such as `READONLY`; null: the error is no answer of Redis. */
export function replyCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== "ReplyError") return null;
  // If a right is missing within a script, the error has no code of its own for it, only words.
  if (error.message.includes(LACKING_IN_SCRIPT)) return "NOPERM";
  return codeIn(error.message);
}

function codeIn(message: string): string {
  return /^-?([A-Z]+)\b/.exec(message)?.[1] ?? "ERR";
}

/** Whether the connection is of no use after this error. */
export function isLoss(error: unknown): boolean {
  const code = replyCode(error);
  return code === null || USELESS.has(code);
}

/** Whether Redis refused the request and the connection is still good. */
export function isRefusal(error: unknown): boolean {
  const answered = error instanceof RedisTrouble ? error.cause : error;
  return replyCode(answered) !== null && !isLoss(answered);
}

/** Whether the user name or the password is refused, or a password is missing. */
export function isLoginTrouble(error: unknown): boolean {
  if (error instanceof LoginTrouble) return true;
  if (error instanceof RedisTrouble) return error.cause !== undefined && isLoginTrouble(error.cause);
  return ["NOAUTH", "WRONGPASS"].includes(replyCode(error) ?? "");
}

/** The redirection in an answer; null: it is none. */
export function redirectionIn(error: unknown): Redirection | null {
  if (replyCode(error) === null) return null;
  const found = /^(MOVED|ASK) \d{1,5} ([\w.:?%-]{0,255}):(\d{1,5})\b/.exec((error as Error).message);
  if (found === null) return null;
  return { kind: found[1] as "MOVED" | "ASK", host: found[2]!, port: Number(found[3]) };
}

/** The reason of a failure. `where` is the name of the server; null: the reason names none. */
export function reasonOf(error: unknown, where: string | null = null): string {
  if (error instanceof RedisTrouble) return error.message;
  if (error instanceof Error && error.name === "ParserError") return NO_REDIS;
  const at = where === null ? "" : ` (${where})`;
  const code = replyCode(error);
  if (code !== null) return replyReason(code, (error as Error).message) + at;
  const { code: systemCode, message } = error instanceof Error ? error as Error & { code?: unknown } : { message: "" };
  const known = SYSTEM.get(systemCode);
  if (known !== undefined) return `No connection to Redis${at}: ${known}`;
  const tls = tlsReason(message);
  if (tls !== null) return `No TLS connection to Redis${at}: ${tls}`;
  if (message.includes("failed to lookup address")) return `No connection to Redis${at}: no such host`;
  if (message === "Command timed out") return `Redis does not answer${at}`;
  if (message === "" || message.startsWith("Connection is closed")) return `The connection to Redis was closed${at}`;
  return `No connection to Redis${at}: ${oneLine(message)}`;
}

/**
 * Explains the error of ioredis about a reply to no request; null: the error is another. A server that accepts no more
 * connections, or none from this host, sends such a reply. The reason does not quote it, as it may hold a password.
 */
export function unaskedReason({ message }: Error, where: string): RedisTrouble | null {
  if (!message.startsWith("Command queue state error")) return null;
  const [, error = ""] = message.split(" Last error: ");
  const known = knownMeaning(codeIn(error), error);
  return new RedisTrouble(known === null ? `Redis (${where}) sent ${UNASKED}` : `${known} (${where})`);
}

function knownMeaning(code: string, message: string): string | null {
  if (message.includes("max number of clients reached")) return "Redis takes no more connections: raise its maxclients";
  return MEANINGS.get(code) ?? null;
}

function replyReason(code: string, message: string): string {
  if (code === "NOPERM") {
    const command = /'([a-z|]{1,40})' command/.exec(message)?.[1];
    if (command !== undefined) return `Redis does not allow its user the command ${command}`;
    if (message.includes("can't run")) {
      return "Redis does not allow its user a command of the scripts, ACL LOG says which";
    }
    return `Redis does not allow its user ${/channel/.test(message) ? "the channel" : "the channel's keys"}`;
  }
  return knownMeaning(code, message) ?? `Redis answered: ${oneLine(message)}`;
}

/** A foreign text, made fit for one line of a log. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  const plain = text.replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return plain.length > LONGEST_QUOTE ? `${plain.slice(0, LONGEST_QUOTE)}...` : plain;
}
