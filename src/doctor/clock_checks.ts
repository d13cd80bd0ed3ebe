// The host's clock: whether it is kept right, and whether it was later than now when the snapshot was written.
import type { Check } from "./examination.ts";
import { type Finding, note, ok, warning } from "./finding.ts";

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
