// Owns one path: which file is in force there, and the only way to replace it. A damaged file is set aside before anything
// takes its place and never deleted; what the operating system refuses is a value, never thrown.
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

/** Which path, and what belongs there. */
export interface SlotOptions<P extends Proof> {
  /** The file's path; its directory may come into being later. */
  readonly path: string;
  /** The file's name in messages: "snapshot". */
  readonly name: string;
  /** Proves a file. */
  readonly verify: Verify<P>;
  /** Permission bits. */
  readonly mode: number;
  /** The group; undefined leaves the daemon's own. */
  readonly gid: number | undefined;
  /** The operating system's unless a test injects faults. */
  readonly fileSystem: FileSystem;
  /** The time that names a damaged file. */
  readonly now: () => Date;
}

/** What could not be done, and what to do about it. */
export interface StoreFailure {
  /** Tells it from success. */
  readonly ok: false;
  /** The errno's name (`ENOSPC`), or `UNKNOWN_GROUP`, `NOT_A_FILE`, `TOO_LARGE`. */
  readonly code: string;
  /** One line with the path and an advice, fit for a log. */
  readonly message: string;
}

/** What stood at a path when its slot was opened. */
export type Existing<P extends Proof> =
  | { readonly state: "none" }
  | { readonly state: "in-force" } & Omit<P, "ok">
  /** A newer version's, whole as far as can be told: it stays for its readers until the next write replaces it. */
  | { readonly state: "newer-format" }
  /** `setAsideAs` is null where the rename was refused: then nothing is written until it succeeds. */
  | { readonly state: "damaged"; readonly fault: SealedFault; readonly setAsideAs: string | null };

/** Temporary files of writers that were killed: those removed, and those that could not be. */
export interface StaleFiles {
  /** Their paths. */
  readonly removed: readonly string[];
  /** Their paths. */
  readonly left: readonly string[];
}

/** An open slot, with what opening it found. */
export interface OpenedSlot<P extends Proof> {
  /** Tells it from failure. */
  readonly ok: true;
  /** The slot itself. */
  readonly slot: Slot<HeaderOf<P>>;
  /** What stood at the path. */
  readonly existing: Existing<P>;
  /** What killed writers left. */
  readonly stale: StaleFiles;
}

/** How a write ended; not replaced: its inspection did not want it. */
export type Written = { readonly ok: true; readonly replaced: boolean } | StoreFailure;

/** One path. It holds nothing open, so there is nothing to close. */
export interface Slot<Header extends SealedHeader> {
  /**
   * Puts the file in force, atomically. After a failure the old file is as it was. If only the directory's sync failed,
   * the new one is there, does not count as in force, and is to be written again. `inspect` gets the new file before it has
   * its name; if it says false, the old one stays.
   */
  write(file: SealedFile<Header>, inspect: (temporaryPath: string) => Promise<boolean>): Promise<Written>;
  /** The header of the file last written or, before any write, found at opening; null: there is none. */
  readonly header: Header | null;
  /**
   * Whether the file at the path is still the one with that header, with its mode and group. Answered from a stat while
   * that is unchanged, else by reading and verifying. False if it cannot be read.
   */
  isInForce(): Promise<boolean>;
  /**
   * The file that is at the path at the moment, whoever put it there. Null where there is none, it is damaged or cannot be
   * read, or its content hash is not the one asked for.
   */
  read(contentHash?: string): Promise<Pick<FileRead, "bytes"> & { readonly header: Header } | null>;
  /** How many files had to be verified since the opening. */
  readonly verified: number;
}

/** The file at the path, as far as the slot knows. */
interface InForce<Header extends SealedHeader> {
  readonly header: Header;
  /** Null where the next look must read the file. */
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

/** The report on the file that was found, and the part of it that counts as in force. */
async function judge<P extends Proof>(
  options: SlotOptions<P>,
  found: Found<P>,
): Promise<[Existing<P>, InForce<HeaderOf<P>> | null]> {
  if (found.state === "none") return [found, null];
  const { verification, identity, isLasting } = found;
  if (verification.ok) {
    const { ok: _, ...proof } = verification;
    // With the mode and group that it should have: where it has others, it is not in force and gets written anew.
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

/** Null too where the file is so new that it could be changed once more at the same time as far as a stat tells. */
async function settledIdentityOf(path: string): Promise<Identity | null> {
  const identity = await identityOf(path);
  return identity !== null && Date.now() - identity.mtime > CLOCK_TICK_MILLISECONDS ? identity : null;
}

/**
 * The identity of the file at the path, if it surely is the one that was written: a new name changes only the time of its
 * last change of status, a new content also that of its last modification.
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
    if (errorCode(error) !== "ENOENT") throw error; // Whoever took it away saw to it that nothing is lost here.
  }
  return aside;
}

/** A failure as a value. */
export function failure(code: string, message: string): StoreFailure {
  return { ok: false, code, message };
}
