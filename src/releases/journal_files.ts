// The files of a journal in a directory, and their lines: `journal.jsonl` is written to, `journal.1.jsonl` was before
// it, and so on; the greatest number is the oldest. Reading holds one file's chunk or one line at a time.
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { openRegularFile } from "../host/regular_file.ts";
import { MAX_LINE_BYTES } from "./journal_line.ts";

/** The number of rotated files that are kept beside the one that is written to. */
export const KEPT_FILES = 8;

/** The name of a file of the journal; 0: the one that is written to. */
export function fileName(age: number): string {
  return age === 0 ? "journal.jsonl" : `journal.${age}.jsonl`;
}

/** The ages of the files in a directory, the youngest first. Rejects if it cannot be listed; a missing one has none. */
export async function fileAges(directory: string): Promise<number[]> {
  const names = await fs.readdir(directory).catch((error) => {
    if (error?.code === "ENOENT") return [];
    throw error;
  });
  const ages = names.flatMap((name) => {
    const match = /^journal(?:\.([1-9][0-9]{0,3}))?\.jsonl$/.exec(name);
    return match === null ? [] : [Number(match[1] ?? 0)];
  });
  return ages.sort((a, b) => a - b);
}

/** A line of a file. */
export interface FileLine {
  /** Without the newline; of a line that is too long only its beginning. */
  readonly bytes: Uint8Array;
  /** Whether a newline follows. */
  readonly ended: boolean;
}

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Reads the lines of a file. Rejects as `openRegularFile` does. */
export async function* linesOf(directory: string, age: number): AsyncGenerator<FileLine> {
  await using file = await openRegularFile(join(directory, fileName(age)));
  const chunk = new Uint8Array(CHUNK_BYTES);
  let begun = new Uint8Array();
  for (;;) {
    const count = await file.read(chunk);
    if (count === 0) break;
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1 && at < count; at = chunk.indexOf(NEWLINE, from)) {
      yield { bytes: joined(begun, chunk.subarray(from, at)), ended: true };
      begun = new Uint8Array();
      from = at + 1;
    }
    // One byte more than the bound shows that the line is too long.
    if (begun.length <= MAX_LINE_BYTES) {
      begun = joined(begun, chunk.subarray(from, count)).slice(0, MAX_LINE_BYTES + 1);
    }
  }
  if (begun.length > 0) yield { bytes: begun, ended: false };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
