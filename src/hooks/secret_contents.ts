// The contents of the files with secrets that the options name, for masking. The files are read again each time,
// because secrets are rotated; the former content of a file is remembered until it changes again.
import { readSmallFile } from "../host/small_file.ts";
import { withinLimit } from "../time/limit.ts";

/** A file system that does not answer must not keep a hook from running. */
const READ_LIMIT_MILLISECONDS = 1_000;

/** The largest RSA key in use (16,384 bits) has 13 KB in PEM, and a file of a key may hold certificates too. */
const MAX_SECRET_FILE_BYTES = 65_536;

/** Files with secrets, and their known contents. */
export interface SecretFiles {
  /** Reads the files; one that cannot be read in time keeps its known content. */
  read(): Promise<void>;
  /** The current and the former contents. */
  secrets(): readonly string[];
}

/** Follows the files of these paths; none is read yet. */
export function followSecretFiles(paths: readonly string[]): SecretFiles {
  const texts = new Map<string, readonly string[]>();
  const readOne = async (path: string) => {
    const read = await readSmallFile(path, MAX_SECRET_FILE_BYTES);
    const last = texts.get(path)?.[0];
    if (read.ok && read.text.trim() !== last) texts.set(path, [read.text.trim(), ...last === undefined ? [] : [last]]);
  };
  return {
    read: async () => void await withinLimit(Promise.all(paths.map(readOne)), READ_LIMIT_MILLISECONDS),
    secrets: () => [...texts.values()].flat(),
  };
}
