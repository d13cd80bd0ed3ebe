// The end of a journal's file: the number and digest with which the chain goes on, and the repair of a last line that
// a crash tore. A line that is whole but for its newline is completed, any other rest is cut off.
import type { JournalFile } from "./journal_disk.ts";
import { digestOf, type JournalTail, MAX_LINE_BYTES, parseLine } from "./journal_line.ts";

/** The end of a file. */
export interface FoundTail {
  /** In bytes, once it is repaired. */
  readonly size: number;
  /** Null: there is no line at its end. */
  readonly newest: JournalTail | null;
  /** The fault that was found, as a sentence; null: none. */
  readonly fault: string | null;
}

const WINDOW_BYTES = 16 * MAX_LINE_BYTES;
const NEWLINE = 0x0a;

interface End {
  readonly size: number;
  readonly newest: JournalTail | null;
  /** Whether the last whole line does not belong to a journal. */
  readonly altered: boolean;
  /** The bytes without a newline after them; empty: the file ends as it should. */
  readonly rest: Uint8Array;
}

async function readEnd(file: JournalFile): Promise<End> {
  const size = await file.size();
  const from = Math.max(0, size - WINDOW_BYTES);
  const lines = split(await readFrom(file, from, size - from));
  const rest = lines.pop()!;
  if (from > 0) lines.shift();
  const altered = lines.length > 0 && parseLine(lines.at(-1)!) === null;
  return { size, newest: lastOf(lines), altered, rest };
}

/** The tail with which the chain goes on after a file; null: there is no line at its end. */
export async function tailOf(file: JournalFile): Promise<JournalTail | null> {
  return (await readEnd(file)).newest;
}

/** Reads the end of a file and repairs it, so that the next line can be appended. */
export async function repairTail(file: JournalFile): Promise<FoundTail> {
  const { size, newest, altered, rest } = await readEnd(file);
  const fault = altered ? "The last line in the file does not belong to a journal" : null;
  if (rest.length === 0) return { size, newest, fault };
  const line = parseLine(rest);
  const follows = line !== null && (newest === null || line.n === newest.n + 1 && line.before === newest.digest);
  if (follows || rest.length > MAX_LINE_BYTES) {
    await file.write(Uint8Array.of(NEWLINE));
    if (!follows) return { size: size + 1, newest, fault: "The end of the file does not belong to a journal" };
    return { size: size + 1, newest: { n: line.n, digest: digestOf(rest) }, fault };
  }
  await file.truncate(size - rest.length);
  return {
    size: size - rest.length,
    newest,
    fault: `The last line was torn: ${rest.length} bytes of it were removed`,
  };
}

/**
 * The tail with which the chain goes on. If the last lines were altered, it takes up their bytes and counts them: the
 * lines after them are sound, and the verification finds the altered ones.
 */
function lastOf(lines: readonly Uint8Array[]): JournalTail | null {
  const last = lines.at(-1);
  if (last === undefined) return null;
  const sound = lines.findLastIndex((bytes) => parseLine(bytes) !== null);
  if (sound === -1) return null;
  return { n: parseLine(lines[sound]!)!.n + lines.length - 1 - sound, digest: digestOf(last) };
}

async function readFrom(file: JournalFile, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const count = await file.read(bytes.subarray(read), position + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

function split(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
    pieces.push(bytes.subarray(from, at));
    from = at + 1;
  }
  pieces.push(bytes.subarray(from));
  return pieces;
}
