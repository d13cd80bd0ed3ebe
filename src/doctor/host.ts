// The host, the daemon's unit, and the daemon's own word: whether it answers, and what `honua-configd status` says.
import { socketPathTrouble } from "../admin/unix_socket.ts";
import { openParser } from "../document/hcl/parser.ts";
import { residentBytes } from "../document/hcl/usage.ts";
import { firstFile, SETPRIV_PATHS } from "../host/program_search.ts";
import { type Host, type Judged, section, type Subject, type Within } from "./examination.ts";
import { error, note, ok, warning } from "./finding.ts";
import { kindOf } from "./machine.ts";
import { isActive, type UnitFacts } from "./unit.ts";

/** Null: it answered. */
export const parser = section("The parser's process", async (_: Host, { signal }) => {
  await using parser = openParser();
  const judgement = await parser.judge(["x = 1\n"], signal);
  return judgement.ok ? null : judgement.reason;
}, {
  "host/parser": (trouble) => {
    if (trouble === null) return ok("The parser's process starts and answers");
    const todo = "Look at the host's memory, its limit of processes and the kernel's log";
    return error(`The parser's process did not answer (${trouble})`, todo);
  },
});

/** The memory of this process in bytes, by which the parser's memory is limited; null: /proc does not have it. */
export const ownMemory = section("/proc", (_: Host) => residentBytes(Deno.pid), {
  "host/proc": (bytes) => {
    if (bytes !== null) return ok("/proc tells of the parser's memory");
    const todo = "Mount /proc; a unit's ProcSubset=pid does no harm";
    return warning("/proc does not tell of processes: the parser's memory is not limited", todo);
  },
});

export const setpriv = section("setpriv", (_: Host) => Promise.resolve(firstFile(SETPRIV_PATHS)), {
  "host/setpriv": (path) => {
    if (path !== null) return ok(`${path} ends the parser with a daemon that was killed`);
    const what = "There is no setpriv: the parser of a daemon that was killed may live a few seconds longer";
    return warning(what, "Install util-linux");
  },
});

/** A `STATUS=` of the daemon without trouble has only its first part. */
const TROUBLED_STATUS = /^No snapshot is in force|; /;

/** The program that the unit starts (`{ path=/usr/bin/honua-configd ; argv[]=… }`); null: not known. */
export const unit = section("The systemd unit", async ({ unit, machine }: Host) => {
  const path = /^\{ path=(\S+) ;/.exec(unit.properties["ExecStart"] ?? "")?.[1] ?? null;
  if (path === null) return null;
  const looked = await machine.look(path);
  const isProgram = looked.ok && kindOf(looked.file) === "file" && (looked.file.mode & 0o111) !== 0;
  return { path, real: await machine.realPath(path), isProgram, own: Deno.execPath() };
}, {
  "unit/installed": (_, { unit }) => {
    const { state } = unit;
    if (state === "no-systemd") return note("This host is not run by systemd: nothing is known of a unit");
    if (state === "unknown") return warning(`systemd does not tell about ${unit.name}: ${unit.why}`, "Ask as root");
    if (state === "not-installed") {
      return note(`${unit.name} is not installed`, "scripts/install.sh or the package installs it");
    }
    const load = unit.properties["LoadState"];
    if (load === "loaded") return ok(`${unit.name} is installed: ${unit.properties["FragmentPath"]}`);
    return error(`systemd cannot use ${unit.name}: ${load}`, `systemd-analyze verify ${unit.name}`);
  },
  "unit/enabled": ifLoaded((name, { UnitFileState: state = "" }) => {
    if (/^(enabled|static|generated|indirect|alias)/.test(state)) return ok(`${name} is ${state}`);
    const what = `${name} is ${state || "not enabled"}: it does not start with the machine`;
    return warning(what, `systemctl ${state.startsWith("masked") ? "unmask" : "enable"} ${name}`);
  }),
  "unit/active": ifLoaded((name, properties) => {
    const { ActiveState: active, SubState: sub, Result: result, NRestarts: restarts = "0", StatusText = "" } =
      properties;
    const status = StatusText === "" ? "" : `: ${StatusText}`;
    const again = restarts === "0" ? "" : `, restarted ${restarts} times`;
    const todo = `journalctl -u ${name} says why`;
    if (active === "active" || active === "reloading") {
      const what = `${name} is ${active} (${sub}${again})${status}`;
      if (TROUBLED_STATUS.test(StatusText)) return warning(what, todo);
      return again === "" ? ok(what) : note(what, `${todo} it was restarted`);
    }
    if (active === "failed") return error(`${name} failed (${result}${again})${status}`, todo);
    if (active === "activating") return warning(`${name} is starting (${sub}${again})${status}`, todo);
    return warning(`${name} is ${active ?? "not running"}`, `systemctl start ${name}`);
  }),
  "unit/files": ifLoaded((name, { NeedDaemonReload }) => {
    const what = `The files of ${name} changed since systemd read them`;
    return NeedDaemonReload === "yes" && warning(what, "systemctl daemon-reload");
  }),
  "unit/binary": (binary) => {
    if (binary === null) return null;
    const { path, isProgram, real, own } = binary;
    if (!isProgram) return error(`${path}, which the unit starts, is no program`, "Install it again");
    // From a checkout the doctor's own program is Deno.
    const isOther = real !== own && /(^|\/)honua-configd[^/]*$/.test(own);
    if (!isOther) return ok(`The unit starts ${path}`);
    return note(`The unit starts ${path}, and this is ${own}`, `${path} doctor examines with the unit's version`);
  },
});

/** Judges the unit if systemd could read its files. */
function ifLoaded(judge: (name: string, properties: Readonly<Record<string, string>>) => Judged) {
  return (_: unknown, { unit }: { readonly unit: UnitFacts }) =>
    unit.properties["LoadState"] === "loaded" && judge(unit.name, unit.properties);
}

export const clock = section("The clock", async ({ machine, unit }: Host, { signal }) => {
  if ((await machine.look("/run/systemd/timesync/synchronized")).ok) return "yes";
  // Without systemd there is no answer, and the question takes its time.
  if (unit.state === "no-systemd") return "";
  const ran = await machine.run("timedatectl", ["show", "--property=NTPSynchronized", "--value"], signal);
  return ran?.code === 0 ? ran.out.trim() : "";
}, {
  "clock/synchronised": (answer) => {
    if (answer === "yes") return ok("The clock is synchronised over the network");
    const todo = "timedatectl set-ntp true, or start the host's NTP service";
    const what = "The clock is not synchronised: certificates and the times in logs depend on it";
    return answer === "no" && warning(what, todo);
  },
});

/** Leaves time to say that the daemon does not answer. */
export const ANSWER_SHARE = 0.8;

/** Null: it has no socket; `isMisplaced`: its path can be no socket's. */
async function askDaemon({ options: { admin: { socket } }, askStatus }: Subject, { limitMilliseconds }: Within) {
  if (socket === null) return null;
  const answer = await askStatus(limitMilliseconds * ANSWER_SHARE);
  // A link to a socket leads to the daemon, too.
  const trouble = answer.ok ? null : await socketPathTrouble(socket);
  return trouble === null ? answer : { ok: false, message: trouble, isMisplaced: true } as const;
}

export const daemon = section("The daemon", askDaemon, {
  "daemon/answers": (answer, { unit }) => {
    if (answer === null) return note("The daemon has no socket to be asked on: Admin:Socket is empty");
    if (answer.ok) return ok(`The daemon answers, version ${answer.version}`);
    if ("isMisplaced" in answer) {
      return error(answer.message, "The daemon refuses to start: move away what is there, or set Admin:Socket");
    }
    if (answer.isOverdue) {
      const todo = "Look at the daemon's process, which listens there: it is stopped, or the host is overloaded";
      return error(answer.message, todo);
    }
    if (isActive(unit)) return error(answer.message, "systemctl status and the log say how the daemon is");
    return warning(answer.message, "Start the daemon, or name its options with --options");
  },
  "daemon/status": (answer) => {
    if (!answer?.ok) return null;
    const { headline, isWell } = answer;
    return isWell ? ok(headline) : error(headline, "honua-configd status shows the problem");
  },
  "daemon/options": (answer) => {
    const what = "The options file changed since the daemon read it";
    return answer?.ok && answer.restartNeeded && warning(what, "Restart the daemon when it suits");
  },
  "watcher/limits": (answer) => {
    if (!answer?.ok || answer.pollsBecause === null) return null;
    const todo = "Raise fs.inotify.max_user_instances and max_user_watches with sysctl, or let TMPDIR be written";
    return warning(`The daemon only polls the source, as events cannot be had: ${answer.pollsBecause}`, todo);
  },
});
