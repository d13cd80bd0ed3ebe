// The programs, pid files and units that hooks name. They are looked at, not run, for the user that the daemon runs as.
import { join } from "node:path";
import { INIT_ADVICE, startsProcesses } from "../hooks/first_process.ts";
import { accessSection, type Identity, type Place } from "./access.ts";
import { section, type Subject } from "./examination.ts";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { propertiesIn } from "./unit.ts";

/** The hooks, and the probes of their servers' readiness. */
function actionsOf({ options: { hooks: { list } } }: Subject) {
  return list.flatMap(({ name, on, command, systemdUnit, ready }) => [
    { name, command, systemdUnit, isActedOn: on !== "health" },
    { name, command: ready?.command ?? null, systemdUnit: ready?.systemdUnit ?? null, isActedOn: false },
  ]);
}

/** The unit's `PATH` (systemd.exec(5)). */
const PROGRAM_DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export const programs = accessSection("hooks/command", "The programs of hooks", async (subject) => {
  const places = actionsOf(subject).map(async ({ name, command }): Promise<Place[]> => {
    const program = command?.[0];
    if (program === undefined) return [];
    const paths = program.includes("/") ? [program] : PROGRAM_DIRECTORIES.map((directory) => join(directory, program));
    const looked = await Promise.all(paths.map((path) => subject.machine.look(path)));
    const path = paths.find((_, index) => looked[index]!.ok) ?? paths[0]!;
    const whenMissing = error(`there is no program ${program}`, "Install it, or name its path");
    return [{ path, deed: "run", namedBy: `Hook ${name}`, whenMissing }];
  });
  return (await Promise.all(places)).flat();
});

function pidFilesOf({ options: { hooks: { list } } }: Subject): { readonly hook: string; readonly path: string }[] {
  return list.flatMap(({ name, pidFile }) => pidFile === null ? [] : [{ hook: `Hook ${name}`, path: pidFile }]);
}

export const pidFiles = accessSection("hooks/signal", "The pid files of hooks", (subject) => {
  return pidFilesOf(subject).map(({ hook, path }): Place => {
    const whenMissing = warning(`${path} is not there: its process does not run`, "Start it, or name its pid file");
    return { path, deed: "read", namedBy: hook, whenMissing };
  });
});

/** `owner` is null if the process does not run, `pid` if the file does not hold one. */
export const processes = section("The processes that hooks signal", async (subject) => {
  const { machine } = subject;
  return await Promise.all(
    pidFilesOf(subject).map(async ({ hook, path }) => {
      const read = await machine.readText(path);
      const pid = /^\s*([1-9]\d{0,9})\s*$/.exec(read.ok ? read.text : "")?.[1] ?? null;
      const process = pid === null ? null : await machine.look(`/proc/${pid}`);
      return { named: `${hook}: ${path}`, read, pid, owner: process?.ok ? process.file.uid : null };
    }),
  );
}, {
  "hooks/signal": (processes, { user }) =>
    processes.flatMap(({ named, read, pid, owner }): Judgement[] => {
      // The permissions of the file tell why it cannot be read.
      if (!read.ok) return [];
      if (pid === null) return [error(`${named} does not hold a process's number`, "Name the right file")];
      if (owner === null) return [warning(`${named} names a process that does not run`, "Start it again")];
      // kill(2)
      if (user === null || user.uid === 0 || user.uid === owner) return [];
      const todo = "Use SystemdUnit with the polkit rule, or the drop-in that gives the unit CAP_KILL";
      return [warning(`${named} names a process of another user, which ${user.name} may not signal`, todo)];
    }),
});

const POLKIT_DIRECTORIES = [
  "/etc/polkit-1/rules.d",
  "/usr/local/share/polkit-1/rules.d",
  "/usr/share/polkit-1/rules.d",
];

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
    const read = await Promise.all(own.map((name) => machine.readText(join(directory, name))));
    return read.map((one) => one.ok ? one.text : "");
  }));
  return { texts: texts.flat(), isPartial };
}

/** `load` is null if systemd does not answer. */
export const units = section("The units of hooks", async (subject, { signal }) => {
  const { machine, unit } = subject;
  const units = actionsOf(subject).map(async ({ name, systemdUnit, isActedOn }) => {
    if (systemdUnit === null) return null;
    const args = ["show", "--no-pager", "--property=LoadState", "--", systemdUnit];
    const ran = unit.state === "no-systemd" ? null : await machine.run("systemctl", args, signal);
    const load = ran?.code === 0 ? propertiesIn(ran.out)["LoadState"] ?? "unknown" : null;
    return { hook: `Hook ${name}`, unit: systemdUnit, load, isActedOn };
  });
  return { units: (await Promise.all(units)).filter((one) => one !== null), rules: await readRules(machine) };
}, {
  "hooks/unit": ({ units, rules }, { unit: own, user }) =>
    units.flatMap(({ hook, unit, load, isActedOn }): Judgement[] => {
      if (own.state === "no-systemd") {
        const what = `${hook}: this host is not run by systemd, so ${unit} cannot be used`;
        return [error(what, "Use another kind of hook")];
      }
      if (load === null) return [warning(`${hook}: systemd does not tell about ${unit}`, "Ask as root")];
      if (load !== "loaded") {
        return [error(`${hook}: systemd cannot use ${unit}: ${load}`, "Name a unit that is installed")];
      }
      const needsRule = isActedOn && user !== null && user.uid !== 0;
      return [ok(`${hook}: ${unit} is there`), ...needsRule ? judgePolkit(hook, unit, rules, user) : []];
    }),
});

type PolkitRules = Awaited<ReturnType<typeof readRules>>;

/** Judges whether the rules let the user reload a unit; only polkit knows for certain. */
export function judgePolkit(
  hook: string,
  unit: string,
  { texts, isPartial }: PolkitRules,
  user: Identity,
): Judgement[] {
  const rules = texts.map(withoutComments);
  if (rules.some((text) => text.includes(JSON.stringify(unit)) || text.includes(`'${unit}'`))) return [];
  const what = `${hook}: no polkit rule of honua-configd names ${unit}, so ${user.name} may not reload it`;
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

/** The name of the first process, which collects the processes that hooks leave behind; null: not known. */
export const firstProcess = section("The first process", async ({ machine }: Subject) => {
  const comm = await machine.readText("/proc/1/comm");
  return comm.ok ? comm.text.trim() : null;
}, {
  "hooks/init": (name, { options }) => {
    if (!startsProcesses(options) || name !== "honua-configd") return null;
    const what = "honua-configd is the first process here: those that hooks leave behind become zombies";
    return warning(what, INIT_ADVICE);
  },
});
