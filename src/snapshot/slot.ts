// Owns one path: it knows which file is in force there, and only it replaces the file. A damaged file is set aside
// before another takes its place, and never deleted. A refusal of the operating system is a value, never thrown.
import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import {
  adviceFor,
  atomicWrite,
  AtomicWriteError,
  errorCode,
  type FileSystem,
  removeStaleTemporaries,
  resolveTarget,
} from "../host/atomic_write.ts";
import {
  CLOCK_TICK_MILLISECONDS,
  type FileRead,
  type Found,
  identify,
  type Identity,
  isSame,
  openExaminer,
  readSealedFile,
  verdictOn,
} from "./examiner.ts";
import type { HeaderOf, Proof, SealedFault, SealedFile, SealedHeader, Verify } from "./sealed_file.ts";
import { describeFault, MAX_SNAPSHOT_BYTES } from "./snapshot.ts";

/** A path, and the kind of file that belongs there. */
export interface SlotOptions<P extends Proof> {
  /** Its directory need not exist yet. */
  readonly path: string;
  /** The file's name in messages: "snapshot". */
  readonly name: string;
  readonly verify: Verify<P>;
  /** Permission bits. */
  readonly mode: number;
  /** Undefined: the daemon's own group. */
  readonly gid: number | undefined;
  /** The operating system's, unless a test injects faults. */
  readonly fileSystem: FileSystem;
  /** The time for the name of a damaged file. */
  readonly now: () => Date;
}

/** A failed operation, with advice. */
export interface StoreFailure {
  readonly ok: false;
  /** The errno's name (`ENOSPC`), or `UNKNOWN_GROUP`, `NOT_A_FILE`, `TOO_LARGE`. */
  readonly code: string;
  /** One line for a log, with the path and advice. */
  readonly message: string;
}

/** The file at a path at the opening of its slot. */
export type ExistingFile<P extends Proof> =
  | { readonly state: "none" }
  | { readonly state: "in-force" } & Omit<P, "ok">
  /** A newer version's file, which seems whole: it remains for its readers until the next write replaces it. */
  | { readonly state: "newer-format" }
  /** `setAsideAs` is null if the rename was refused: no write happens until it succeeds. */
  | { readonly state: "damaged"; readonly fault: SealedFault; readonly setAsideAs: string | null };

/** Paths of temporary files of killed writers: those that were removed, and those that could not be removed. */
export interface StaleFiles {
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

/** An open slot, with the files found at its opening. */
export interface OpenedSlot<P extends Proof> {
  readonly ok: true;
  readonly slot: Slot<HeaderOf<P>>;
  readonly existing: ExistingFile<P>;
  readonly stale: StaleFiles;
}

/** The result of a write; not `replaced`: its inspection refused the file. */
export type Written = { readonly ok: true; readonly replaced: boolean } | StoreFailure;

/** One path. It holds nothing open, so there is nothing to close. */
export interface Slot<Header extends SealedHeader> {
  /**
   * Puts the file in force, atomically. After a failure the old file is unchanged. If only the directory's sync failed,
   * the new file is at the path but not in force, and must be written again. `inspect` is called with the path of the
   * new file before the rename; if it returns false, the old file remains.
   */
  write(file: SealedFile<Header>, inspect: (temporaryPath: string) => Promise<boolean>): Promise<Written>;
  /** The header of the file last written or, before any write, found at opening; null: there is none. */
  readonly header: Header | null;
  /**
   * Whether the file at the path still has that header, the mode and the group. An unchanged stat is enough; otherwise
   * it reads and verifies the file. False if the file cannot be read.
   */
  isInForce(): Promise<boolean>;
  /**
   * Returns the current file at the path, from any writer. Null if there is none, if it is damaged or cannot be read,
   * or if it has another content hash.
   */
  read(contentHash?: string): Promise<Pick<FileRead, "bytes"> & { readonly header: Header } | null>;
  /** The number of files that were verified since the opening. */
  readonly verified: number;
}

/** The file at the path, as the slot last knew it. */
interface InForce<Header extends SealedHeader> {
  readonly header: Header;
  /** Null if the next check must read the file. */
  identity: Identity | null;
  /** The header that was written; null: the file was found at opening. */
  readonly file: SealedFile<Header> | null;
}

/**
 * Opens the slot: removes stale temporary files, verifies the file that is there, and sets a damaged one aside as
 * `{path}.damaged-{UTC time}-{random}`. A missing directory or file is no failure; one that may not be read is.
 */
export async function openSlot<P extends Proof>(options: SlotOptions<P>): Promise<OpenedSlot<P> | StoreFailure> {
  const { path, name, verify, fileSystem } = options;
  let stale: StaleFiles = { removed: [], left: [] };
  let found: Found<P>;
  try {
    const target = await resolveTarget(path, fileSystem);
    stale = await removeStaleTemporaries(target, fileSystem);
    found = await readSealedFile(target, verify);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT") return failure(code, `cannot read the ${name} ${path}: ${code}: ${adviceFor(code)}`);
    found = { state: "none" };
  }
  const [existing, inForce] = await judge(options, found);
  const isInTheWay = existing.state === "damaged" && existing.setAsideAs === null;
  return { ok: true, slot: slotAt(options, found, inForce, isInTheWay), existing, stale };
}

/** Returns the report on the file that was found, and the file that counts as in force. */
async function judge<P extends Proof>(
  options: SlotOptions<P>,
  found: Found<P>,
): Promise<[ExistingFile<P>, InForce<HeaderOf<P>> | null]> {
  if (found.state === "none") return [found, null];
  const { verification, identity, isLasting } = found;
  if (verification.ok) {
    const { ok: _, ...proof } = verification;
    // With the mode and group of the options: a file with others is not in force and is written again.
    const wanted = isLasting ? { ...identity, mode: options.mode, gid: options.gid ?? identity.gid } : null;
    return [{ state: "in-force", ...proof }, { header: verification.header, identity: wanted, file: null }];
  }
  if (verification.reason === "newer-format") return [{ state: "newer-format" }, null];
  const setAsideAs = await setDamagedAside(options).catch(() => null);
  return [{ state: "damaged", fault: verification.reason, setAsideAs }, null];
}

function slotAt<P extends Proof>(
  options: SlotOptions<P>,
  found: Found<P>,
  foundInForce: InForce<HeaderOf<P>> | null,
  isInTheWay: boolean,
): Slot<HeaderOf<P>> {
  type File = SealedFile<HeaderOf<P>>;
  const { path, name, verify, mode, gid, fileSystem } = options;
  let inForce = foundInForce;
  let incoming: File | null = null;
  let setsAsideFirst = isInTheWay;
  const written = () => [inForce?.file ?? null, incoming].filter((file) => file !== null);
  const examiner = openExaminer({ path, verify, written, first: verdictOn(found) });
  return {
    async write(file, inspect) {
      if (file.byteLength > MAX_SNAPSHOT_BYTES) {
        return failure("TOO_LARGE", `cannot write ${path}: the ${name} ${describeFault("too-large")}`);
      }
      let written: Identity | null = null;
      const inspected = async (temporaryPath: string) => {
        written = await settledIdentityOf(temporaryPath);
        return await inspect(temporaryPath);
      };
      incoming = file;
      try {
        if (setsAsideFirst) await setDamagedAside(options);
        setsAsideFirst = false;
        const replaced = await atomicWrite(path, file.pieces, { mode, gid, fileSystem, inspect: inspected });
        if (!replaced) return { ok: true, replaced };
        const identity = identityInPlace(written, await identityOf(path), { mode, gid });
        inForce = { header: file.header, identity, file };
        return { ok: true, replaced };
      } catch (error) {
        if (error instanceof AtomicWriteError) return failure(error.code, error.message);
        const code = errorCode(error);
        return failure(code, `cannot set the damaged ${name} ${path} aside: ${code}: ${adviceFor(code)}`);
      } finally {
        incoming = null;
      }
    },
    get header() {
      return inForce?.header ?? null;
    },
    async isInForce() {
      const known = inForce;
      if (known === null) return false;
      try {
        const { identity, header } = known;
        if (identity !== null && isSame(identity, identify(await stat(path)))) return true;
        const now = await examiner.examine();
        if (now === null || !isSame(header, now.header)) return false;
        const wanted = identity ?? { mode, gid: gid ?? now.identity.gid };
        if (wanted.mode !== now.identity.mode || wanted.gid !== now.identity.gid) return false;
        if (now.isLasting) known.identity = now.identity;
        return true;
      } catch {
        return false;
      }
    },
    async read(contentHash) {
      const now = await examiner.examine(contentHash).catch(() => null);
      return now && { header: now.header, bytes: now.bytes };
    },
    get verified() {
      return examiner.verified;
    },
  };
}

function identityOf(path: string): Promise<Identity | null> {
  return stat(path).then(identify, () => null);
}

/** Null also if the file is so new that another change could have the same time in a stat. */
async function settledIdentityOf(path: string): Promise<Identity | null> {
  const identity = await identityOf(path);
  return identity !== null && Date.now() - identity.mtime > CLOCK_TICK_MILLISECONDS ? identity : null;
}

/**
 * Returns the identity of the file at the path if it is certainly the one that was written: a rename changes only the
 * time of its last change of status, new content also the time of its last modification.
 */
function identityInPlace(
  written: Identity | null,
  now: Identity | null,
  wanted: { mode: number; gid: number | undefined },
): Identity | null {
  if (written === null || now === null || !isSame({ ...written, ctime: now.ctime }, now)) return null;
  return now.mode === wanted.mode && now.gid === (wanted.gid ?? now.gid) ? now : null;
}

async function setDamagedAside(
  { path, fileSystem, now }: Pick<SlotOptions<Proof>, "path" | "fileSystem" | "now">,
): Promise<string> {
  const target = await resolveTarget(path, fileSystem);
  const time = now().toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const aside = `${target}.damaged-${time}-${randomBytes(4).toString("hex")}`;
  try {
    await fileSystem.rename(target, aside);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error; // Another process moved it: this loses nothing.
  }
  return aside;
}

/** Makes a failure. */
export function failure(code: string, message: string): StoreFailure {
  return { ok: false, code, message };
}
