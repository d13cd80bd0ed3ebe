// Verifies the chain of a journal over all its files and finds the first line that was altered, removed or added. No
// chain can show a tail that was cut off or a last line that was rewritten; the notes of other instances do.
import { errorCode } from "../host/atomic_write.ts";
import { fileAges, type FileLine, fileName, KEPT_FILES, linesOf } from "./journal_files.ts";
import { digestOf, type JournalTail, MAX_LINE_BYTES, NO_DIGEST, parseLine } from "./journal_line.ts";

/** A sound chain, or the first line that breaks it. */
export type JournalVerdict =
  | {
    readonly ok: true;
    /** The number of lines. */
    readonly lines: number;
    /** The number of the earliest line that is kept; null: there is none. */
    readonly first: number | null;
    readonly newest: JournalTail | null;
    /** The digests of the lines that were asked for, as far as they are kept. */
    readonly digests: ReadonlyMap<number, string>;
  }
  | {
    readonly ok: false;
    /** The name of the file in the directory. */
    readonly file: string;
    /** From 1; null: the file cannot be read. */
    readonly line: number | null;
    /** The end of a sentence that begins with file and line. */
    readonly reason: string;
  };

export interface VerifyOptions {
  /** The numbers of the lines whose digests are wanted. */
  readonly wanted?: ReadonlySet<number>;
  /** The number of rotated files that the daemon keeps. */
  readonly keep?: number;
}

/** Verifies the journal in a directory. It may be written to meanwhile. */
export async function verifyJournal(directory: string, options: VerifyOptions = {}): Promise<JournalVerdict> {
  for (let attempt = 1;; attempt++) {
    const before = await state(directory);
    const verdict = await verifyOnce(directory, options);
    // A line that was half written, or a file that was rotated meanwhile, is no fault.
    if (verdict.ok || attempt === ATTEMPTS || before === await state(directory)) return verdict;
  }
}

const ATTEMPTS = 5;

async function state(directory: string): Promise<string> {
  const ages = await fileAges(directory).catch(() => []);
  const paths = [directory, ...ages.map((age) => `${directory}/${fileName(age)}`)];
  const infos = await Promise.all(paths.map((path) => Deno.stat(path).catch(() => null)));
  return JSON.stringify(infos.map((info) => [info?.ino, info?.size, info?.mtime]));
}

async function verifyOnce(directory: string, options: VerifyOptions): Promise<JournalVerdict> {
  const { wanted = new Set<number>(), keep = KEPT_FILES } = options;
  const digests = new Map<number, string>();
  let [file, line, lines]: [string, number | null, number] = [fileName(0), null, 0];
  let first: number | null = null;
  let newest: Place | null = null;
  try {
    const ages = (await fileAges(directory)).reverse();
    for (const age of ages) {
      [file, line] = [fileName(age), null];
      for await (const one of linesOf(directory, age)) {
        line = (line ?? 0) + 1;
        const judged = judge(one, newest, ages[0]! >= keep);
        if ("at" in judged) return { ok: false, ...judged.at ?? { file, line }, reason: judged.reason };
        const { n, digest } = judged;
        first ??= n;
        lines++;
        if (wanted.has(n)) digests.set(n, digest);
        newest = { n, digest, file, line };
      }
    }
  } catch (error) {
    return { ok: false, file, line: null, reason: `cannot be read: ${errorCode(error)}` };
  }
  return { ok: true, lines, first, newest: newest && { n: newest.n, digest: newest.digest }, digests };
}

interface Place extends JournalTail {
  readonly file: string;
  readonly line: number;
}

/** A line that is not as it should be; `at`: the line before it; null: this one. */
interface Fault {
  readonly at: Pick<Place, "file" | "line"> | null;
  readonly reason: string;
}

function judge({ bytes, ended }: FileLine, newest: Place | null, isRotatedAway: boolean): JournalTail | Fault {
  const fault = (reason: string): Fault => ({ at: null, reason });
  if (bytes.length > MAX_LINE_BYTES) return fault(`has more than ${MAX_LINE_BYTES} bytes`);
  const line = parseLine(bytes);
  if (!ended) return fault("has no end: it was torn by a crash, or cut");
  if (line === null) return fault("does not belong to a journal");
  const { n, before } = line;
  const found = { n, digest: digestOf(bytes) };
  if (newest !== null && n !== newest.n + 1) {
    return fault(`has the number ${n} after ${newest.n}: lines were removed, added or moved`);
  }
  if (newest !== null && before !== newest.digest) {
    const { file, line } = newest;
    return { at: { file, line }, reason: "was altered: it is not the line that the next one was written after" };
  }
  if (newest !== null || isRotatedAway) return found;
  if (n !== 1) return fault(`has the number ${n}: the lines before it are missing, and were not rotated away`);
  return before === NO_DIGEST ? found : fault("has the number 1, and another line was before it");
}
