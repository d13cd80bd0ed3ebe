// Which sealed file is at a path: what was written is compared with the file, all else is verified in full, once for each
// file. A file that a stat tells to be the same as before is not verified again.
import { type FileStat, openRegularFile } from "../host/regular_file.ts";
import { errorCode } from "../host/atomic_write.ts";
import type { HeaderOf, Proof, SealedFile, Verified, Verify } from "./sealed_file.ts";
import { isFileOf, MAX_SNAPSHOT_BYTES } from "./snapshot.ts";

/** A stat's answer, as far as it tells one file from another. */
export type Identity = Pick<FileStat, "dev" | "ino" | "size" | "mode" | "gid"> & { mtime: number; ctime: number };

/** The verdict on a file: whole, or not. */
export interface Examination<Header> {
  /** Tells the file from others. */
  readonly identity: Identity;
  /** Null: it is not whole. */
  readonly header: Header | null;
}

/** Finds out what is at a path. */
export interface Examiner<Header> {
  /** The whole file that is there, where its content hash is the one asked for. Rejects where it cannot be read. */
  examine(contentHash?: string): Promise<FileRead & { readonly header: Header } | null>;
  /** How many files had to be verified. */
  readonly verified: number;
}

/** The means of an examiner. */
export interface ExaminerSettings<P extends Proof> {
  /** The file's path. */
  readonly path: string;
  /** Proves bytes that are not known. */
  readonly verify: Verify<P>;
  /** What opening found. */
  readonly first: Examination<HeaderOf<P>> | null;
  /** The files that need no proof. */
  written(): readonly SealedFile<HeaderOf<P>>[];
}

/** Remembers what it found last. */
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
      const before = written(); // A write may end while the file is read that it replaced.
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

/** What opening found, for whoever reads the same file later. */
export function verdictOn<P extends Proof>(found: Found<P>): Examination<HeaderOf<P>> | null {
  if (found.state === "none" || !found.isLasting) return null;
  return { identity: found.identity, header: found.verification.ok ? found.verification.header : null };
}

/** Linux tells times of files apart by the ticks of a clock, of which there are 100 a second at least. */
export const CLOCK_TICK_MILLISECONDS = 10;

/** Deno 2.7.11 says of the time of the last change of status only the second. */
const CTIME_UNIT_MILLISECONDS = 1_000;

/** A file's bytes. */
export interface FileRead {
  /** At most one byte more than a file may have. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What it was before it was read. */
  readonly identity: Identity;
  /** Whether it was the same after that, and no file will have this identity and other bytes. */
  readonly isLasting: boolean;
}

/** What a look at the path found; whole or not, `verification` says. */
export type Found<P extends Proof> =
  | { readonly state: "none" }
  | FileRead & {
    readonly state: "file";
    readonly verification: Verified<P>;
  };

/** Reads and verifies what is at a path. Rejects with the system's error, but for a missing file. */
export async function readSealedFile<P extends Proof>(path: string, verify: Verify<P>): Promise<Found<P>> {
  const file = await readFile(path, () => true);
  return file === null ? { state: "none" } : { state: "file", ...file, verification: await verify(file.bytes) };
}

/** Null where there is no file, or it is not wanted. */
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
    // Nobody can set the time of the last change of status, and every change of the bytes is one.
    const isSettled = lookedAt - identity.ctime > CTIME_UNIT_MILLISECONDS + CLOCK_TICK_MILLISECONDS;
    const isLasting = isSettled && isSame(identity, identify(await file.stat()));
    return { bytes: bytes.subarray(0, length), identity, isLasting };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** What a stat says of a file. */
export function identify(info: FileStat): Identity {
  const { dev, ino, size, gid, mtimeMs: mtime, ctimeMs: ctime } = info;
  return { dev, ino, size, mode: info.mode & 0o7777, gid, mtime, ctime };
}

/** Whether all that the one says holds for the other. */
export function isSame<T extends object>(one: T, other: T | null): boolean {
  return other !== null && (Object.keys(one) as (keyof T)[]).every((name) => one[name] === other[name]);
}
