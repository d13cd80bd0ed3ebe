// Subjects for tests: options by their flags, the real host except for a test's own answers, and no systemd.
import type { Section, Subject, Within } from "../../src/doctor/examination.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { hostMachine, type Machine } from "../../src/doctor/machine.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import type { UnitFacts } from "../../src/doctor/unit.ts";
import type { Options } from "../../src/options/options.ts";

export const NO_SYSTEMD: UnitFacts = { name: "x.service", state: "no-systemd", properties: {} };

/** A unit that systemd knows. */
export function unitWith(properties: Readonly<Record<string, string>>): UnitFacts {
  return { name: "x.service", state: "known", properties };
}

/** The options that these settings make: `{ "Snapshot:Path": "/x" }`. */
export function optionsWith(settings: Readonly<Record<string, string>>): Options {
  const flags = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
  const read = readOptions({ flags, environment: {}, file: null });
  if (!read.ok) throw new Error(read.diagnostics[0]?.summary);
  return read.options;
}

/** A subject judged for root, except for the given members. */
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
    unit: NO_SYSTEMD,
    machine: hostMachine,
    askStatus: () => Promise.resolve({ ok: false, message: "Nothing answers" }),
    ...given,
  };
}

/** The real host except for these answers. */
export function machineWith(given: Partial<Machine>): Machine {
  return { ...hostMachine, ...given };
}

/** The host, but all files and directories belong to these. */
export function machineOwnedBy(uid: number, gid: number): Machine {
  return machineWith({
    async look(path) {
      const looked = await hostMachine.look(path);
      return looked.ok ? { ok: true, file: { ...looked.file, uid, gid } } : looked;
    },
  });
}

/** The host's files except for these texts; null: the file does not exist. */
export function machineWithTexts(texts: Readonly<Record<string, string | null>>): Machine {
  return machineWith({
    readText(path) {
      if (!Object.hasOwn(texts, path)) return hostMachine.readText(path);
      const text = texts[path];
      return Promise.resolve(typeof text === "string" ? { ok: true, text } : { ok: false, code: "ENOENT" });
    },
  });
}

/** Gathers the facts of a section and judges them; a check must not need more of the subject than is given. */
export async function findingsOf<Examined>(
  section: Section<unknown, Examined>,
  examined: Examined,
): Promise<readonly Finding[]> {
  const within: Within = { signal: new AbortController().signal, limitMilliseconds: 20_000, hide: () => {} };
  return section.judge(await section.gather(examined, within), examined);
}

/** Judges these facts. */
export function findingsAbout<Found, Examined>(
  section: Section<Found, Examined>,
  found: Found,
  examined: Partial<Subject> | Examined = subjectWith({}),
): Finding[] {
  return section.judge(found, examined as Examined);
}

/** `level check`, for comparing. */
export function levels(findings: readonly Finding[]): string[] {
  return findings.map(({ level, check }) => `${level} ${check}`);
}
