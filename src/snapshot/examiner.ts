// Finds out which sealed file is at a path. It compares the file with the last one written, and verifies any other file
// in full, once. It does not verify a file again if its stat is the same as before.
import { type FileStat, openRegularFile } from "../host/regular_file.ts";
import { errorCode } from "../host/atomic_write.ts";
import type { HeaderOf, Proof, SealedFile, Verified, Verify } from "./sealed_file.ts";
import { isFileOf, MAX_SNAPSHOT_BYTES } from "./snapshot.ts";

/** The members of a stat that distinguish files. */
export type Identity = Pick<FileStat, "dev" | "ino" | "size" | "mode" | "gid"> & { mtime: number; ctime: number };

/** The verdict on a file: whole, or not. */
export interface Examination<Header> {
  readonly identity: Identity;
  /** Null: it is not whole. */
  readonly header: Header | null;
}

/** Finds out which kind of file is at a path. */
export interface Examiner<Header> {
  /** Returns the file if it is whole and has that content hash, else null. Rejects if the file cannot be read. */
  examine(contentHash?: string): Promise<FileRead & { readonly header: Header } | null>;
  /** How many files had to be verified. */
  readonly verified: number;
}

/** The parts of an examiner. */
export interface ExaminerSettings<P extends Proof> {
  readonly path: string;
  readonly verify: Verify<P>;
  /** The verdict of the opening. */
  readonly first: Examination<HeaderOf<P>> | null;
  /** Returns the files that need no proof. */
  written(): readonly SealedFile<HeaderOf<P>>[];
}

/** Opens an examiner, which remembers its last verdict. */
export function openExaminer<P extends Proof>(settings: ExaminerSettings<P>): Examiner<HeaderOf<P>> {
  type Header = HeaderOf<P>;
  const { path, verify, written } = settings;
  let last = settings.first;
  let verified = 0;
  return {
    async examine(contentHash) {
      const isWanted = (header: Header | null): header is Header =>
        header !== null && (contentHash === undefined || contentHash === header.contentHash);
      const recall = (identity: Identity) => last !== null && isSame(last.identity, identity) ? last : null;
      const before = written(); // A write may end while this reads the file that it replaces.
      const file = await readFile(path, (identity) => {
        const known = recall(identity);
        return known === null || isWanted(known.header);
      });
      if (file === null) return null;
      const { bytes, identity, isLasting } = file;
      const same = [...before, ...written()].find((file) => isFileOf(bytes, file));
      const known = isLasting ? recall(identity) : null;
      let header: Header | null | undefined = same === undefined ? known?.header : same.header;
      if (header === undefined) {
        verified++;
        const verification = await verify(bytes);
        header = verification.ok ? verification.header : null;
      }
      if (isLasting) last = { identity, header };
      return isWanted(header) ? { ...file, header } : null;
    },
    get verified() {
      return verified;
    },
  };
}

/** Returns the verdict on a file; null: there is none, or it may still change with the same identity. */
export function verdictOn<P extends Proof>(found: Found<P>): Examination<HeaderOf<P>> | null {
  if (found.state === "none" || !found.isLasting) return null;
  return { identity: found.identity, header: found.verification.ok ? found.verification.header : null };
}

/** Linux takes times of files from a clock with at least 100 ticks a second. */
export const CLOCK_TICK_MILLISECONDS = 10;

/** Deno 2.7.11 gives the time of the last change of status in whole seconds. */
const CTIME_UNIT_MILLISECONDS = 1_000;

/** A file's bytes. */
export interface FileRead {
  /** At most one byte more than the largest valid file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** From before the reading. */
  readonly identity: Identity;
  /** Whether it was the same after the reading, and no file with other bytes can get this identity. */
  readonly isLasting: boolean;
}

/** The file at a path; `verification` says whether it is whole. */
export type Found<P extends Proof> =
  | { readonly state: "none" }
  | FileRead & {
    readonly state: "file";
    readonly verification: Verified<P>;
  };

/** Reads and verifies the file at a path. Rejects with the system's error, except if the file is missing. */
export async function readSealedFile<P extends Proof>(path: string, verify: Verify<P>): Promise<Found<P>> {
  const file = await readFile(path, () => true);
  return file === null ? { state: "none" } : { state: "file", ...file, verification: await verify(file.bytes) };
}

/** Null if there is no file, or it is not wanted. */
async function readFile(path: string, isWanted: (identity: Identity) => boolean): Promise<FileRead | null> {
  try {
    await using file = await openRegularFile(path);
    const lookedAt = Date.now();
    const identity = identify(await file.stat());
    if (!isWanted(identity)) return null;
    const bytes = new Uint8Array(Math.min(identity.size, MAX_SNAPSHOT_BYTES) + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = await file.read(bytes.subarray(length));
      if (count === 0) break;
      length += count;
    }
    // No program can set the time of the last change of status, and every change of the bytes changes it.
    const isSettled = lookedAt - identity.ctime > CTIME_UNIT_MILLISECONDS + CLOCK_TICK_MILLISECONDS;
    const isLasting = isSettled && isSame(identity, identify(await file.stat()));
    return { bytes: bytes.subarray(0, length), identity, isLasting };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Returns the identity in a stat. */
export function identify(info: FileStat): Identity {
  const { dev, ino, size, gid, mtimeMs: mtime, ctimeMs: ctime } = info;
  return { dev, ino, size, mode: info.mode & 0o7777, gid, mtime, ctime };
}

/** Whether all members of the one are equal in the other. */
export function isSame<T extends object>(one: T, other: T | null): boolean {
  return other !== null && (Object.keys(one) as (keyof T)[]).every((name) => one[name] === other[name]);
}
