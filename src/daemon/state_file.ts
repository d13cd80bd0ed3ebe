// The state file, which survives a restart beside the snapshot and is written as atomically: the ledger of the
// agreement, and which hook is done with which snapshot. A missing, damaged or foreign file counts as none: an instance
// that never agreed overrules no head, and a hook that is not known to be done runs.
import { jsonOf } from "../host/json_of.ts";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { readRegularFile } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";
import { MAX_GENERATION } from "../agreement/head.ts";
import { isGeneration, isHash } from "../agreement/head.ts";
import { MAX_SKIPS } from "../agreement/skip.ts";
import { KEPT_FAILURE } from "../hooks/decide_hooks.ts";
import { type Ledger, MAX_UNANSWERED, NEW_LEDGER } from "../agreement/agreement.ts";
import { atomicWrite, errorCode } from "../host/atomic_write.ts";

/** The file's name, in `State:Directory` or the snapshot's. */
const FILE_NAME = "honua-configd.state.json";
const MAX_FILE_BYTES = 64 * 1024;
/** A file system that hangs must not block an announcement, and the stop only for a short time. */
const KEEPING_LIMIT_MILLISECONDS = 2_000;
const ENDING_LIMIT_MILLISECONDS = 300;
/** Changes with the shape of the file. */
const FORMAT = 1;

/** The file as a whole; a fault in a member costs only that member. */
const stored = z.object({
  format: z.literal(FORMAT),
  channel: z.string(),
  snapshot: z.string(),
  peer: z.string().max(256).nullish().catch(null),
  hooks: z.record(z.string(), z.unknown()).default({}),
}).loose();

const hash = z.custom<string>(isHash);
const hookState = hash.or(z.literal(KEPT_FAILURE));
/** A generation above the maximum, which a lying Redis made up, becomes the maximum. */
const generation = z.int().min(0).transform((count) => Math.min(count, MAX_GENERATION));
const head = z.object({ generation: generation.refine(isGeneration), hash });
const owed = z.object({ hash, base: hash.nullable(), undoes: z.array(hash).max(MAX_SKIPS).exactOptional() });

/** The state that survives a restart. */
export interface KeptState {
  /** If none was found, that of an instance that never agreed. */
  readonly ledger: Ledger;
  /** The id of the record that a process wrote last for its peers; null: none did. */
  readonly peer: string | null;
  /** By a hook's name: the content hash of the snapshot that it is done with, or that it failed. */
  readonly hooks: ReadonlyMap<string, string>;
}

/** The state of the last process, as read. */
export interface ReadState extends KeptState {
  /** Why an existing file, or a part of it, does not count, in one line; null: all of it does, or there is none. */
  readonly trouble: string | null;
}

/** The scope of a state: it does not count for another snapshot, and its ledger does not for another channel. */
export interface StateScope {
  /** `HighAvailability:ConfigurationChannel`. */
  readonly channel: string;
  /** The snapshot's path. */
  readonly snapshot: string;
}

/** The path of the state file. */
export function statePath(directory: string | null, snapshotPath: string): string {
  return join(directory ?? dirname(snapshotPath), FILE_NAME);
}

/** Reads the state file. */
export async function readState(path: string, scope: StateScope): Promise<ReadState> {
  const fresh = (trouble: string | null): ReadState => ({ ledger: NEW_LEDGER, peer: null, hooks: new Map(), trouble });
  let text: string;
  try {
    const bytes = await readRegularFile(path, MAX_FILE_BYTES);
    if (bytes.length > MAX_FILE_BYTES) return fresh(`${path} has more than ${MAX_FILE_BYTES} bytes`);
    text = new TextDecoder().decode(bytes);
  } catch (error) {
    const code = errorCode(error);
    return fresh(code === "ENOENT" ? null : `${path} cannot be read: ${code}`);
  }
  const parsed = stored.safeParse(jsonOf(text));
  if (!parsed.success) return fresh(`${path} is damaged`);
  const { channel, snapshot, peer = null } = parsed.data;
  if (snapshot !== scope.snapshot) {
    return fresh(`${path} is about another snapshot: give each daemon a State:Directory`);
  }
  const { hooks, ledger, repaired } = repair(parsed.data);
  if (channel !== scope.channel) return { ...fresh(`${path} is about another channel`), hooks };
  return {
    hooks,
    ledger,
    peer,
    trouble: repaired.length === 0 ? null : `${path} has an impossible value (${repaired.join(", ")})`,
  };
}

/**
 * Brings the members into their bounds. A generation above the maximum becomes the maximum; any other wrong member gets
 * its value in a new ledger. A hook with a wrong hash is not known to be done.
 */
function repair(
  found: z.infer<typeof stored>,
): Pick<KeptState, "ledger" | "hooks"> & { readonly repaired: readonly string[] } {
  const repaired = new Set<string>();
  const member = <T>(name: keyof Ledger, schema: z.ZodType<T>): T | null => {
    const parsed = schema.nullable().safeParse(found[name]);
    if (!parsed.success || !isDeepStrictEqual(parsed.data, found[name])) repaired.add(name);
    return parsed.data ?? null;
  };
  const [agreed, diverged] = [member("agreed", head), member("diverged", head)];
  const seen = member("seen", generation) ?? 0;
  const ledger: Ledger = {
    // The heads agreed with and diverged from were seen.
    seen: Math.max(seen, agreed?.generation ?? 0, diverged?.generation ?? 0),
    agreed,
    diverged,
    concluded: member("concluded", hash),
    unanswered: member("unanswered", z.array(hash).max(MAX_UNANSWERED)) ?? [],
    owed: member("owed", owed),
  };
  const hooks = Object.entries(found.hooks).flatMap(([name, done]): [string, string][] => {
    const parsed = hookState.safeParse(done);
    if (!parsed.success) repaired.add("hooks");
    return parsed.success ? [[name, parsed.data]] : [];
  });
  return { ledger, hooks: new Map(hooks), repaired: [...repaired] };
}

/** Writes the state file; the latest state is written last. */
export interface StateKeeper extends AsyncDisposable {
  /** Begins to write the state with these members, or writes it after the current write. Never throws. */
  keep(changed: Partial<KeptState>): void;
  /** Resolves when the latest state is in the file or could not be written, at the latest after 2 s. */
  kept(): Promise<void>;
}

/**
 * Opens the keeper of a found state; `onResult` receives the result of each write: null, or the failure in one line.
 */
export function stateKeeper(
  path: string,
  scope: StateScope,
  found: KeptState,
  onResult: (trouble: string | null) => void,
): StateKeeper {
  let latest: KeptState = found;
  let isNew = false;
  let writing: Promise<void> | null = null;
  const write = async () => {
    while (isNew) {
      isNew = false;
      const { ledger, peer, hooks } = latest;
      const text = JSON.stringify({ format: FORMAT, ...scope, ...ledger, peer, hooks: Object.fromEntries(hooks) });
      try {
        await atomicWrite(path, new TextEncoder().encode(`${text}\n`), { mode: 0o600 });
        onResult(null);
      } catch (error) {
        onResult(error instanceof Error ? error.message : String(error));
      }
    }
    writing = null;
  };
  const within = async (milliseconds: number) => {
    if (writing !== null) await withinLimit(writing, milliseconds);
  };
  return {
    keep(changed) {
      latest = { ...latest, ...changed };
      isNew = true;
      writing ??= write();
    },
    kept: () => within(KEEPING_LIMIT_MILLISECONDS),
    [Symbol.asyncDispose]: () => within(ENDING_LIMIT_MILLISECONDS),
  };
}
