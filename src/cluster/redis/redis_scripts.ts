// The scripts that Redis runs for an instance. Each is one step that no other client can interrupt, and reads the
// stored values as strictly as a message. All their keys are in one slot of a Redis Cluster.
import type { AnnounceAnswer, Announcement } from "../../agreement/announcing.ts";
import { createHash } from "node:crypto";
import * as z from "zod";
import { isGeneration, isHash, isId, MAX_GENERATION } from "../../agreement/head.ts";
import {
  markOf,
  MAX_ROLLOUT_BYTES,
  type MoveAnswer,
  parseRollout,
  type RolloutMove,
  type StoredRollout,
} from "../../agreement/rollout.ts";
import { isSkipped, MAX_SKIP_LINE_BYTES, MAX_SKIPS, MAX_SKIPS_BYTES, parseSkips } from "../../agreement/skip.ts";
import type { StoredHead } from "../notifier.ts";
import { MAX_PEERS } from "../peer_record.ts";

/** The names of a channel's keys; the braces keep them in one slot. */
export interface Keys {
  /**
   * Hash: `hash`, `generation`, `by`, `at` in milliseconds since 1970 by Redis' clock, `skip`, the skip set, `rollout`,
   * a text, and `rolloutAt`, the moment of its last move by Redis' clock.
   */
  readonly head: string;
  /** Capped stream of the announcements. */
  readonly history: string;
  /** Sorted set: the ids of processes, by the end of their records in milliseconds since 1970. */
  readonly peers: string;
  /** The moment since when there are records without a gap, in milliseconds since 1970 by Redis' clock. */
  readonly peersSince: string;
  /** Precedes a process's id (its name and its incarnation) in the key of its record. */
  readonly peerPrefix: string;
  /** Precedes an instance's name in the key of the incarnation that wrote a record under that name last. */
  readonly namePrefix: string;
  /** Precedes a hash in the key of its source. */
  readonly sourcePrefix: string;
  /** Precedes a hash in the key of its approvals. */
  readonly approvalsPrefix: string;
}

export function keysOf(channel: string): Keys {
  const tag = `{${channel}}`;
  return {
    head: `${tag}:head`,
    history: `${tag}:history`,
    peers: `${tag}:peers`,
    peersSince: `${tag}:peers-since`,
    peerPrefix: `${tag}:peer:`,
    namePrefix: `${tag}:name:`,
    sourcePrefix: `${tag}:source:`,
    approvalsPrefix: `${tag}:approvals:`,
  };
}

/** A script in Lua, and the SHA-1 by which Redis remembers it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** The history keeps about this many announcements. */
export const HISTORY_LENGTH = 1_000;
/** A longer name in the index of peers belongs to no instance. */
export const MAX_NAME_BYTES = 1_024;
/** One run reads at most this many names of the index, so that it does not block Redis. */
const MAX_NAMES = 10 * MAX_PEERS;

const NOW = `
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local function whole(number)
  return string.format('%.0f', number)
end
`;

// A skip set of a form other than that of `skipsText` counts as none. The JSON after a hash is the client's matter.
const SKIPS = `
local function readSkips(text)
  local skips, hashes = {}, {}
  if not text or #text > ${MAX_SKIPS_BYTES} then return skips, hashes end
  for line in string.gmatch(text, '[^\\n]+') do
    local hash = string.match(line, '^([0-9a-f]+) ')
    if not hash or #hash ~= 64 or #line > ${MAX_SKIP_LINE_BYTES} or hashes[hash] or #skips == ${MAX_SKIPS} then
      return {}, {}
    end
    hashes[hash] = true
    skips[#skips + 1] = { hash = hash, line = line }
  end
  return skips, hashes
end
local function skipsText(skips)
  local lines = {}
  for at = math.max(1, #skips - ${MAX_SKIPS - 1}), #skips do lines[#lines + 1] = skips[at].line end
  return table.concat(lines, '\\n')
end
local function joinSkips(stored, hashes, added, announced)
  local joined = {}
  for _, skip in ipairs(stored) do
    if skip.hash ~= announced then joined[#joined + 1] = skip end
  end
  for _, skip in ipairs(added) do
    if skip.hash ~= announced and not hashes[skip.hash] then joined[#joined + 1] = skip end
  end
  return skipsText(joined)
end
`;

// A head with any invalid field but its skip set and rollout counts as none: its writer was no instance that announced.
// The mark of a rollout's text is that of its beginning, so that the longest garbage has one too. A client that names
// the mark gets no text, nor does one that asks for none.
const READ_HEAD = `
local function count(text, most)
  if not text or not string.match(text, '^[1-9]%d*$') then return nil end
  local number = tonumber(text)
  if number > most then return nil end
  return number
end
local function readRollout(text, at)
  if not text then return { mark = '', text = '' } end
  local mark = redis.sha1hex(string.sub(text, 1, ${MAX_ROLLOUT_BYTES + 1}))
  if #text > ${MAX_ROLLOUT_BYTES} then text = '' end
  return { mark = mark, text = text, at = count(at, ${Number.MAX_SAFE_INTEGER}) }
end
local function readHead(key)
  local fields = redis.pcall('HMGET', key, 'hash', 'generation', 'by', 'at', 'skip', 'rollout', 'rolloutAt')
  if fields.err then
    if string.find(fields.err, 'WRONGTYPE', 1, true) then return nil end
    return nil, fields
  end
  local hash, by = fields[1], fields[3]
  local generation, at = count(fields[2], ${MAX_GENERATION}), count(fields[4], ${Number.MAX_SAFE_INTEGER})
  if not hash or #hash ~= 64 or string.match(hash, '[^0-9a-f]') then return nil end
  if not by or #by ~= 12 or string.match(by, '[^0-9a-f]') then return nil end
  if not generation or not at then return nil end
  local skip, rollout = skipsText(readSkips(fields[5])), readRollout(fields[6], fields[7])
  return { hash = hash, generation = generation, by = by, at = at, skip = skip, rollout = rollout }
end
local function ageOf(at)
  return whole(math.max(0, now() - at))
end
local function answer(kind, head, known, delivered)
  local mark, text = head.rollout.mark, head.rollout.text
  if not known or known == mark then text = '' end
  local rolloutAge = head.rollout.at and ageOf(head.rollout.at) or ''
  local fields = { whole(head.generation), head.hash, head.by, ageOf(head.at), delivered or 0, head.skip }
  return { kind, fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], mark, rolloutAge, text }
end
`;

// A key of another type belongs to no instance, and a stream at its last possible id accepts no entry. Both are
// deleted, or they would block every write. Losing the history is as safe as trimming it: a late copy may pass for an
// edit.
const TAKE_OVER = `
local function takeOver(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) or string.find(reply.err, 'exhausted the last possible ID', 1, true) then
    redis.call('DEL', key)
  end
  return redis.call(command, key, ...)
end
`;

// Returns the moment in a key, of 16 digits at most; nil: the key has none, or one that is to come.
const SINCE = `
local function sinceIn(key, time)
  local text = redis.pcall('GETRANGE', key, 0, 15)
  local since = type(text) == 'string' and string.match(text, '^%d+$') and tonumber(text)
  return since and since <= time and since or nil
end
`;

// Whether a hash was the head of a generation after `since`, as far as the history remembers.
const WAS_HEAD = `
local function wasHead(key, hash, since)
  local entries = redis.pcall('XREVRANGE', key, '+', '-', 'COUNT', ${HISTORY_LENGTH})
  if entries.err then
    if string.find(entries.err, 'WRONGTYPE', 1, true) then return false end
    return error(entries)
  end
  for _, entry in ipairs(entries) do
    local generation = tonumber(entry[2][2])
    if generation and generation > since and entry[2][4] == hash then return true end
  end
  return false
end
`;

/** Makes a script of its parts. */
export function scriptOf(...parts: string[]): Script {
  const text = parts.join("");
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/**
 * Keys: head, history. Arguments: hash, base, unanswered (joined by commas), since, floor, restores and force
 * (0 or 1), the instance's id, channel, length of the history, the text of the skips to add, undoes (joined by commas),
 * the mark of the rollout that the client knows.
 * The rules are those of `judgeAnnouncement`.
 * The message goes out before the head is written, so that there is no head without its message. No client sees the
 * state between the two.
 */
export const ANNOUNCE: Script = scriptOf(
  NOW,
  SKIPS,
  READ_HEAD,
  TAKE_OVER,
  WAS_HEAD,
  `
local hash, base, unanswered, since, floor = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local restores, force, by, channel = ARGV[6] == '1', ARGV[7] == '1', ARGV[8], ARGV[9]
local added, undoes, known = readSkips(ARGV[11]), ARGV[12], ARGV[13]
local head, trouble = readHead(KEYS[1])
if trouble then return trouble end
local stored, skipped = readSkips(head and head.skip)
local skip = joinSkips(stored, skipped, added, hash)
if head and head.generation >= floor then
  local overrules = force or string.find(undoes, hash, 1, true)
  if skipped[hash] and not overrules then return answer('refused', head, known) end
  if head.hash == hash then
    if skip ~= head.skip then redis.call('HSET', KEYS[1], 'skip', skip) end
    head.skip = skip
    return answer('same', head, known)
  end
  local isOnHead = force or string.find(unanswered, head.hash, 1, true) or string.find(undoes, head.hash, 1, true)
  if not isOnHead and head.hash == base then
    isOnHead = since >= head.generation or not wasHead(KEYS[2], hash, since)
  end
  if not isOnHead then return answer('refused', head, known) end
elseif not (force or restores) then
  if head then return answer('lost', head, known) end
  return { 'lost' }
end
local last = math.max(head and head.generation or 0, floor)
local generation = math.min(last + 1, ${MAX_GENERATION})
local number = whole(generation)
takeOver('XADD', KEYS[2], 'MAXLEN', '~', ARGV[10], '*', 'generation', number, 'hash', hash, 'by', by)
local delivered = redis.call('PUBLISH', channel, 'v1 ' .. number .. ' ' .. hash .. ' ' .. by)
takeOver('HSET', KEYS[1], 'hash', hash, 'generation', number, 'by', by, 'at', whole(now()), 'skip', skip)
return answer('accepted', readHead(KEYS[1]), known, delivered)
`,
);

/**
 * Keys: head, history. Arguments: generation and hash of the head, mark of the rollout (empty: there is none), the
 * candidate's hash, since (empty: the candidate is the previous one), the new text, the text of the skips to add, the
 * instance's id, channel, the mark of the rollout that the client knows. The rules are those of `judgeMove`.
 * The message is that of the head, but from the instance that moved: the one that announced the head would take its own
 * for known.
 */
export const MOVE: Script = scriptOf(
  NOW,
  SKIPS,
  READ_HEAD,
  WAS_HEAD,
  `
local hash, since, text, by, known = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[8], ARGV[10]
local head, trouble = readHead(KEYS[1])
if trouble then return trouble end
if not head then return { 'refused' } end
local generation = whole(head.generation)
if generation ~= ARGV[1] or head.hash ~= ARGV[2] or head.rollout.mark ~= ARGV[3] then
  return answer('refused', head, known)
end
local stored, skipped = readSkips(head.skip)
if since and wasHead(KEYS[2], hash, since) then return answer('late', head, known) end
if since and skipped[hash] then return answer('refused', head, known) end
local skip = joinSkips(stored, skipped, readSkips(ARGV[7]))
redis.call('PUBLISH', ARGV[9], 'v1 ' .. generation .. ' ' .. head.hash .. ' ' .. by)
redis.call('HSET', KEYS[1], 'rollout', text, 'rolloutAt', whole(now()), 'skip', skip)
return answer('moved', readHead(KEYS[1]))
`,
);

/**
 * Keys: head. Argument: the mark of the rollout that the client knows; without it the answer has no rollout's text. The
 * answer is empty if there is no head.
 */
export const READ: Script = scriptOf(
  NOW,
  SKIPS,
  READ_HEAD,
  `
local head, trouble = readHead(KEYS[1])
if trouble then return trouble end
if not head then return {} end
return answer('head', head, ARGV[1])
`,
);

/**
 * Keys: the process's record, peers, the last writer under its name, peers-since, which ends earlier than any record
 * that is not renewed. Arguments: its id, the record, its lifetime in milliseconds, its incarnation, the id of the
 * process before it (empty: there is none), which the script removes from the index. The answer is the incarnation that wrote under the name before; empty if there is none, or if the value
 * has another length.
 */
export const WRITE_RECORD: Script = scriptOf(
  NOW,
  SINCE,
  TAKE_OVER,
  `
takeOver('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local moment = now()
takeOver('ZADD', KEYS[2], whole(moment + tonumber(ARGV[3])), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(moment))
redis.call('ZREM', KEYS[2], ARGV[5])
local since = sinceIn(KEYS[4], moment) or moment
takeOver('SET', KEYS[4], whole(since), 'PX', whole(math.ceil(tonumber(ARGV[3]) / 2)))
local before = takeOver('SET', KEYS[3], ARGV[4], 'PX', ARGV[3], 'GET')
if not before or #before ~= #ARGV[4] then return '' end
return before
`,
);

/**
 * Keys: peers, peers-since. Arguments: the prefix of a record's key, the most records, the most bytes of one. The
 * answer has the milliseconds since when there are records without a gap, and then ids and records in turn. The script makes the records' keys itself, which Redis Cluster allows because they are in the slot
 * of the key that the caller names. The script removes ids without a record from the index, because they would take the
 * places of real ones.
 */
export const PEERS: Script = scriptOf(
  NOW,
  SINCE,
  `
local time = now()
local found = { whole(time - (sinceIn(KEYS[2], time) or time)) }
local looked, stayed, moment, most = 0, 0, '(' .. whole(time), tonumber(ARGV[2])
repeat
  local names = redis.pcall('ZRANGEBYSCORE', KEYS[1], moment, '+inf', 'LIMIT', stayed, most)
  if names.err then
    if string.find(names.err, 'WRONGTYPE', 1, true) then return found end
    return names
  end
  for _, name in ipairs(names) do
    local record = #name <= ${MAX_NAME_BYTES} and redis.pcall('GETRANGE', ARGV[1] .. name, 0, ARGV[3])
    if type(record) == 'table' and not string.find(record.err, 'WRONGTYPE', 1, true) then return record end
    if type(record) == 'string' and record ~= '' then
      stayed = stayed + 1
      found[#found + 1] = name
      found[#found + 1] = record
      if #found == 1 + 2 * most then return found end
    elseif redis.pcall('ZREM', KEYS[1], name) ~= 1 then
      stayed = stayed + 1
    end
  end
  looked = looked + #names
until #names < most or looked >= ${MAX_NAMES}
return found
`,
);

/**
 * Keys: the process's record, peers, the last writer under its name. Arguments: its id, its incarnation. A namesake
 * that wrote later remains the last writer.
 */
export const LEAVE: Script = scriptOf(`
redis.call('DEL', KEYS[1])
if redis.pcall('GETRANGE', KEYS[3], 0, #ARGV[2]) == ARGV[2] then redis.call('DEL', KEYS[3]) end
return redis.call('ZREM', KEYS[2], ARGV[1])
`);

/** An answer of `ANNOUNCE`, `MOVE` or `READ`. */
export interface HeadReply {
  /** `accepted`, `same`, `refused` or `lost` of `ANNOUNCE`, `moved`, `late` or `refused` of `MOVE`, or of `READ`. */
  readonly kind: "accepted" | "same" | "refused" | "lost" | "moved" | "late" | "head" | "none";
  /** Null: there is none. */
  readonly head: StoredHead | null;
  /** The count of PUBLISH; 0 if nothing was sent. */
  readonly delivered: number;
}

const count = z.string().regex(/^(?:0|[1-9][0-9]*)$/).transform(Number).pipe(z.int());

/** The form that `answer` makes. PUBLISH counts clients in an int of C. */
const replySchema = z.tuple([
  z.enum(["accepted", "same", "refused", "lost", "moved", "late", "head"]),
  count.refine(isGeneration),
  z.custom<string>(isHash),
  z.custom<string>(isId),
  count,
  z.int().min(0).max(2 ** 31 - 1),
  z.string().transform(parseSkips),
  z.string().regex(/^(?:[0-9a-f]{40})?$/),
  z.union([z.literal("").transform(() => null), count]),
  z.string(),
]);

/**
 * Parses an answer of one of the three; null: it is not one, so it did not come from Redis. The scripts check the head
 * too, but another server may answer in their place.
 *
 * @param known the rollout whose mark the request had, so that the answer need not have its text; null: it had none.
 */
export function parseHeadReply(reply: unknown, known: StoredRollout | null = null): HeadReply | null {
  if (!Array.isArray(reply)) return null;
  if (reply.length === 0) return { kind: "none", head: null, delivered: 0 };
  if (reply.length === 1) {
    const [kind] = reply;
    return kind === "lost" || kind === "refused" ? { kind, head: null, delivered: 0 } : null;
  }
  const parsed = replySchema.safeParse(reply);
  if (!parsed.success) return null;
  const [kind, generation, hash, by, ageMilliseconds, delivered, skips, mark, rolloutAge, text] = parsed.data;
  if (mark === "" && (rolloutAge !== null || text !== "")) return null;
  const found = known?.mark === mark ? known.rollout : markOf(text) === mark ? parseRollout(text) : null;
  const rollout = found && rolloutAge !== null ? { rollout: found, mark, ageMilliseconds: rolloutAge } : null;
  const rolloutMark = mark === "" ? null : mark;
  return { kind, head: { generation, hash, by, ageMilliseconds, skips, rollout, rolloutMark }, delivered };
}

/** Parses an answer of `ANNOUNCE` to this request; null: the rules of announcing cannot result in it. */
export function parseAnnounceReply(
  reply: unknown,
  { hash, floor, restores, force }: Announcement,
  known: StoredRollout | null = null,
): Exclude<AnnounceAnswer<StoredHead>, { readonly kind: "failed" }> | null {
  const parsed = parseHeadReply(reply, known);
  if (parsed === null) return null;
  const { kind, head, delivered } = parsed;
  const isLost = head === null || head.generation < floor;
  if (kind === "lost") return isLost && !restores && !force ? { kind, head } : null;
  if (head === null || isLost) return null;
  const isHashSkipped = isSkipped(hash, head.skips);
  if (isHashSkipped && kind !== "refused") return null;
  switch (kind) {
    case "accepted":
      return head.hash === hash && (head.generation > floor || floor >= MAX_GENERATION)
        ? { kind, head, delivered }
        : null;
    case "same":
      return head.hash === hash ? { kind, head } : null;
    case "refused":
      return (head.hash !== hash || isHashSkipped) && !force ? { kind, head } : null;
    default:
      return null;
  }
}

/**
 * Parses an answer of `MOVE` to this request; null: the rules of moving cannot result in it.
 *
 * @param sent the rollout that the request has.
 */
export function parseMoveReply(
  reply: unknown,
  move: RolloutMove,
  sent: StoredRollout,
  known: StoredRollout | null = null,
): Exclude<MoveAnswer<StoredHead>, { readonly kind: "failed" }> | null {
  const isMoved = Array.isArray(reply) && reply[0] === "moved";
  const parsed = parseHeadReply(reply, isMoved ? sent : known);
  if (parsed === null) return null;
  const { kind, head } = parsed;
  if (head === null) return kind === "refused" ? { kind, head, rollout: null } : null;
  const { rollout, rolloutMark } = head;
  const isOnHead = head.generation === move.head.generation && head.hash === move.head.hash;
  const isOnBoth = isOnHead && rolloutMark === move.mark;
  switch (kind) {
    case "moved":
      return isOnHead && rollout?.mark === sent.mark ? { kind, head, rollout } : null;
    case "late":
      return isOnBoth && move.since !== null ? { kind, head, rollout } : null;
    case "refused":
      return !isOnBoth || (move.since !== null && isSkipped(move.to.hash, head.skips)) ? { kind, head, rollout } : null;
    default:
      return null;
  }
}

/** The commands that an instance's user must be allowed, with those that the scripts call. */
export const ALLOWED_COMMANDS = [
  "ping",
  "subscribe",
  "publish",
  "evalsha",
  "eval",
  "time",
  "hmget",
  "hset",
  "xadd",
  "xrevrange",
  "set",
  "getrange",
  "del",
  "zadd",
  "zrem",
  "zrangebyscore",
  "zremrangebyscore",
] as const;

/**
 * The least rights of an instance's user, as the rules of `ACL SETUSER <user> on ><password> …`
 * (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/). A Redis Cluster needs `+asking`
 * besides, a database other than 0 `+select`, and a `name` in the connection string `+client|setname`.
 */
export function accessRules(channel: string): string[] {
  const pattern = channel.replace(/[\\*?[\]]/g, "\\$&");
  return [
    "resetkeys",
    `~{${pattern}}:*`,
    "resetchannels",
    `&${pattern}`,
    "-@all",
    ...ALLOWED_COMMANDS.map((command) => `+${command}`),
  ];
}
