// Follows the rollout of a published release to its end. It ends with 0 if the fleet took the release up; with 1 if it
// did not or waits for a person; with 3 if that is not known or takes too long.
import { setTimeout as delay } from "node:timers/promises";
import { jsonLine } from "../diagnostic/terminal_text.ts";
import { unavailable } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type AskedRollout, watchLine, type WatchPace } from "./rollout.ts";
import { endOf } from "../rollout/progress_text.ts";
import type { Rollout } from "./rollout_text.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The rollout to follow. */
export interface FollowRequest {
  /** Of the published release. */
  readonly hash: string;
  readonly format: "text" | "json";
  /** Null: as long as its steps may take, and a minute. */
  readonly limitMilliseconds: number | null;
  ask(): Promise<AskedRollout>;
}

/** One line for each change, until the rollout does not go on by itself. */
export async function followPublished(
  { hash, format, limitMilliseconds, ask }: FollowRequest,
  terminal: Terminal,
  { pollMilliseconds, silenceMilliseconds, now }: WatchPace,
): Promise<ExitCode> {
  const begun = now();
  let limit = limitMilliseconds;
  let shown: string | null = null;
  let answeredAt = begun;
  for (;;) {
    const asked = await ask();
    if (asked.ok) {
      answeredAt = now();
      const { rollout } = asked;
      if (rollout?.hash !== hash) return replaced(hash, rollout, terminal);
      limit ??= longestMilliseconds(rollout);
      const line = watchLine(rollout);
      if (line !== shown) {
        terminal.out(format === "json" ? jsonLine(asked.body) : `${new Date(now()).toISOString()} ${line}\n`);
      }
      shown = line;
      const end = endOf(rollout);
      if (end !== "under way") return end === "done" ? EXIT.done : EXIT.invalid;
    } else if (!asked.isPassing || now() - answeredAt >= silenceMilliseconds) {
      return unavailable(asked.why, terminal);
    }
    const left = begun + (limit ?? silenceMilliseconds) - now();
    if (left <= 0) {
      return unavailable("The rollout is still under way: honua-configd rollout --watch follows it further", terminal);
    }
    await delay(Math.min(pollMilliseconds, left));
  }
}

/** As long as each step may wait and bake, and a minute. */
function longestMilliseconds({ steps, bakeSeconds, deadlineSeconds }: Rollout): number {
  return (steps.length * (bakeSeconds + deadlineSeconds) + 60) * 1000;
}

/** Another rollout is in its place, or none. On top of the release it shows that the fleet took that up. */
function replaced(hash: string, rollout: Rollout | null, terminal: Terminal): ExitCode {
  if (rollout?.base === hash) return EXIT.done;
  const found = rollout === null
    ? "none is in the store any more"
    : `that of ${shortHash(rollout.hash)} took its place`;
  terminal.error(`The rollout of ${shortHash(hash)} did not end well: ${found}\n`);
  return EXIT.invalid;
}
