// What agreement must not forget, in a file beside the snapshot and written as atomically. A file that is missing,
// damaged or of another channel makes an instance that never agreed with anything, which overrules nobody.
import { dirname, join } from "node:path";
import { z } from "zod";
import { withinLimit } from "../admin/time_limit.ts";
import { MAX_GENERATION } from "../cluster/announcing_rules.ts";
import { type Ledger, MAX_UNANSWERED, NEW_LEDGER } from "../reload/agreement.ts";
import { atomicWrite, errorCode } from "../snapshot/atomic_write.ts";

/** The file's name, in `State:Directory` or the snapshot's. */
const FILE_NAME = "honua-configd.state.json";
const MAX_FILE_BYTES = 64 * 1024;
/** A file system that hangs holds up neither an announcement nor, for long, the end. */
const KEEPING_LIMIT_MILLISECONDS = 2_000;
const ENDING_LIMIT_MILLISECONDS = 300;
/** Another shape of the file has another number. */
const FORMAT = 1;

const generation = z.int().min(0).max(MAX_GENERATION);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const head = z.object({ generation: generation.min(1), hash });
const stored = z.object({
  format: z.literal(FORMAT),
  channel: z.string(),
  snapshot: z.string(),
  seen: generation,
  agreed: head.nullable(),
  diverged: head.nullable(),
  concluded: hash.nullable(),
  unanswered: z.array(hash).max(MAX_UNANSWERED),
  owed: z.object({ hash, base: hash.nullable() }).nullable(),
});

/** What was found of the last process. */
export interface ReadLedger {
  /** That of an instance that never agreed, where none was found. */
  readonly ledger: Ledger;
  /** Why an existing file does not count, in one line; null where it does, or there is none. */
  readonly trouble: string | null;
}

/** What a ledger is about; under another channel or snapshot it means nothing. */
export interface LedgerScope {
  /** `HighAvailability:ConfigurationChannel`. */
  readonly channel: string;
  /** The snapshot's path. */
  readonly snapshot: string;
}

/** Where the ledger is kept. */
export function ledgerPath(directory: string | null, snapshotPath: string): string {
  return join(directory ?? dirname(snapshotPath), FILE_NAME);
}

/** Reads the ledger. */
export async function readLedger(path: string, scope: LedgerScope): Promise<ReadLedger> {
  const fresh = (trouble: string | null): ReadLedger => ({ ledger: NEW_LEDGER, trouble });
  let text: string;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) return fresh(`${path} has more than ${MAX_FILE_BYTES} bytes`);
    text = await Deno.readTextFile(path);
  } catch (error) {
    const code = errorCode(error);
    return fresh(code === "ENOENT" ? null : `${path} cannot be read: ${code}`);
  }
  const parsed = stored.safeParse(jsonOf(text));
  if (!parsed.success) return fresh(`${path} is damaged`);
  const { format: _, channel, snapshot, ...ledger } = parsed.data;
  if (channel !== scope.channel) return fresh(`${path} is about another channel`);
  if (snapshot !== scope.snapshot) {
    return fresh(`${path} is about another snapshot: give each daemon a State:Directory`);
  }
  return { ledger, trouble: null };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Keeps ledgers, the latest of which is in the file in the end. */
export interface LedgerKeeper extends AsyncDisposable {
  /** Begins to write, or marks as next what comes during a write. Never throws. */
  keep(ledger: Ledger): void;
  /** Resolves when the latest ledger is in the file or could not be written, at the latest after 2 s. */
  kept(): Promise<void>;
}

/** Opens the keeper; `onResult` is told of each write, with null or one line about why it failed. */
export function ledgerKeeper(
  path: string,
  scope: LedgerScope,
  onResult: (trouble: string | null) => void,
): LedgerKeeper {
  let next: Ledger | null = null;
  let writing: Promise<void> | null = null;
  const write = async () => {
    while (next !== null) {
      const text = JSON.stringify({ format: FORMAT, ...scope, ...next });
      next = null;
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
    keep(ledger) {
      next = ledger;
      writing ??= write();
    },
    kept: () => within(KEEPING_LIMIT_MILLISECONDS),
    [Symbol.asyncDispose]: () => within(ENDING_LIMIT_MILLISECONDS),
  };
}
