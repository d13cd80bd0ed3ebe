// The daemon itself, as it answers on its admin interface.
import * as z from "zod";
import type { Check, StatusAnswer, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";

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
