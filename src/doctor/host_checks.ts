// What the daemon needs of the host beside files: that the parser's process starts, that /proc tells of it, and that
// setpriv(1) ties its life to the daemon's.
import { openParser } from "../document/parser.ts";
import { residentBytes } from "../document/usage.ts";
import { SETPRIV_PATHS } from "../host/program.ts";
import type { Check, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";

/** As much of the subject as is known without options. */
export type Host = Pick<Subject, "machine">;

/** Starts the parser once and lets it judge a line. */
export const parserCheck: Check<Host> = {
  id: "host/parser",
  about: "The parser's process",
  async examine(_host, { signal }) {
    const before = performance.now();
    await using parser = openParser();
    const judgement = await parser.judge(["x = 1\n"], signal);
    const milliseconds = performance.now() - before;
    return [judgeParser(judgement.ok ? null : judgement.reason, milliseconds)];
  },
};

/** Judges what came of it; `trouble` is null where it answered. */
export function judgeParser(trouble: string | null, milliseconds: number): Finding {
  const check = "host/parser";
  if (trouble === null) return ok(check, `The parser's process starts and answers, in ${Math.round(milliseconds)} ms`);
  const todo = "Look at the host's memory, its limit of processes and the kernel's log";
  return error(check, `The parser's process did not answer (${trouble})`, todo);
}

/** Whether /proc tells of processes, which the limit of the parser's memory is kept by. */
export const procCheck: Check<Host> = {
  id: "host/proc",
  about: "/proc",
  async examine() {
    return [judgeProc(await residentBytes(Deno.pid))];
  },
};

/** Judges what could be found out of the own process, in bytes; null: nothing. */
export function judgeProc(bytes: number | null): Finding {
  const check = "host/proc";
  if (bytes !== null) return ok(check, "/proc tells of the parser's memory");
  const todo = "Mount /proc; a unit's ProcSubset=pid does no harm";
  return warning(check, "/proc does not tell of processes: the parser's memory is not limited", todo);
}

/** Whether the kernel ends the parser with a daemon that was killed. */
export const setprivCheck: Check<Host> = {
  id: "host/setpriv",
  about: "setpriv",
  async examine({ machine }) {
    const looked = await Promise.all(SETPRIV_PATHS.map((path) => machine.look(path)));
    return [judgeSetpriv(looked.some((one) => one.ok))];
  },
};

/** Judges whether the program is there. */
export function judgeSetpriv(isThere: boolean): Finding {
  const check = "host/setpriv";
  if (isThere) return ok(check, "setpriv ends the parser with a daemon that was killed");
  const what = "There is no setpriv: the parser of a daemon that was killed may live a few seconds longer";
  return warning(check, what, "Install util-linux");
}

// The host's clock: whether it is kept right, and whether it was later than now when the snapshot was written.

/** Times on network file systems are another host's. */
const TOLERANCE_MILLISECONDS = 5_000;

/** Whether the clock is synchronised, as far as systemd knows. */
export const clockCheck: Check = {
  id: "clock/synchronised",
  about: "The clock",
  async examine({ machine, options, unit }, { signal }) {
    const isMarked = (await machine.look("/run/systemd/timesync/synchronized")).ok;
    // Without systemd nobody answers, and the question takes its time.
    const asks = !isMarked && unit.state !== "no-systemd";
    const args = ["show", "--property=NTPSynchronized", "--value"];
    const ran = asks ? await machine.run("timedatectl", args, signal) : null;
    const answer = ran?.code === 0 ? ran.out.trim() : null;
    const looked = await machine.look(options.snapshot.path);
    const written = looked.ok ? looked.file.modifiedMilliseconds : null;
    return [
      judgeClock(isMarked ? "yes" : answer),
      ...judgeSnapshotTime(written, machine.now()),
    ];
  },
};

/** Judges what timedatectl(1) says of NTPSynchronized; null: it says nothing. */
export function judgeClock(synchronised: string | null): Finding {
  const check = "clock/synchronised";
  if (synchronised === "yes") return ok(check, "The clock is synchronised over the network");
  if (synchronised !== "no") return note(check, "It is not known whether the clock is synchronised");
  const todo = "timedatectl set-ntp true, or start the host's NTP service";
  return warning(check, "The clock is not synchronised: certificates and the times in logs depend on it", todo);
}

/** Judges whether the snapshot was written in what is the future by now; null: there is none. */
export function judgeSnapshotTime(writtenMilliseconds: number | null, now: number): Finding[] {
  if (writtenMilliseconds === null || writtenMilliseconds <= now + TOLERANCE_MILLISECONDS) return [];
  const seconds = Math.round((writtenMilliseconds - now) / 1000);
  const what = `The snapshot was written ${seconds} s in the future: the clock was set back since`;
  return [warning("clock/snapshot", what, "Set the clock right")];
}
