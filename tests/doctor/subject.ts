// Subjects for tests: options by their flags, the real host except for a test's own answers, and no systemd.
import { CHECKS } from "../../src/doctor/checks.ts";
import { type Facts, judgeRows, type Subject, type Within } from "../../src/doctor/examination.ts";
import type { Finding, Judgement } from "../../src/doctor/finding.ts";
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
    unit: { state: "no-systemd" },
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

/** Gathers facts and runs the checks that judge them; a check must not need more of the subject than is given. */
export async function findingsOf<Examined>(
  facts: Facts<unknown, Examined>,
  examined: Examined,
): Promise<readonly Finding[]> {
  const within: Within = { signal: new AbortController().signal, limitMilliseconds: 20_000, hide: () => {} };
  return findingsAbout(facts, await facts.gather(examined, within), examined);
}

/** Runs the checks that judge these facts. */
export function findingsAbout<Found, Examined>(
  facts: Facts<Found, Examined>,
  found: Found,
  examined: Partial<Subject> | Examined = subjectWith({}),
): Finding[] {
  return judgeRows(CHECKS.filter((check) => check.facts === facts), found, examined as Subject);
}

/** The judgements as findings of a check. */
export function coded(check: string, judgements: readonly Judgement[]): Finding[] {
  return judgements.map((one) => ({ check, ...one }));
}

/** `level check`, for comparing. */
export function levels(findings: readonly Finding[]): string[] {
  return findings.map(({ level, check }) => `${level} ${check}`);
}
