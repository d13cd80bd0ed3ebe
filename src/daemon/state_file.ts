// What must survive a restart beside the snapshot, in a file of its own that is written as atomically: what was agreed
// on, and which hooks are done with which snapshot. What is missing, damaged or about something else counts as nothing: an
// instance that never agreed overrules nobody, and a hook of which nothing is known runs.
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { readRegularFile } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";
import { MAX_GENERATION } from "../agreement/head.ts";
import { isGeneration, isHash } from "../agreement/head.ts";
import { KEPT_FAILURE } from "../hooks/decide_hooks.ts";
import { type Ledger, MAX_UNANSWERED, NEW_LEDGER } from "../agreement/agreement.ts";
import { atomicWrite, errorCode } from "../host/atomic_write.ts";

/** The file's name, in `State:Directory` or the snapshot's. */
const FILE_NAME = "honua-configd.state.json";
const MAX_FILE_BYTES = 64 * 1024;
/** A file system that hangs holds up neither an announcement nor, for long, the end. */
const KEEPING_LIMIT_MILLISECONDS = 2_000;
const ENDING_LIMIT_MILLISECONDS = 300;
/** Another shape of the file has another number. */
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
/** A generation beyond the last one, which a lying Redis had made up, becomes the last one. */
const generation = z.int().min(0).transform((count) => Math.min(count, MAX_GENERATION));
const head = z.object({ generation: generation.refine(isGeneration), hash });
const owed = z.object({ hash, base: hash.nullable() });

/** What is kept. */
export interface KeptState {
  /** What was agreed on; that of an instance that never agreed, where none was found. */
  readonly ledger: Ledger;
  /** The id under which a process told the others last what it runs; null: none did. */
  readonly peer: string | null;
  /** The content hash of the snapshot that each hook is done with, by its name, or that it failed. */
  readonly hooks: ReadonlyMap<string, string>;
}

/** What was found of the last process. */
export interface ReadState extends KeptState {
  /** Why an existing file, or a part of it, does not count, in one line; null if all of it does, or there is none. */
  readonly trouble: string | null;
}

/** What a state is about: under another snapshot it means nothing, and under another channel its ledger does not. */
export interface StateScope {
  /** `HighAvailability:ConfigurationChannel`. */
  readonly channel: string;
  /** The snapshot's path. */
  readonly snapshot: string;
}

/** Where the state is kept. */
export function statePath(directory: string | null, snapshotPath: string): string {
  return join(directory ?? dirname(snapshotPath), FILE_NAME);
}

/** Reads the state. */
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
  const { hooks, ledger, mended } = mend(parsed.data);
  if (channel !== scope.channel) return { ...fresh(`${path} is about another channel`), hooks };
  return {
    hooks,
    ledger,
    peer,
    trouble: mended.length === 0 ? null : `${path} has an impossible value (${mended.join(", ")})`,
  };
}

/**
 * Keeps the members within their bounds. A generation beyond them becomes the last one; any other wrong member gets its
 * value in a new ledger. A hook whose hash is wrong is not known to be done.
 */
function mend(
  found: z.infer<typeof stored>,
): Pick<KeptState, "ledger" | "hooks"> & { readonly mended: readonly string[] } {
  const mended = new Set<string>();
  const member = <T>(name: keyof Ledger, schema: z.ZodType<T>): T | null => {
    const parsed = schema.nullable().safeParse(found[name]);
    if (!parsed.success || !isDeepStrictEqual(parsed.data, found[name])) mended.add(name);
    return parsed.data ?? null;
  };
  const [agreed, diverged] = [member("agreed", head), member("diverged", head)];
  const seen = member("seen", generation) ?? 0;
  const ledger: Ledger = {
    // A head that was agreed with, or diverged from, was seen.
    seen: Math.max(seen, agreed?.generation ?? 0, diverged?.generation ?? 0),
    agreed,
    diverged,
    concluded: member("concluded", hash),
    unanswered: member("unanswered", z.array(hash).max(MAX_UNANSWERED)) ?? [],
    owed: member("owed", owed),
  };
  const hooks = Object.entries(found.hooks).flatMap(([name, done]): [string, string][] => {
    const parsed = hookState.safeParse(done);
    if (!parsed.success) mended.add("hooks");
    return parsed.success ? [[name, parsed.data]] : [];
  });
  return { ledger, hooks: new Map(hooks), mended: [...mended] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Keeps the state, the latest of which is in the file in the end. */
export interface StateKeeper extends AsyncDisposable {
  /** Begins to write what changed, or marks as next what comes during a write. Never throws. */
  keep(changed: Partial<KeptState>): void;
  /** Resolves when the latest state is in the file or could not be written, at the latest after 2 s. */
  kept(): Promise<void>;
}

/** Opens the keeper of what was `found`; `onResult` is told of each write, with null or one line about why it failed. */
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
