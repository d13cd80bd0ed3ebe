// What agreement must not forget, in a file beside the snapshot and written as atomically. A file that is missing,
// damaged or of another channel makes an instance that never agreed with anything, which overrules nobody.
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type Ledger, MAX_UNANSWERED, NEW_LEDGER } from "../reload/agreement.ts";
import { atomicWrite, errorCode } from "../snapshot/atomic_write.ts";

/** The file's name, in `State:Directory` or the snapshot's. */
const FILE_NAME = "honua-configd.state.json";
const MAX_FILE_BYTES = 64 * 1024;
const KEEPING_LIMIT_MILLISECONDS = 2_000;
/** Another shape of the file has another number. */
const FORMAT = 1;

const generation = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const stored = z.object({
  format: z.literal(FORMAT),
  channel: z.string(),
  seen: generation,
  agreed: generation,
  diverged: generation.nullable(),
  concluded: hash.nullable(),
  unanswered: z.array(hash).max(MAX_UNANSWERED),
  owed: z.object({ hash, base: generation }).nullable(),
});

/** What was found of the last process. */
export interface ReadLedger {
  /** That of an instance that never agreed, where none was found. */
  readonly ledger: Ledger;
  /** Why an existing file does not count, in one line; null where it does, or there is none. */
  readonly trouble: string | null;
}

/** Where the ledger is kept. */
export function ledgerPath(directory: string | null, snapshotPath: string): string {
  return join(directory ?? dirname(snapshotPath), FILE_NAME);
}

/** Reads the ledger of a channel. */
export async function readLedger(path: string, channel: string): Promise<ReadLedger> {
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
  const { format: _, channel: writtenFor, ...ledger } = parsed.data;
  if (writtenFor !== channel) return fresh(`${path} is about another channel`);
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
export function ledgerKeeper(path: string, channel: string, onResult: (trouble: string | null) => void): LedgerKeeper {
  let next: Ledger | null = null;
  let writing: Promise<void> | null = null;
  const write = async () => {
    while (next !== null) {
      const text = JSON.stringify({ format: FORMAT, channel, ...next });
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
  return {
    keep(ledger) {
      next = ledger;
      writing ??= write();
    },
    kept: () => withinKeeping(writing),
    [Symbol.asyncDispose]: () => withinKeeping(writing),
  };
}

/** A file system that hangs holds up neither an announcement nor the end. */
async function withinKeeping(writing: Promise<void> | null): Promise<void> {
  if (writing === null) return;
  const over = new AbortController();
  const limit = delay(KEEPING_LIMIT_MILLISECONDS, undefined, { signal: over.signal }).catch(() => {});
  await Promise.race([writing, limit]);
  over.abort();
}
