// The systemd unit: whether it is there, starts with the machine, runs, and is what its files say.
import * as z from "zod";
import type { Check, StatusAnswer, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import { binaryOf } from "./unit_facts.ts";

/** All about the unit. */
export const unitCheck: Check<Pick<Subject, "machine" | "unit">> = {
  id: "unit/installed",
  about: "The systemd unit",
  async examine({ unit, machine }) {
    const findings = judgeUnit(unit);
    const binary = unit.state === "known" ? binaryOf(unit.properties["ExecStart"] ?? "") : null;
    if (binary === null) return findings;
    const looked = await machine.look(binary);
    const isProgram = looked.ok && looked.file.kind === "file" && (looked.file.mode & 0o111) !== 0;
    return [...findings, judgeBinary(binary, isProgram, await machine.realPath(binary), Deno.execPath())];
  },
};

/** Judges what systemd says. */
export function judgeUnit(unit: Subject["unit"]): Finding[] {
  switch (unit.state) {
    case "no-systemd":
      return [note("unit/installed", "This host is not run by systemd: nothing is known of a unit")];
    case "unknown":
      return [warning("unit/installed", `systemd does not tell about ${unit.name}: ${unit.why}`, "Ask as root")];
    case "not-installed":
      return [note("unit/installed", `${unit.name} is not installed`, "scripts/install.sh or the package installs it")];
  }
  const { name, properties } = unit;
  const of = (property: string) => properties[property] ?? "";
  const load = of("LoadState");
  if (load !== "loaded") {
    return [error("unit/installed", `systemd cannot use ${name}: ${load}`, `systemd-analyze verify ${name}`)];
  }
  return [
    ok("unit/installed", `${name} is installed: ${of("FragmentPath")}`),
    ...judgeEnablement(name, of("UnitFileState")),
    judgeActivity(name, properties),
    ...judgeDropIns(of("DropInPaths")),
    ...(of("NeedDaemonReload") === "yes"
      ? [warning("unit/files", `The files of ${name} changed since systemd read them`, "systemctl daemon-reload")]
      : []),
    ...(of("Type") === "notify" && of("NotifyAccess") === "none"
      ? [error("unit/notify", `${name} waits for a notification that it does not accept`, "Set NotifyAccess=main")]
      : []),
  ];
}

function judgeEnablement(name: string, state: string): Finding[] {
  if (/^(enabled|static|generated|indirect|alias)/.test(state)) return [ok("unit/enabled", `${name} is ${state}`)];
  const what = `${name} is ${state || "not enabled"}: it does not start with the machine`;
  return [warning("unit/enabled", what, `systemctl ${state.startsWith("masked") ? "unmask" : "enable"} ${name}`)];
}

/** The parts of the daemon's `STATUS=` that tell of trouble. */
const TROUBLED_STATUS = new RegExp(
  "(^|; )(No snapshot is in force|the source is rejected: |the source cannot be read: |" +
    "the snapshot cannot be written: |failed hooks: )",
);

function judgeActivity(name: string, properties: Readonly<Record<string, string>>): Finding {
  const check = "unit/active";
  const { ActiveState: active, SubState: sub, Result: result, NRestarts: restarts, StatusText: told } = properties;
  const status = told ? `: ${told}` : "";
  const again = restarts && restarts !== "0" ? `, restarted ${restarts} times` : "";
  if (active === "active" || active === "reloading") {
    const what = `${name} is ${active} (${sub}${again})${status}`;
    if (TROUBLED_STATUS.test(told ?? "")) return warning(check, what, `journalctl -u ${name} says why`);
    return again === "" ? ok(check, what) : note(check, what, `journalctl -u ${name} says why it was restarted`);
  }
  const todo = `journalctl -u ${name} says why`;
  if (active === "failed") return error(check, `${name} failed (${result}${again})${status}`, todo);
  if (active === "activating") return warning(check, `${name} is starting (${sub}${again})${status}`, todo);
  return warning(check, `${name} is ${active ?? "not running"}`, `systemctl start ${name}`);
}

function judgeDropIns(paths: string): Finding[] {
  return paths === "" ? [] : [note("unit/drop-ins", `Drop-ins change it: ${paths.split(" ").join(", ")}`)];
}

/** Judges the program that the unit starts; `own` is the one that asks. */
export function judgeBinary(path: string, isProgram: boolean, real: string, own: string): Finding {
  const check = "unit/binary";
  if (!isProgram) return error(check, `${path}, which the unit starts, is no program`, "Install it again");
  // From a checkout it is Deno that asks.
  const isOther = real !== own && /(^|\/)honua-configd[^/]*$/.test(own);
  if (!isOther) return ok(check, `The unit starts ${path}`);
  return note(check, `The unit starts ${path}, and this is ${own}`, `${path} doctor examines with the unit's version`);
}

// The daemon itself, as it answers on its admin interface.

/** As much of a status as is judged; what another version adds or leaves out does not matter. */
const statusSchema = z.object({
  version: z.string(),
  active: z.object({ hash: z.string() }).nullable(),
  standing: z.string().catch("unknown"),
  lastReload: z.object({ outcome: z.string(), reason: z.string().nullable().catch(null) }).nullable(),
  restartNeeded: z.boolean().catch(false),
  stored: z.string().nullable().catch(null),
  serverForm: z.object({ stored: z.string().nullable() }).nullable().catch(null),
  hooks: z.array(z.object({ name: z.string(), failures: z.number() })).catch([]),
});

const GOOD_OUTCOMES = ["activated", "unchanged"];

/** Leaves the check time to say that nothing answers. */
const SHARE = 0.8;

/** Asks the daemon how it is. */
export const daemonCheck: Check = {
  id: "daemon/answers",
  about: "The daemon",
  async examine({ options, askStatus, unit }, { limitMilliseconds }) {
    if (options.admin.socket === null) {
      return [note("daemon/answers", "The daemon has no socket to be asked on: Admin:Socket is empty")];
    }
    return judgeDaemon(await askStatus(limitMilliseconds * SHARE), unit);
  },
};

/** Judges its answer. */
export function judgeDaemon(answer: StatusAnswer, unit: Subject["unit"]): Finding[] {
  const check = "daemon/answers";
  if (!answer.ok) {
    const isActive = unit.state === "known" && unit.properties["ActiveState"] === "active";
    if (isActive) return [error(check, answer.message, "systemctl status and the log say how the daemon is")];
    return [warning(check, answer.message, "Start the daemon, or name its options with --options")];
  }
  const parsed = statusSchema.safeParse(answer.status);
  if (!parsed.success) {
    return [warning(check, "What answers on the admin socket is not a daemon of this version", "Restart the daemon")];
  }
  const { version, active, lastReload, standing, restartNeeded, hooks } = parsed.data;
  const findings = [ok(check, `The daemon answers, version ${version}`)];
  const stays = active === null ? "nothing is in force" : `${active.hash.slice(0, 8)} stays in force`;
  if (lastReload !== null && !GOOD_OUTCOMES.includes(lastReload.outcome)) {
    const why = lastReload.reason === null ? "" : ` (${lastReload.reason})`;
    const what = `The last reload ended as ${lastReload.outcome}${why}: ${stays}`;
    findings.push(error("daemon/reload", what, "honua-configd status shows what is wrong"));
  } else if (active === null) {
    findings.push(error("daemon/reload", "Nothing is in force", "honua-configd status shows what is wrong"));
  } else {
    findings.push(ok("daemon/reload", `${active.hash.slice(0, 8)} is in force`));
  }
  findings.push(
    ...judgeStored("snapshot", parsed.data.stored),
    ...judgeStored("server form", parsed.data.serverForm?.stored ?? null),
  );
  if (standing === "diverged") {
    const todo = "Copy the source anew, or honua-configd reload --force where this host is right";
    findings.push(warning("daemon/standing", "This instance has diverged from the others", todo));
  }
  for (const { name, failures } of hooks.filter((hook) => hook.failures > 0)) {
    const what = `Hook ${name} failed ${failures === 1 ? "once" : `${failures} times in a row`}`;
    findings.push(warning("daemon/hooks", what, "honua-configd status says why"));
  }
  if (restartNeeded) {
    const what = "The options file changed since the daemon read it";
    findings.push(warning("daemon/options", what, "Restart the daemon when it suits"));
  }
  return findings;
}

function judgeStored(name: string, stored: string | null): Finding[] {
  if (stored !== "missing" && stored !== "another") return [];
  const what = stored === "missing"
    ? `There is no file at the ${name}'s path`
    : `The file at the ${name}'s path is not the one that the daemon put in force`;
  const todo = "honua-configd reload puts it there; find out which process did that";
  return [error(`daemon/${name.replace(" ", "-")}`, what, todo)];
}
