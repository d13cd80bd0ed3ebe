// The programs, pid files and units that hooks name. They are looked at, not run, for the user that the daemon runs as.
import { join } from "node:path";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { INIT_ADVICE, startsProcesses } from "../hooks/first_process.ts";
import { type Check, check, facts } from "./examination.ts";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import type { Identity } from "./identity.ts";
import type { Machine } from "./machine.ts";
import { about, isMissing, judgeObstacle, type PathFacts, readPathFacts } from "./permissions.ts";
import { propertiesIn } from "./unit_facts.ts";

/** The unit's `PATH` (systemd.exec(5)). */
const PROGRAM_DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const POLKIT_DIRECTORIES = [
  "/etc/polkit-1/rules.d",
  "/usr/local/share/polkit-1/rules.d",
  "/usr/share/polkit-1/rules.d",
];

/** Each part: the hook's name, the program, pid file or unit as it is written, and the facts about it. */
export const hooks = facts("hooks/usable", "The hooks", async (subject, { signal }) => {
  const { options: { hooks: { list } }, machine, user, unit } = subject;
  const actions = list.flatMap(({ name, ready, ...action }) => [{ name, ...action }, { name, ...ready }]);
  const programs = actions.map(async ({ name, command }) => {
    const [named] = command ?? [];
    return named === undefined ? [] : [{ name, named, program: await findProgram(named, machine, user) }];
  });
  const pidFiles = list.map(async ({ name, pidFile }) =>
    pidFile === null ? [] : [{ name, ...await readPidFile(pidFile, machine, user) }]
  );
  const units = actions.map(async ({ name, systemdUnit, ...action }) => {
    if (systemdUnit == null) return [];
    const args = ["show", "--no-pager", "--property=LoadState", "--", systemdUnit];
    const ran = unit.state === "no-systemd" ? null : await machine.run("systemctl", args, signal);
    const load = ran?.code === 0 ? propertiesIn(ran.out)["LoadState"] ?? "unknown" : null;
    return [{ name, named: systemdUnit, load, isActedOn: "on" in action && action.on !== "health" }];
  });
  return {
    programs: (await Promise.all(programs)).flat(),
    pidFiles: (await Promise.all(pidFiles)).flat(),
    units: (await Promise.all(units)).flat(),
    requests: list.filter(({ http }) => http !== null),
    rules: await readRules(machine),
  };
});

async function findProgram(program: string, machine: Machine, user: Identity | null): Promise<PathFacts | null> {
  const places = program.includes("/") ? [program] : PROGRAM_DIRECTORIES.map((directory) => join(directory, program));
  const looked = await Promise.all(places.map((place) => machine.look(place)));
  const path = program.includes("/") ? program : places.find((_, index) => looked[index]!.ok);
  return path === undefined ? null : await readPathFacts(machine, path, user, ["enter"]);
}

/** `pid` is null if the file does not hold one, `owner` if the process does not run. */
async function readPidFile(path: string, machine: Machine, user: Identity | null) {
  const file = await readPathFacts(machine, path, user, ["read"]);
  const read = await machine.readText(path);
  const pid = /^\s*([1-9]\d{0,9})\s*$/.exec(read.ok ? read.text : "")?.[1] ?? null;
  const process = pid === null ? null : await machine.look(`/proc/${pid}`);
  return { file, read, pid, owner: process?.ok ? process.file.uid : null };
}

/**
 * The rules in files that are named after honua-configd, in all directories of polkit(8). Partial: a directory is not
 * readable, so there may be more.
 */
async function readRules(machine: Machine): Promise<{ texts: readonly string[]; isPartial: boolean }> {
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

type PolkitRules = Awaited<ReturnType<typeof readRules>>;

/** The name of the first process, which collects the processes that hooks leave behind; null: not known. */
export const firstProcess = facts("hooks/init", "The first process", async ({ machine }) => {
  const comm = await machine.readText("/proc/1/comm");
  return comm.ok ? comm.text.trim() : null;
});

export const HOOK_CHECKS: readonly Check[] = [
  check("hooks/command", hooks, ({ programs }) =>
    ofHooks(programs, ({ named, program }) => {
      if (program === null) return error(`there is no program ${named}`, "Install it, or name its path");
      const { looked, path } = program;
      const obstacle = judgeObstacle(program, "run");
      if (obstacle.length > 0) return obstacle;
      const isFile = looked.ok && looked.file.kind === "file";
      return isFile ? ok(`${path} can be run`) : error(`${path} is no program`, "Name one");
    })),
  check("hooks/signal", hooks, ({ pidFiles }) =>
    ofHooks(pidFiles, ({ file, read, pid, owner }) => {
      const { path, user } = file;
      if (isMissing(file)) {
        const what = `${path} is not there: its process does not run`;
        return warning(what, "Start it, or name its pid file");
      }
      const obstacle = judgeObstacle(file, "read");
      if (obstacle.length > 0) return obstacle;
      if (!read.ok) return warning(`${path} cannot be read: ${read.code}`, "Ask as root");
      if (pid === null) return error(`${path} does not hold a process's number`, "Name the right file");
      return judgeProcess(path, owner, user);
    })),
  check("hooks/unit", hooks, ({ units, rules }, { unit, user }) =>
    ofHooks(units, ({ named, load, isActedOn }) => {
      if (unit.state === "no-systemd") {
        return error(`this host is not run by systemd, so ${named} cannot be used`, "Use another kind of hook");
      }
      if (load === null) return warning(`systemd does not tell about ${named}`, "Ask as root");
      if (load !== "loaded") return error(`systemd cannot use ${named}: ${load}`, "Name a unit that is installed");
      const needsRule = isActedOn && user !== null && user.uid !== 0;
      return [ok(`${named} is there`), ...needsRule ? judgePolkit(named, rules, user) : []];
    })),
  check("hooks/http", hooks, ({ requests }) => {
    return ofHooks(requests, () => ok("the files of its headers are judged among the files with secrets"));
  }),
  check("hooks/init", firstProcess, (name, { options }) => {
    if (!startsProcesses(options)) return null;
    if (name === null) return note("It is not known which process collects those that hooks leave behind");
    if (name !== "honua-configd") return ok(`${terminalText(name)} collects the processes that hooks leave behind`);
    const what = "honua-configd is the first process here: those that hooks leave behind become zombies";
    return warning(what, INIT_ADVICE);
  }),
];

function ofHooks<P extends { readonly name: string }>(
  parts: readonly P[],
  judge: (part: P) => Judgement | readonly Judgement[],
): Judgement[] {
  return parts.flatMap((part) => about(`Hook ${part.name}`, [judge(part)].flat()));
}

/** Judges whether the user may signal the process (kill(2)). */
export function judgeProcess(path: string, owner: number | null, user: Identity | null): Judgement {
  if (owner === null) return warning(`${path} names a process that does not run`, "Start it again");
  if (user === null || user.uid === 0 || user.uid === owner) return ok(`${path} names a process that runs`);
  const todo = "Use SystemdUnit with the polkit rule, or the drop-in that gives the unit CAP_KILL";
  return warning(`${user.name} may not signal the process that ${path} names: it is another user's`, todo);
}

/** Judges whether the rules let the user reload a unit; only polkit knows for certain. */
export function judgePolkit(unit: string, { texts, isPartial }: PolkitRules, user: Identity): Judgement[] {
  const rules = texts.map(withoutComments);
  if (rules.some((text) => text.includes(JSON.stringify(unit)) || text.includes(`'${unit}'`))) return [];
  const what = `no polkit rule of honua-configd names ${unit}, so ${user.name} may not reload it`;
  if (isPartial) return [note(`${what}, as far as can be seen`, "Ask as root")];
  const todo = texts.length === 0
    ? "Install the rules that come with honua-configd, and name the unit in them"
    : `Add "${unit}" to the list in /etc/polkit-1/rules.d/50-honua-configd-units.rules`;
  return [warning(what, todo)];
}

/** A script without its comments (ECMA-262, Comments); a string with the look of a comment stays. */
function withoutComments(script: string): string {
  const parts = /(["'])(?:\\.|(?!\1)[^\\\n])*\1|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;
  return script.replaceAll(parts, (part) => part.startsWith("/") ? " " : part);
}
