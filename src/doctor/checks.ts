// The table of checks. Each row judges facts and gives advice. The order is that of the findings: an early trouble is
// often the reason of a later one.
import { join } from "node:path";
import { type Diagnostic, hasErrors } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";
import { eventfulness, isFleeting } from "../host/mounts.ts";
import { secretValues } from "../options/option_schema.ts";
import { describeFault } from "../snapshot/snapshot.ts";
import { type Check, check, type Host, type Judged } from "./examination.ts";
import * as facts from "./installation_facts.ts";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import { HOOK_CHECKS } from "./hooks.ts";
import { about, isMissing, judgeAccess, modeText, orOk, type PathFacts } from "./permissions.ts";
import { REDIS_CHECKS } from "./redis.ts";
import { SEALING_CHECKS } from "./sealing.ts";
import { SERVER_CHECKS } from "./server_units.ts";
import { isActive, propertyOf, type UnitFacts } from "./unit_facts.ts";

const POLL = "Set ConfigurationWatcher:PollSeconds to 5";
/** One inotify instance for each directory, of which there are few: of the source and the environment files. */
const NEEDED_WATCHES = 16;
/** For a few snapshots and their temporary files. */
const AMPLE_BYTES = 16 * 1024 * 1024;
const AMPLE_INODES = 100;
/** Times on network file systems are another host's. */
const TOLERANCE_MILLISECONDS = 5_000;
/** The parts of the daemon's `STATUS=` that report trouble. */
const TROUBLED_STATUS = new RegExp(
  "(^|; )(No snapshot is in force|the source is rejected: |the source cannot be read: |" +
    "the snapshot cannot be written: |failed hooks: )",
);
const GOOD_OUTCOMES = ["activated", "unchanged"];

/** These need no valid options. */
export const HOST_CHECKS: readonly Check<Host>[] = [
  check("host/parser", facts.parser, ({ trouble, milliseconds }) => {
    if (trouble === null) return ok(`The parser's process starts and answers, in ${Math.round(milliseconds)} ms`);
    const todo = "Look at the host's memory, its limit of processes and the kernel's log";
    return error(`The parser's process did not answer (${trouble})`, todo);
  }),
  check("host/proc", facts.ownMemory, (bytes) => {
    if (bytes !== null) return ok("/proc tells of the parser's memory");
    const todo = "Mount /proc; a unit's ProcSubset=pid does no harm";
    return warning("/proc does not tell of processes: the parser's memory is not limited", todo);
  }),
  check("host/setpriv", facts.setpriv, (isThere) => {
    if (isThere) return ok("setpriv ends the parser with a daemon that was killed");
    const what = "There is no setpriv: the parser of a daemon that was killed may live a few seconds longer";
    return warning(what, "Install util-linux");
  }),
  check("unit/installed", facts.unitBinary, (_, { unit }) => {
    const { state } = unit;
    if (state === "no-systemd") return note("This host is not run by systemd: nothing is known of a unit");
    if (state === "unknown") return warning(`systemd does not tell about ${unit.name}: ${unit.why}`, "Ask as root");
    if (state === "not-installed") {
      return note(`${unit.name} is not installed`, "scripts/install.sh or the package installs it");
    }
    const load = propertyOf(unit, "LoadState");
    if (load === "loaded") return ok(`${unit.name} is installed: ${propertyOf(unit, "FragmentPath")}`);
    return error(`systemd cannot use ${unit.name}: ${load}`, `systemd-analyze verify ${unit.name}`);
  }),
  unitCheck("unit/enabled", (name, { UnitFileState: state = "" }) => {
    if (/^(enabled|static|generated|indirect|alias)/.test(state)) return ok(`${name} is ${state}`);
    const what = `${name} is ${state || "not enabled"}: it does not start with the machine`;
    return warning(what, `systemctl ${state.startsWith("masked") ? "unmask" : "enable"} ${name}`);
  }),
  unitCheck("unit/active", (name, properties) => {
    const { ActiveState: active, SubState: sub, Result: result, NRestarts: restarts, StatusText: text } = properties;
    const status = text ? `: ${text}` : "";
    const again = restarts && restarts !== "0" ? `, restarted ${restarts} times` : "";
    const todo = `journalctl -u ${name} says why`;
    if (active === "active" || active === "reloading") {
      const what = `${name} is ${active} (${sub}${again})${status}`;
      if (TROUBLED_STATUS.test(text ?? "")) return warning(what, todo);
      return again === "" ? ok(what) : note(what, `${todo} it was restarted`);
    }
    if (active === "failed") return error(`${name} failed (${result}${again})${status}`, todo);
    if (active === "activating") return warning(`${name} is starting (${sub}${again})${status}`, todo);
    return warning(`${name} is ${active ?? "not running"}`, `systemctl start ${name}`);
  }),
  unitCheck("unit/drop-ins", (_, { DropInPaths: paths }) => {
    return paths ? note(`Drop-ins change it: ${paths.split(" ").join(", ")}`) : null;
  }),
  unitCheck("unit/files", (name, { NeedDaemonReload }) => {
    const what = `The files of ${name} changed since systemd read them`;
    return NeedDaemonReload === "yes" ? warning(what, "systemctl daemon-reload") : null;
  }),
  unitCheck("unit/notify", (name, { Type, NotifyAccess }) => {
    const what = `${name} waits for a notification that it does not accept`;
    return Type === "notify" && NotifyAccess === "none" ? error(what, "Set NotifyAccess=main") : null;
  }),
  check("unit/binary", facts.unitBinary, (binary) => {
    if (binary === null) return null;
    const { path, isProgram, real, own } = binary;
    if (!isProgram) return error(`${path}, which the unit starts, is no program`, "Install it again");
    // From a checkout the doctor's own program is Deno.
    const isOther = real !== own && /(^|\/)honua-configd[^/]*$/.test(own);
    if (!isOther) return ok(`The unit starts ${path}`);
    return note(`The unit starts ${path}, and this is ${own}`, `${path} doctor examines with the unit's version`);
  }),
];

/** All checks. */
export const CHECKS: readonly Check[] = [
  // A finding about another user than the daemon's would mislead.
  check("options/user", facts.settings, (_, { user, userOfUnit }) => {
    if (user === null) return warning("The daemon's user is not known: permissions are not judged");
    if (userOfUnit) return ok(`Permissions are judged for ${user.name}, the unit's user`);
    return note(`Permissions are judged for ${user.name}, the user of this command: no unit names the daemon's user`);
  }),
  // Several settings and variables may name the source.
  check("source/name", facts.settings, (_, { source }) => {
    return "path" in source && ok(`The source is ${source.path}, by ${source.decidedBy}`);
  }),
  check("options/file", facts.optionsFile, (file, { options, warnings, daemonUid }) => {
    const odd = warnings.map((one) => warning(renderLine(one), one.suggestion));
    if (file === null) return [...odd, note("No options file was named: environment, flags and defaults count")];
    // The secret may be in the environment, not in the file.
    const holds = secretValues(options).length > 0 ? "a connection string, a command or a URL" : null;
    const troubles = judgeAccess(file, "read", { owners: { daemonUid, stake: "options" }, holds });
    const what = `${file.path} is valid, and only the right users may read and write it`;
    return [...odd, ...orOk(troubles, what)];
  }),
  check("options/secrets", facts.secretFiles, (files) => {
    const troubles = files.flatMap(({ option, file, store, badToken }) => {
      if (store !== null && isMissing(file)) {
        const what = `${option} names the credential ${file.path}, which is nowhere to be seen`;
        return warning(what, `Put it into ${join(store, file.path)}, or name a file`);
      }
      const troubles = about(option, judgeAccess(file, "read", { holds: "a secret" }));
      if (badToken === null || troubles.length > 0 || badToken.includes("EACCES")) return troubles;
      return error(`${option}: ${badToken}`, "Write a token: openssl rand -hex 32");
    });
    return files.length > 0 && orOk(troubles, `${files.length} files with secrets can be read by the right users`);
  }),
  check("approvals/files", facts.approvalFiles, (files, { daemonUid }) => {
    const owners = { daemonUid, stake: "approvals" } as const;
    const troubles = files.flatMap(({ option, file }) => about(option, judgeAccess(file, "read", { owners })));
    return files.length > 0 && orOk(troubles, "The daemon can read the signers, and only root may change them");
  }),
  ...SEALING_CHECKS,
  check("approvals/ssh-keygen", facts.sshKeygen, (isThere) => {
    if (isThere === null) return null;
    if (isThere) return ok("ssh-keygen verifies approvals");
    return error("There is no ssh-keygen, so that no approval counts", "Install openssh-client");
  }),
  check("rollout/deadline", facts.settings, (_, { options: { rollout, health, hooks: { list, splay } } }) => {
    const bake = list.some(({ on }) => on === "health") ? health.bakeSeconds : 0;
    const { steps, deadlineSeconds: deadline } = rollout;
    if (steps.length === 0) return null;
    if (splay + bake < deadline) {
      return ok(`Rollout:DeadlineSeconds leaves hooks ${deadline - splay - bake} s in a step`);
    }
    const what = `A step may take ${splay + bake} s (Hooks:Splay and Health:BakeSeconds) and the time of its hooks: ` +
      `it is halted after ${deadline} s (Rollout:DeadlineSeconds)`;
    return (bake < deadline ? warning : error)(what, "Set Rollout:DeadlineSeconds above the sum of all three");
  }),
  check("source/found", facts.source, ({ unreadable }, { source }) => {
    if ("path" in source) return judgeUnreadable(unreadable);
    if ("isStored" in source) return note("No file is read: the store has the source (Source:From)");
    return error(renderLine(source.trouble), source.trouble.suggestion);
  }),
  check("source/environment", facts.source, ({ unreadableEnvironment, warnings }) => {
    return judgeUnreadable(unreadableEnvironment) ?? warnings.map((one) => warning(renderLine(one), one.suggestion));
  }),
  check("source/valid", facts.source, ({ compiled }, { source, validateCommand }) => {
    if (compiled === null || !("path" in source)) return null;
    if (!compiled.ok) return judgeRejected(source.path, compiled.diagnostics, validateCommand);
    const { snapshot, warnings } = compiled;
    const hash = `hash ${snapshot.hash.slice(0, 8)}`;
    if (warnings.length === 0) return ok(`${source.path} is valid, ${hash}`);
    const count = warnings.length === 1 ? "a warning" : `${warnings.length} warnings`;
    return note(`${source.path} is valid with ${count}, ${hash}`, validateCommand);
  }),
  check("source/permissions", facts.sourceFiles, ({ source, environment }, { daemonUid }) => {
    const owners = { daemonUid, stake: "source" } as const;
    // source/found reports a file that is missing.
    const troubles = [
      ...source === null || isMissing(source) ? [] : judgeAccess(source, "read", { owners }),
      ...environment.flatMap((file) => isMissing(file) ? [] : judgeAccess(file, "read", { holds: "variables" })),
    ];
    const what = "The daemon can read the source, and only the right users may write it";
    return source === null ? troubles : orOk(troubles, what);
  }),
  check("source/file-system", facts.sourceMount, (mount, { source, options }) => {
    if (!("path" in source)) return null;
    const { enableFileWatching, pollSeconds } = options.configurationWatcher;
    if (mount === null) return note("It is not known on which file system the source is");
    const where = `The source is on ${mount.type} (mounted at ${mount.point})`;
    if (!enableFileWatching) {
      return note(`${where}; files are not watched: signals, requests and other instances make it reload`);
    }
    const events = eventfulness(mount);
    if (events === "all") {
      return pollSeconds > 0
        ? ok(`${where}: events report changes, and polling every ${pollSeconds} s finds those that they miss`)
        : note(`${where}: events report changes; a change whose event is lost is not found`, POLL);
    }
    const what = events === "own"
      ? `${where}: changes made on other hosts come without an event`
      : `${where}: changes made beneath it, in a layer, come without an event`;
    if (pollSeconds > 0) return note(`${what}; polling finds them within ${pollSeconds} s`);
    const judge = events === "own" ? error : warning;
    return judge(`${what}, and nothing polls: ConfigurationWatcher:PollSeconds is 0`, POLL);
  }),
  check("files/single-mount", facts.mountedFiles, (files) => {
    return files.map(({ isReplaced, what, todo }) => (isReplaced ? error : warning)(what, todo));
  }),
  check("watcher/limits", facts.watcher, (found, { options }) => {
    if (found === null) return null;
    const { maxInstances, maxWatches, usedInstances, usedWatches, isPartial } = found;
    if (maxInstances === null || maxWatches === null) return note("The limits of inotify are not known");
    const most = isPartial ? "at least " : "";
    const what = `inotify: ${most}${usedInstances} of ${maxInstances} instances and ` +
      `${most}${usedWatches} of ${maxWatches} watches of the daemon's user are in use`;
    const isShort = maxInstances - usedInstances < NEEDED_WATCHES;
    if (!isShort && maxWatches - usedWatches >= NEEDED_WATCHES) return ok(what);
    const [limit, max] = isShort ? ["instances", maxInstances] as const : ["watches", maxWatches] as const;
    const todo = `sysctl fs.inotify.max_user_${limit}=${Math.max(2 * max, 512)}, and keep it in /etc/sysctl.d`;
    // Polling needs no events.
    const isFull = usedInstances >= maxInstances || usedWatches >= maxWatches;
    return (isFull && options.configurationWatcher.pollSeconds === 0 ? error : warning)(what, todo);
  }),
  check("snapshot/directory", facts.snapshotDirectory, (directory, { unit }) => judgeDirectory(directory, unit)),
  check("snapshot/file", facts.snapshotFile, (file, { unit }) => judgeFile("snapshot", file, unit)),
  check("snapshot/mode", facts.snapshotFile, (file, { options }) => judgeMode("snapshot", file, options.snapshot.mode)),
  check("snapshot/group", facts.snapshotFile, (file, { options: { snapshot: { group } }, user }) => {
    if (group === null) return null;
    if (file.gid === null) {
      return error(`There is no group ${group}, which Snapshot:Group names`, `groupadd --system ${group}`);
    }
    const ofFile = judgeFileGroup("snapshot", file);
    if (user === null || user.uid === 0 || user.gids.includes(file.gid)) return ofFile;
    const what = `${user.name} is no member of ${group}, so it cannot give the snapshot that group`;
    return [...ofFile, error(what, `usermod --append --groups ${group} ${user.name}, and restart the daemon`)];
  }),
  check("snapshot/file-system", facts.snapshotPlace, (place) => judgeFileSystem("snapshot", place, "Snapshot:Path")),
  check("snapshot/space", facts.snapshotPlace, ({ space, snapshotBytes }) => {
    if (space === null) return note("It is not known how much space is left for the snapshot");
    const { freeBytes, freeInodes } = space;
    const inodes = freeInodes === null ? "" : ` and ${freeInodes} inodes`;
    const what = `${Math.floor(freeBytes / 1024 / 1024)} MiB${inodes} are free for the snapshot`;
    const todo = "Free space or inodes there";
    // Another snapshot of that size is written beside the old one.
    if (freeBytes < Math.max(snapshotBytes, 4096) || freeInodes === 0) return error(what, todo);
    const isAmple = freeBytes >= Math.max(AMPLE_BYTES, 3 * snapshotBytes);
    return isAmple && (freeInodes === null || freeInodes >= AMPLE_INODES) ? ok(what) : warning(what, todo);
  }),
  check("server-form/file", facts.serverForm, (form, { unit }) => {
    if (form === null) return null;
    const judgement = judgeFile("server form", form.file, unit);
    const what = "The server form is that of another snapshot than the one beside it";
    const todo = "Start the daemon, or reload it: it writes both again";
    return form.isOfAnother ? [judgement, error(what, todo)] : judgement;
  }),
  check("server-form/mode", facts.serverForm, (form, { options }) => {
    return form && judgeMode("server form", form.file, options.snapshot.mode);
  }),
  check("server-form/group", facts.serverForm, (form) => form && judgeFileGroup("server form", form.file)),
  check("server-form/directory", facts.serverForm, (form, { unit }) => {
    return form?.place && judgeDirectory(form.place.directory, unit);
  }),
  check("server-form/file-system", facts.serverForm, (form) => {
    return form?.place && judgeFileSystem("server form", form.place.fileSystem, "Snapshot:ServerPath");
  }),
  check("snapshot/lock", facts.snapshotLock, (holder, { unit }) => {
    if (holder === null) return null;
    const main = Number(propertyOf(unit, "MainPID"));
    if (main === 0 || main === holder) return ok(`Process ${holder} writes the snapshot, and no other can`);
    const what = `Process ${holder} writes the snapshot, and not the unit's process ${main}`;
    return warning(what, "End it, or give it a Snapshot:Path of its own");
  }),
  check("state/directory", facts.stateDirectory, (directory, { unit }) => {
    return judgeDirectory(directory, unit, "The state is kept in");
  }),
  // Without the socket the daemon works, but cannot be asked.
  check("admin/socket", facts.socketDirectory, (directory, { options, unit, user }) => {
    if (directory === null) return null;
    const { looked, path, obstacle } = directory;
    if (!looked.ok && isBeforeStart(unit)) return note(`${path} is not there: the unit makes it`);
    if (!looked.ok) {
      const todo = "Create it, or set Admin:Socket (empty: no socket)";
      return warning(`${path}, the place of the admin socket: ${looked.code}`, todo);
    }
    if (obstacle === null) return ok(`The admin socket's place is ${options.admin.socket}`);
    const what = `${user?.name} cannot make the admin socket in ${path}`;
    return warning(what, `Give it to ${user?.name}, or set Admin:Socket`);
  }),
  ...REDIS_CHECKS,
  check("clock/synchronised", facts.clock, ({ synchronised }) => {
    if (synchronised === "yes") return ok("The clock is synchronised over the network");
    if (synchronised !== "no") return note("It is not known whether the clock is synchronised");
    const todo = "timedatectl set-ntp true, or start the host's NTP service";
    return warning("The clock is not synchronised: certificates and the times in logs depend on it", todo);
  }),
  check("clock/snapshot", facts.clock, ({ writtenMilliseconds, now }) => {
    if (writtenMilliseconds === null || writtenMilliseconds <= now + TOLERANCE_MILLISECONDS) return null;
    const seconds = Math.round((writtenMilliseconds - now) / 1000);
    const what = `The snapshot was written ${seconds} s in the future: the clock was set back since`;
    return warning(what, "Set the clock right");
  }),
  ...HOST_CHECKS,
  check("daemon/answers", facts.daemon, (answer, { unit }) => {
    if (answer === "no-socket") return note("The daemon has no socket to be asked on: Admin:Socket is empty");
    if (answer === "other-version") {
      return warning("The server on the admin socket is not a daemon of this version", "Restart the daemon");
    }
    if ("version" in answer) return ok(`The daemon answers, version ${answer.version}`);
    if (isActive(unit)) return error(answer.message, "systemctl status and the log say how the daemon is");
    return warning(answer.message, "Start the daemon, or name its options with --options");
  }),
  statusCheck("daemon/reload", ({ active, lastReload }) => {
    const todo = "honua-configd status shows the problem";
    if (lastReload !== null && !GOOD_OUTCOMES.includes(lastReload.outcome)) {
      const stays = active === null ? "nothing is in force" : `${active.hash.slice(0, 8)} stays in force`;
      const why = lastReload.reason === null ? "" : ` (${lastReload.reason})`;
      return error(`The last reload ended as ${lastReload.outcome}${why}: ${stays}`, todo);
    }
    return active === null ? error("Nothing is in force", todo) : ok(`${active.hash.slice(0, 8)} is in force`);
  }),
  statusCheck("daemon/snapshot", ({ stored }) => judgeStored("snapshot", stored)),
  statusCheck("daemon/server-form", ({ serverForm }) => judgeStored("server form", serverForm?.stored)),
  statusCheck("daemon/standing", ({ standing }) => {
    const todo = "Copy the source again, or run honua-configd reload --force if this host is right";
    return standing === "diverged" && warning("This instance has diverged from the others", todo);
  }),
  statusCheck("daemon/hooks", ({ hooks }) =>
    hooks.filter(({ failures }) => failures > 0).map(({ name, failures }) => {
      const what = `Hook ${name} failed ${failures === 1 ? "once" : `${failures} times in a row`}`;
      return warning(what, "honua-configd status says why");
    })),
  statusCheck("daemon/options", ({ restartNeeded }) => {
    return restartNeeded &&
      warning("The options file changed since the daemon read it", "Restart the daemon when it suits");
  }),
  ...HOOK_CHECKS,
  ...SERVER_CHECKS,
];

function judgeUnreadable(diagnostic: Diagnostic | null): Judgement | null {
  if (diagnostic === null) return null;
  const { summary, why, suggestion } = diagnostic;
  return error(why === null ? summary : `${summary}: ${why}`, suggestion);
}

/** The doctor's environment may lack a variable that the unit's environment has. */
export function judgeRejected(path: string, diagnostics: readonly Diagnostic[], command: string): Judgement {
  const errors = diagnostics.filter((one) => hasErrors([one]));
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const what = `${path} is not valid: ${first === undefined ? "no reason" : renderLine(first)}${more}`;
  if (first !== undefined && errors.every(({ code }) => code === "config/missing-environment-variable")) {
    return error(what, "Name the daemon's environment file with --env-file; if it is, add the variable to it");
  }
  return error(what, `${command} shows the lines; mend them`);
}

type Written = "snapshot" | "server form";

/** systemd makes a unit's StateDirectory and RuntimeDirectory when it starts the unit. */
function isBeforeStart(unit: UnitFacts): boolean {
  return unit.state === "known" && !isActive(unit);
}

/** Judges whether the daemon can make and replace files in a directory. */
function judgeDirectory(directory: PathFacts, unit: UnitFacts, can = "The daemon can write in") {
  const { path, looked } = directory;
  if (isMissing(directory) && isBeforeStart(unit)) {
    return note(`${path} is not there yet: the unit makes its directories when it starts`);
  }
  if (looked.ok && looked.file.kind !== "directory") return error(`${path} is not a directory`, "Name a directory");
  return orOk(judgeAccess(directory, "write in"), `${can} ${path}`);
}

function judgeFile(name: Written, { path, read, now }: facts.WrittenFacts, unit: UnitFacts): Judgement {
  if (read.state === "unreadable") {
    return warning(`${path} cannot be read: ${read.code}`, "Ask as root or as a member of its group");
  }
  if (read.state === "none") {
    const todo = "Remove the reason why the daemon cannot write it: see the other findings and its log";
    return isActive(unit)
      ? error(`There is no ${name} at ${path}, and the daemon runs`, todo)
      : note(`There is no ${name} at ${path} yet: the daemon makes it from the first valid source`);
  }
  const { verification, identity } = read;
  if (verification.ok) {
    const hash = verification.header.hash.slice(0, 8);
    return ok(`The ${name} is whole, hash ${hash}, written ${ageText(now - identity.mtime)}`);
  }
  const what = `The ${name} ${path} ${describeFault(verification.reason)}`;
  return verification.reason === "newer-format"
    ? warning(what, "Run the newer version, or let the next reload replace it")
    : error(what, "Start the daemon, or reload it: it sets the damaged one aside and writes it again");
}

const REWRITE = "Reload the daemon: it writes it again";

function judgeMode(name: Written, { read }: facts.WrittenFacts, wanted: number): Judgement | null {
  const mode = read.state === "file" && read.verification.ok ? read.identity.mode : null;
  if (mode === null || mode === wanted) return null;
  return warning(`The ${name} has mode ${modeText(mode)}, and Snapshot:Mode is ${modeText(wanted)}`, REWRITE);
}

function judgeFileGroup(name: Written, { read, gid }: facts.WrittenFacts): Judgement[] {
  if (read.state !== "file" || !read.verification.ok || gid === null || read.identity.gid === gid) return [];
  return [warning(`The ${name} belongs to the group ${read.identity.gid}, and Snapshot:Group is ${gid}`, REWRITE)];
}

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const;

/** The age in the largest unit that is not zero. */
export function ageText(milliseconds: number): string {
  const found = UNITS.find(([, length]) => milliseconds >= length);
  return found === undefined ? "just now" : `${Math.floor(milliseconds / found[1])} ${found[0]} ago`;
}

/** Judges whether a file can be replaced at its path, and remains there. */
function judgeFileSystem(name: Written, { mount, isOwnMount }: facts.PlaceFacts, setting: string): Judgement {
  if (isOwnMount) {
    const what = `The ${name} is a mount point of its own, which cannot be replaced (rename answers EBUSY)`;
    return error(what, "Mount its directory in its place");
  }
  if (mount === null) return note(`It is not known on which file system the ${name} is`);
  const where = `The ${name} is on ${mount.type} (mounted at ${mount.point})`;
  if (mount.readOnly) {
    const todo = "Remount it read-write, or list the directory under ReadWritePaths of the unit";
    return error(`${where}, which is read-only`, todo);
  }
  if (!isFleeting(mount)) return ok(where);
  const todo = `Name a directory that lasts in ${setting} (/var/lib/honua-configd)`;
  return warning(`${where}: it is gone after a restart of the host`, todo);
}

/** Judges the unit if systemd could read its files. */
function unitCheck(
  code: string,
  judge: (name: string, properties: Readonly<Record<string, string>>) => Judgement | null,
): Check<Host> {
  return check(code, facts.unitBinary, (_, { unit }) => {
    return unit.state === "known" && unit.properties["LoadState"] === "loaded" && judge(unit.name, unit.properties);
  });
}

/** Judges the daemon's status if there is one. */
function statusCheck(code: string, judge: (status: facts.Status) => Judged): Check {
  return check(code, facts.daemon, (answer) => typeof answer === "object" && "version" in answer && judge(answer));
}

function judgeStored(name: Written, stored: string | null | undefined): Judgement | null {
  if (stored !== "missing" && stored !== "another") return null;
  const what = stored === "missing"
    ? `There is no file at the ${name}'s path`
    : `The file at the ${name}'s path is not the one that the daemon put in force`;
  return error(what, "honua-configd reload puts it there; find out which process did that");
}
