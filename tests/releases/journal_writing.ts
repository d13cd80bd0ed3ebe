// Journals for tests: chains of lines in files, and a disk with calls that can fail.
import type { JournalDisk, JournalFile } from "../../src/releases/journal_disk.ts";
import { hostDisk } from "../../src/releases/journal_disk.ts";
import { digestOf, type JournalEntry, type JournalTail, lineBytes } from "../../src/releases/journal_line.ts";
import type { TemporaryDirectory } from "../support/temporary.ts";

/** Some moment, in milliseconds since 1970. */
export const MOMENT = Date.parse("2026-03-01T12:00:00Z");

/** The texts of a chain of lines, a minute apart, without their newlines. */
export function chainOf(entries: readonly JournalEntry[]): string[] {
  let newest: JournalTail | null = null;
  return entries.map((entry, index) => {
    const bytes = lineBytes(entry, MOMENT + index * 60_000, newest);
    newest = { n: index + 1, digest: digestOf(bytes) };
    return new TextDecoder().decode(bytes);
  });
}

/** A chain of activations. */
export function chain(length: number): string[] {
  return chainOf(Array.from({ length }, (_, index) => ({ kind: "activated", release: index + 1, who: "file" })));
}

/** Writes lines over several files, this many a file, the last ones into the youngest. */
export async function writeFiles(
  directory: TemporaryDirectory,
  lines: readonly string[],
  perFile: number,
): Promise<void> {
  const files = Math.max(1, Math.ceil(lines.length / perFile));
  for (let index = 0; index < files; index++) {
    const age = files - 1 - index;
    const text = lines.slice(index * perFile, (index + 1) * perFile).map((line) => `${line}\n`).join("");
    await directory.write(age === 0 ? "journal.jsonl" : `journal.${age}.jsonl`, text);
  }
}

/** The operating system's disk but for the calls that a test replaces. */
export function faultyDisk(faults: Partial<JournalFile>): JournalDisk {
  return { ...hostDisk, open: async (path) => ({ ...await hostDisk.open(path), ...faults }) };
}

/** The error of a call. */
export function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}
