// The problems of this host in one sentence each, the worst first.
import type { HookStatus } from "../../hooks/hook_memory.ts";
import type { Status, StoredStatus } from "../daemon_api.ts";
import { shortHash } from "./hash_tag.ts";
import { asSentence } from "./sentence.ts";

/** A sentence about one problem. */
export interface HostProblem {
  /**
   * `bad`: the host does not run the configuration that it should; `warn`: it does, and a person should know of the
   * problem.
   */
  readonly tone: "bad" | "warn";
  readonly text: string;
}

/** Whether a hook failed, and did not succeed since. */
export function hasFailed({ failures, state }: HookStatus): boolean {
  return failures > 0 || state === "failed" || state === "given-up";
}

/** Returns the problems, the worst first; empty: all is well. The texts of the status are masked. */
export function hostProblems(status: Status): readonly HostProblem[] {
  const bad = [
    ...(status.active === null ? ["Nothing is in force"] : []),
    ...reloadProblems(status),
    ...misplaced(status.stored, "snapshot"),
    ...misplaced(status.serverForm?.stored ?? null, "server form"),
    ...status.singleMounts.filter((one) => one.isReplaced).map(mountText),
    ...standingProblems(status),
    ...healthProblems(status),
    ...status.hooks.filter(hasFailed).map(({ name, lastRun }) => `Hook ${name} failed${because(lastRun?.reason)}`),
    ...(status.redis.state === "down" ? [`Redis cannot be reached${because(status.redis.reason)}`] : []),
  ];
  const { held, confirmation, hold, watch, redis } = status;
  const warn = [
    ...(held === null ? [] : [`${held.why}. ${held.advice}`]),
    ...(confirmation === null
      ? []
      : ["A change goes back unless a person confirms it: honua-configd confirm keeps it"]),
    ...(hold === null ? [] : [`${hold.author} holds changes: ${hold.reason}`]),
    ...(redis.state === "up" && redis.reason !== null ? [`Redis refuses requests: ${redis.reason}`] : []),
    ...(redis.state === "disabled" && redis.reason !== null ? [redis.reason] : []),
    ...(watch.by === "polling" ? [`Changes are found only by polling${because(watch.reason)}`] : []),
    ...status.singleMounts.filter((one) => !one.isReplaced).map(mountText),
    ...status.stateTroubles,
    ...(status.restartNeeded ? ["The options file changed: restart the daemon for it to count"] : []),
  ];
  return [
    ...bad.map((text) => ({ tone: "bad", text }) as const),
    ...warn.map((text) => ({ tone: "warn", text }) as const),
  ];
}

/** The state of the host in one sentence: the worst problem, or that all is well. */
export function verdictOf(status: Status, [worst]: readonly HostProblem[]): string {
  if (worst !== undefined) return asSentence(worst.text);
  const hash = shortHash(status.active?.hash ?? "");
  if (status.lastReload === null) return `${hash} is in force as it was found at the start: no reload has ended yet.`;
  return `${hash} is in force, as the source says.`;
}

const FAILURES: Readonly<Record<string, string>> = {
  "rejected": "The source was rejected",
  "unreadable": "The source cannot be read",
  "write-failed": "The snapshot cannot be written",
};

function reloadProblems({ lastReload, active }: Status): string[] {
  if (lastReload === null || !Object.hasOwn(FAILURES, lastReload.outcome)) return [];
  const stays = active === null ? "" : `, and ${shortHash(active.hash)} stays in force`;
  return [`${FAILURES[lastReload.outcome]}${stays}${because(lastReload.reason)}`];
}

function misplaced(stored: StoredStatus, name: string): string[] {
  if (stored === "missing") {
    return [`There is no file at the path of the ${name}: honua-configd reload writes it again`];
  }
  if (stored !== "another") return [];
  return [`The file at the path of the ${name} is not the one in force: honua-configd reload writes it again`];
}

function standingProblems({ standing, active, head }: Status): string[] {
  if (standing !== "diverged") return [];
  const last = head === null ? "" : `, and the latest change, on another host, is ${shortHash(head.hash)}`;
  return [`This host diverged: ${shortHash(active?.hash ?? "nothing")} is in force here${last}`];
}

function healthProblems({ release }: Status): string[] {
  if (release?.state !== "failed") return [];
  const why = release.halted === undefined ? "" : `, and it was not rolled back: ${release.halted}`;
  return [`Release ${release.number} failed its health checks${why}`];
}

function mountText({ what, todo }: Status["singleMounts"][number]): string {
  return `${what}: ${todo}`;
}

function because(reason: string | null | undefined): string {
  return reason == null ? "" : `: ${reason}`;
}
