// Puts a snapshot in force: written beside the old one, shown to the check hooks, and only then given its name. Told to
// give up, it does so before the rename or completes, and says truly which.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { HooksOptions } from "../process/options.ts";
import type { ActivationResult } from "../reload/decide.ts";
import { SUPERSEDED } from "../reload/loop.ts";
import { reasonOf } from "../reload/narration.ts";
import type { Mark } from "../reload/state.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import type { ChangeTracker } from "./changes.ts";
import { checkBudgetMilliseconds } from "./checking.ts";
import { checkHooks, type Hooking } from "./hooking.ts";
import type { Candidate } from "./looking.ts";

/** How long the write of a snapshot may take beside its checks. */
const WRITE_LIMIT_MILLISECONDS = 30_000;

/** What activating needs. */
export interface ActivationTools {
  /** `Hooks`. */
  readonly hooks: HooksOptions;
  /** Where the snapshot is. */
  readonly store: SnapshotStore;
  /** What a snapshot changes. */
  readonly changes: ChangeTracker;
  /** Whoever checks it. */
  readonly hooking: Pick<Hooking, "check">;
  /** The mark of the snapshot in force. */
  active(): Mark | null;
}

/** Activates, as the loop is handed it. */
export interface Activator {
  /** Whether hooks have a say. */
  readonly isChecked: boolean;
  /** How long all of it may take. */
  readonly activateLimitMilliseconds: number;
  /** Writes the snapshot, unless it is refused or told to give up before. */
  activate(candidate: Candidate, signal: AbortSignal): Promise<ActivationResult>;
}

/** Makes what activates snapshots. */
export function activator({ hooks, store, changes, hooking, active }: ActivationTools): Activator {
  const checks = checkHooks(hooks);
  const check = async (candidate: Candidate, path: string, signal: AbortSignal): Promise<readonly Diagnostic[]> => {
    // Readers find nothing new where the header alone, or nothing but the file, is written again.
    const isNew = candidate.snapshot.contentHash !== active()?.contentHash;
    if (checks.length === 0 || !isNew) return [];
    return await hooking.check(candidate, path, changes.against(candidate.config), signal);
  };
  return {
    isChecked: checks.length > 0,
    activateLimitMilliseconds: WRITE_LIMIT_MILLISECONDS + checkBudgetMilliseconds(checks),
    async activate(candidate, signal) {
      const givenUp: ActivationResult = { kind: "failed", reason: "stopped before the snapshot was written" };
      if (signal.aborted) return givenUp;
      let diagnostics: readonly Diagnostic[] = [];
      const written = await store.write(candidate.snapshot, async (path) => {
        diagnostics = await check(candidate, path, signal);
        return diagnostics.length === 0 && !signal.aborted;
      });
      if (!written.ok) return { kind: "failed", reason: written.message };
      if (written.replaced) return { kind: "written" };
      if (signal.aborted) return signal.reason === SUPERSEDED ? { kind: "superseded" } : givenUp;
      return { kind: "refused", reason: reasonOf(diagnostics), diagnostics };
    },
  };
}
