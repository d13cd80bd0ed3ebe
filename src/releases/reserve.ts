// The reserve: the last good snapshot and server form, for a release whose text no longer compiles. Both are in one
// file, so that they always belong together; a damaged one is never returned.
import { jsonOf } from "../host/json_of.ts";
import { join } from "node:path";
import * as z from "zod";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { atomicWrite, errorCode } from "../host/atomic_write.ts";
import { readRegularFile } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";
import { type HistoryDirectory, makeHistoryDirectory } from "./history_directory.ts";
import type { Kept } from "./owed_writer.ts";
import { DIGEST_BYTES, withDigest, withoutDigest } from "./digested_bytes.ts";

const NAME = "reserve";
/** Changes with the form of the file: a line of JSON, the snapshot, the server form, the digest of them. */
const FORMAT = 1;
const LIMIT_MILLISECONDS = 5_000;
const MAX_HEADER_BYTES = 1_024;

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const header = z.object({
  format: z.literal(FORMAT),
  hash: hex,
  contentHash: hex,
  snapshotBytes: z.int().min(0),
  hasServerForm: z.boolean(),
});

/** The files of a release that was in force. */
export interface ReserveFiles {
  readonly hash: string;
  readonly contentHash: string;
  readonly snapshot: Uint8Array;
  /** Null: there is none. */
  readonly serverForm: Uint8Array | null;
}

/** The reserve as read; `message` is one line for a log. `missing`: there is none, or it is of another hash. */
export type ReserveRead =
  | { readonly ok: true; readonly files: ReserveFiles }
  | { readonly ok: false; readonly reason: "missing" | "damaged" | "unreadable"; readonly message: string };

/** The reserve of a host: the files of one hash. */
export interface Reserve {
  /**
   * Keeps these files in place of the ones before, unless they are the ones that were kept last. Call it with the files
   * in force before others replace them. Resolves after at most 5 s, and never throws.
   */
  keep(files: ReserveFiles): Promise<Kept>;
  /** Reads the files of a hash. Never throws. */
  read(hash: string): Promise<ReserveRead>;
}

/** Opens the reserve. `maxFileBytes` is the most that a snapshot or a server form has. */
export function openReserve(directory: HistoryDirectory, maxFileBytes: number): Reserve {
  const path = join(directory.path, NAME);
  const shown = terminalText(path);
  const maxBytes = 2 * maxFileBytes + MAX_HEADER_BYTES + DIGEST_BYTES;
  let kept: string | null = null;
  const write = async (files: ReserveFiles): Promise<Kept> => {
    const id = `${files.hash} ${files.contentHash}`;
    if (kept === id) return { ok: true };
    kept = null;
    try {
      await makeHistoryDirectory(directory);
      await atomicWrite(path, await withDigest(piecesOf(files)), { mode: 0o600, fileSystem: directory.fileSystem });
      kept = id;
      return { ok: true };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  };
  const read = async (hash: string): Promise<ReserveRead> => {
    const none: ReserveRead = { ok: false, reason: "missing", message: `${shown} has no snapshot of ${hash}` };
    try {
      const bytes = await readRegularFile(path, maxBytes);
      const content = bytes.length > maxBytes ? null : await withoutDigest(bytes);
      const files = content && filesOf(content);
      if (files === null) return { ok: false, reason: "damaged", message: `${shown} is damaged` };
      return files.hash === hash ? { ok: true, files } : none;
    } catch (error) {
      const code = errorCode(error);
      return code === "ENOENT"
        ? none
        : { ok: false, reason: "unreadable", message: `${shown} cannot be read: ${code}` };
    }
  };
  return {
    async keep(files) {
      const result = await withinLimit(write(files), LIMIT_MILLISECONDS);
      return result.ok
        ? result.value
        : { ok: false, message: `cannot write ${shown}: the file system does not answer` };
    },
    async read(hash) {
      const result = await withinLimit(read(hash), LIMIT_MILLISECONDS);
      if (result.ok) return result.value;
      return { ok: false, reason: "unreadable", message: `${shown} cannot be read: ETIMEDOUT` };
    },
  };
}

function piecesOf({ hash, contentHash, snapshot, serverForm }: ReserveFiles): Uint8Array[] {
  const [snapshotBytes, hasServerForm] = [snapshot.length, serverForm !== null];
  const first: z.infer<typeof header> = { format: FORMAT, hash, contentHash, snapshotBytes, hasServerForm };
  const line = new TextEncoder().encode(`${JSON.stringify(first)}\n`);
  return [line, snapshot, ...serverForm === null ? [] : [serverForm]];
}

/** Null: another version wrote the file. */
function filesOf(content: Uint8Array): ReserveFiles | null {
  const snapshotAt = content.subarray(0, MAX_HEADER_BYTES).indexOf(0x0a) + 1;
  const parsed = header.safeParse(jsonOf(new TextDecoder().decode(content.subarray(0, snapshotAt))));
  if (!parsed.success) return null;
  const { hash, contentHash, snapshotBytes, hasServerForm } = parsed.data;
  const serverFormAt = snapshotAt + snapshotBytes;
  return {
    hash,
    contentHash,
    snapshot: content.subarray(snapshotAt, serverFormAt),
    serverForm: hasServerForm ? content.subarray(serverFormAt) : null,
  };
}
