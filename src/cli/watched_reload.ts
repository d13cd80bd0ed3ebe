// `honua-configd reload --watch`: a reload whose source is followed until the fleet has it, so that a pipeline judges
// its own edit and not the rollout before it. It ends with 0 if the fleet took the source up, with 1 if the source was
// rejected, is held back, or its rollout did not end well, with 3 if that is not known or takes too long.
import { setTimeout as delay } from "node:timers/promises";
import { endOf } from "../rollout/progress_text.ts";
import { unavailable } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { followPublished } from "./published_rollout.ts";
import type { AskedRollout, WatchPace } from "./rollout.ts";
import type { Rollout } from "./rollout_text.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The outcome of a reload, as far as it counts for the fleet. */
export type Look =
  | { readonly kind: "in-force"; readonly hash: string; readonly standing: string }
  /** It has a rollout, or is about to have one. */
  | { readonly kind: "awaits-rollout"; readonly hash: string }
  /** It leads to no rollout. */
  | { readonly kind: "ended" };

/** A look at the source; `report` shows its outcome, as a reload without `--watch` does. */
export interface Looked {
  readonly look: Look;
  report(): Promise<ExitCode>;
}

/** The reload to follow. */
export interface WatchedReload {
  readonly format: "text" | "json";
  /** Null: as long as the steps of the rollout may take, and a minute. */
  readonly limitMilliseconds: number | null;
  /** Makes the daemon look at its source. */
  look(): Promise<Looked>;
  ask(): Promise<AskedRollout>;
}

/** Looks until the source is agreed on or has a rollout, and follows that. */
export async function watchReload(watched: WatchedReload, terminal: Terminal, pace: WatchPace): Promise<ExitCode> {
  const { format, limitMilliseconds, look: lookAgain, ask } = watched;
  const begun = pace.now();
  for (;;) {
    const { look, report } = await lookAgain();
    if (look.kind === "ended") return await report();
    const asked = await ask();
    if (!asked.ok) {
      const code = await report();
      return code === EXIT.done ? unavailable(asked.why, terminal) : code;
    }
    const isInForce = look.kind === "in-force";
    if (isItsRollout(asked.rollout, look)) {
      const code = isInForce ? await report() : EXIT.done;
      if (code !== EXIT.done) return code;
      const left = limitMilliseconds === null ? null : Math.max(0, begun + limitMilliseconds - pace.now());
      return await followPublished({ hash: look.hash, format, limitMilliseconds: left, ask }, terminal, pace);
    }
    const other = asked.rollout !== null && isOpen(asked.rollout) ? asked.rollout : null;
    const isSettled = isInForce && other === null && look.standing !== "settling";
    const limit = Math.min(pace.silenceMilliseconds, limitMilliseconds ?? Infinity);
    if (isSettled || pace.now() - begun >= limit) return ended(look, await report(), other, terminal);
    await delay(pace.pollMilliseconds);
  }
}

/** Without a cluster the standing is never known. */
function ended(
  look: Exclude<Look, { kind: "ended" }>,
  code: ExitCode,
  other: Rollout | null,
  terminal: Terminal,
): ExitCode {
  if (look.kind === "awaits-rollout") return unavailable("Its rollout did not begin in time", terminal);
  if (other !== null) {
    terminal.error(`A rollout of ${shortHash(other.hash)}, another configuration, is under way\n`);
    return EXIT.invalid;
  }
  const isAgreed = look.standing === "agreed" || look.standing === "unknown";
  return code === EXIT.done && !isAgreed ? EXIT.invalid : code;
}

function isOpen(rollout: Rollout): boolean {
  const end = endOf(rollout);
  return end === "under way" || end === "waits";
}

/** The last rollout of a source that is held may be one that ended long ago. */
function isItsRollout(rollout: Rollout | null, { kind, hash }: Exclude<Look, { kind: "ended" }>): boolean {
  return rollout?.hash === hash && (kind === "in-force" || isOpen(rollout));
}
