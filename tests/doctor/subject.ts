// What is examined, as tests make it: options by their flags, the real host but for what a test puts in its place, and
// nobody of systemd's.
import type { Check, Subject, Within } from "../../src/doctor/examination.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { hostMachine, type Machine } from "../../src/doctor/machine.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import type { Options } from "../../src/options/options.ts";

/** The options that these settings make: `{ "Snapshot:Path": "/x" }`. */
export function optionsWith(settings: Readonly<Record<string, string>>): Options {
  const flags = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
  const read = readOptions({ flags, environment: {}, file: null });
  if (!read.ok) throw new Error(read.diagnostics[0]?.summary);
  return read.options;
}

/** A subject judged for root, but for what is given. */
export function subjectWith(settings: Readonly<Record<string, string>>, given: Partial<Subject> = {}): Subject {
  return {
    options: optionsWith(settings),
    warnings: [],
    optionsPath: null,
    source: { path: "/nonexistent/honua.hcl", decidedBy: "--config" },
    environment: {},
    credentialDirectories: [],
    user: { name: "root", uid: 0, gids: [0] },
    userOfUnit: false,
    daemonUid: given.user?.uid ?? 0,
    validateCommand: "honua-configd validate /nonexistent/honua.hcl",
    unit: { state: "no-systemd" },
    machine: hostMachine,
    askStatus: () => Promise.resolve({ ok: false, message: "Nothing answers" }),
    ...given,
  };
}

/** The real host with some answers of a test's own. */
export function machineWith(given: Partial<Machine>): Machine {
  return { ...hostMachine, ...given };
}

/** The host, on which all files and directories belong to these. */
export function machineOwnedBy(uid: number, gid: number): Machine {
  return machineWith({
    async look(path) {
      const looked = await hostMachine.look(path);
      return looked.ok ? { ok: true, file: { ...looked.file, uid, gid } } : looked;
    },
  });
}

/** The host's files, but for those of which the text is given here; a null is a file that is not there. */
export function machineWithTexts(texts: Readonly<Record<string, string | null>>): Machine {
  return machineWith({
    readText(path) {
      if (!Object.hasOwn(texts, path)) return hostMachine.readText(path);
      const text = texts[path];
      return Promise.resolve(typeof text === "string" ? { ok: true, text } : { ok: false, code: "ENOENT" });
    },
  });
}

/** Runs one check, with all that it hides. */
export async function findingsOf<Examined>(check: Check<Examined>, subject: Examined): Promise<readonly Finding[]> {
  const within: Within = { signal: new AbortController().signal, limitMilliseconds: 20_000, hide: () => {} };
  return await check.examine(subject, within);
}

/** `level check`, for comparing. */
export function levels(findings: readonly Finding[]): string[] {
  return findings.map(({ level, check }) => `${level} ${check}`);
}
