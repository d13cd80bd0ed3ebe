// What the hooks name, looked at and not run: programs, files, processes and units, for the user that the daemon runs as.
import { join } from "node:path";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { INIT_ADVICE, startsProcesses } from "../hooks/first_process.ts";
import type { HookOptions } from "../options/options.ts";
import type { Check, Subject, Within } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import type { Identity } from "./identity.ts";
import type { Machine } from "./machine.ts";
import { judgeObstacle, readPathFacts } from "./permissions.ts";
import { propertiesIn } from "./unit_facts.ts";

/** Where a program is looked for whose name has no slash, as the unit's `PATH` has it (systemd.exec(5)). */
const PROGRAM_DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const POLKIT_DIRECTORIES = [
  "/etc/polkit-1/rules.d",
  "/usr/local/share/polkit-1/rules.d",
  "/usr/share/polkit-1/rules.d",
];

/** Each hook. */
export const hooksCheck: Check = {
  id: "hooks/usable",
  about: "The hooks",
  async examine(subject, within) {
    const { list } = subject.options.hooks;
    const found = await Promise.all(list.map(async (hook) => {
      const findings = await examineHook(hook, subject, within);
      return findings.map((one) => ({ ...one, what: `Hook ${hook.name}: ${one.what}` }));
    }));
    return found.flat();
  },
};

/** Whether ended processes that hooks left behind are collected, in a container too. */
export const firstProcessCheck: Check = {
  id: "hooks/init",
  about: "The first process",
  async examine({ options, machine }) {
    if (!startsProcesses(options)) return [];
    const comm = await machine.readText("/proc/1/comm");
    return [judgeFirstProcess(comm.ok ? comm.text.trim() : null)];
  },
};

/** Judges it by its name; null: not known. */
export function judgeFirstProcess(name: string | null): Finding {
  const check = "hooks/init";
  if (name === null) return note(check, "It is not known which process collects those that hooks leave behind");
  if (name !== "honua-configd") {
    return ok(check, `${terminalText(name)} collects the processes that hooks leave behind`);
  }
  return warning(
    check,
    "honua-configd is the first process here: those that hooks leave behind become zombies",
    INIT_ADVICE,
  );
}

async function examineHook(hook: HookOptions, subject: Subject, within: Within): Promise<Finding[]> {
  return [...await examineAction(hook, subject, within), ...await examineReady(hook.ready, subject, within)];
}

/** The probe of a server's readiness; whether a request is answered is for the daemon to see. */
async function examineReady(ready: HookOptions["ready"], subject: Subject, within: Within): Promise<Finding[]> {
  if (ready?.command != null) return [await examineCommand(ready.command[0] ?? "", subject)];
  if (ready?.systemdUnit == null) return [];
  return [await examineUnitState(ready.systemdUnit, subject, within)];
}

async function examineAction(hook: HookOptions, subject: Subject, within: Within): Promise<Finding[]> {
  if (hook.command !== null) return [await examineCommand(hook.command[0] ?? "", subject)];
  if (hook.pidFile !== null) return [await examinePidFile(hook.pidFile, subject)];
  if (hook.systemdUnit !== null) return await examineUnit(hook.systemdUnit, subject, within);
  return [ok("hooks/http", "the files of its headers are judged among the files with secrets")];
}

async function examineCommand(program: string, { machine, user }: Subject): Promise<Finding> {
  const check = "hooks/command";
  let path = program;
  if (!program.includes("/")) {
    const places = PROGRAM_DIRECTORIES.map((directory) => join(directory, program));
    const looked = await Promise.all(places.map((place) => machine.look(place)));
    const found = places.find((_, index) => looked[index]!.ok);
    if (found === undefined) return error(check, `there is no program ${program}`, "Install it, or name its path");
    path = found;
  }
  const facts = await readPathFacts(machine, path, user, ["enter"]);
  const [obstacle] = judgeObstacle(check, facts, user, "run");
  if (obstacle !== undefined) return obstacle;
  if (facts.looked.ok && facts.looked.file.kind !== "file") return error(check, `${path} is no program`, "Name one");
  return ok(check, `${path} can be run`);
}

async function examinePidFile(path: string, { machine, user }: Subject): Promise<Finding> {
  const check = "hooks/signal";
  const facts = await readPathFacts(machine, path, user, ["read"]);
  if (!facts.looked.ok && facts.looked.code === "ENOENT") {
    return warning(
      check,
      `${path} is not there: whose process it names does not run`,
      "Start it, or name its pid file",
    );
  }
  const [obstacle] = judgeObstacle(check, facts, user, "read");
  if (obstacle !== undefined) return obstacle;
  const read = await machine.readText(path);
  if (!read.ok) return warning(check, `${path} cannot be read: ${read.code}`, "Ask as root");
  const pid = /^\s*([1-9]\d{0,9})\s*$/.exec(read.text)?.[1];
  if (pid === undefined) return error(check, `${path} does not hold a process's number`, "Name the right file");
  const process = await machine.look(`/proc/${pid}`);
  return judgeProcess(path, process.ok ? process.file.uid : null, user);
}

/** Judges whether the process may be signalled (kill(2)); `owner` is its user's number, null where it does not run. */
export function judgeProcess(path: string, owner: number | null, user: Identity | null): Finding {
  const check = "hooks/signal";
  if (owner === null) return warning(check, `${path} names a process that does not run`, "Start it again");
  if (user === null || user.uid === 0 || user.uid === owner) return ok(check, `${path} names a process that runs`);
  const todo = "Use SystemdUnit with the polkit rule, or the drop-in that gives the unit CAP_KILL";
  return warning(check, `${user.name} may not signal the process that ${path} names: it is another user's`, todo);
}

async function examineUnit(unit: string, subject: Subject, within: Within): Promise<Finding[]> {
  const found = await examineUnitState(unit, subject, within);
  const { user, machine } = subject;
  if (found.level !== "ok" || user === null || user.uid === 0) return [found];
  const rules = await readRules(machine);
  return [found, ...judgePolkit(unit, rules, user)];
}

/** Whether a unit can be used at all. */
async function examineUnitState(
  unit: string,
  { machine, unit: own }: Subject,
  { signal }: Within,
): Promise<Finding> {
  const check = "hooks/unit";
  if (own.state === "no-systemd") {
    return error(check, `this host is not run by systemd, so ${unit} cannot be used`, "Use another kind of hook");
  }
  const ran = await machine.run("systemctl", ["show", "--no-pager", "--property=LoadState", "--", unit], signal);
  if (ran?.code !== 0) return warning(check, `systemd does not tell about ${unit}`, "Ask as root");
  const load = propertiesIn(ran.out)["LoadState"];
  if (load !== "loaded") return error(check, `systemd cannot use ${unit}: ${load}`, "Name a unit that is installed");
  return ok(check, `${unit} is there`);
}

/** The rules that are called after honua-configd, wherever polkit reads rules from (polkit(8)). */
async function readRules(machine: Machine): Promise<PolkitRules> {
  let isPartial = false;
  const texts = await Promise.all(POLKIT_DIRECTORIES.map(async (directory) => {
    const names = await machine.names(directory);
    if (names === null && (await machine.look(directory)).ok) isPartial = true;
    const own = (names ?? []).filter((name) => /honua-configd.*\.rules$/.test(name));
    return await Promise.all(own.map(async (name) => {
      const read = await machine.readText(join(directory, name));
      return read.ok ? read.text : "";
    }));
  }));
  return { texts: texts.flat(), isPartial };
}

/** What was found of polkit's rules. */
export interface PolkitRules {
  /** Those that are called after honua-configd. */
  readonly texts: readonly string[];
  /** Whether a directory may not be read, so that there may be more. */
  readonly isPartial: boolean;
}

/** Judges whether the rules let the user reload a unit; it is for polkit to know for certain. */
export function judgePolkit(unit: string, { texts, isPartial }: PolkitRules, user: Identity): Finding[] {
  const check = "hooks/unit";
  const rules = texts.map(withoutComments);
  const isNamed = rules.some((text) => text.includes(JSON.stringify(unit)) || text.includes(`'${unit}'`));
  if (isNamed) return [];
  const what = `no polkit rule of honua-configd names ${unit}, so ${user.name} may not reload it`;
  if (isPartial) return [note(check, `${what}, as far as can be seen`, "Ask as root")];
  const todo = texts.length === 0
    ? "Install the rules that come with honua-configd, and name the unit in them"
    : `Add "${unit}" to the list in /etc/polkit-1/rules.d/50-honua-configd-units.rules`;
  return [warning(check, what, todo)];
}

/** A script without its comments (ECMA-262, Comments): what looks like one within a string stays. */
function withoutComments(script: string): string {
  const parts = /(["'])(?:\\.|(?!\1)[^\\\n])*\1|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;
  return script.replaceAll(parts, (part) => part.startsWith("/") ? " " : part);
}
