// Puts a snapshot and its server form in force: it writes them under temporary names, lets the check hooks judge them,
// and renames them only then. If there are health hooks, they say first whether the servers work. After an abort it
// gives up before the first rename or completes, and its result says truly which.
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import type { Options } from "../options/options.ts";
import type { ActivationOrder, ActivationResult } from "../reload/events.ts";
import { SUPERSEDED, type WorkLimit } from "../reload/loop.ts";
import { reasonOf } from "../reload/narration.ts";
import type { SnapshotId } from "../reload/state.ts";
import { type ChangeCounts, isRollback, type KeptReleases, runningRelease } from "../releases/release.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import type { Changes, ChangeTracker } from "./change_tracker.ts";
import type { CandidatePaths } from "../hooks/hook_triggers.ts";
import { checkHooks, type HookRunner } from "../hooks/hook_runner.ts";
import type { HookResult } from "../hooks/decide_hooks.ts";
import type { ReleaseKeeper } from "./release_keeper.ts";
import type { Candidate } from "./look_compiler.ts";

/** A check hook must not change the files: the snapshot that comes into force is the one that was checked. */
const CANDIDATE_CHANGED = errorDiagnostic(
  "hook/candidate-changed",
  "A check hook changed or removed a file that it was to check",
  {
    suggestion: "Let it work on a copy of $HONUA_CONFIGD_CANDIDATE or $HONUA_CONFIGD_SERVER_CANDIDATE",
  },
);

/** The change is not to blame, and may make it worse. */
function sickBefore(reason: string): Diagnostic {
  return errorDiagnostic("health/baseline", `The servers were not healthy before the change: ${reason}`, {
    why: "Health:BaselineRequired lets no change happen while they are not",
    suggestion: "Heal the servers, then reload; if the change is to heal them, honua-configd reload --force",
  });
}

/** Identifies the state of the files: any change of one of them results in another text. */
async function identitiesOf(paths: CandidatePaths): Promise<string> {
  const identities = Object.values(paths).filter((path) => path !== null).map(identityOf);
  return (await Promise.all(identities)).join("\n");
}

async function identityOf(path: string): Promise<string> {
  const { ino, size, mtime, ctime } = await Deno.stat(path).catch(() => ({
    ino: null,
    size: 0,
    mtime: null,
    ctime: null,
  }));
  return `${ino} ${size} ${mtime?.getTime()} ${ctime?.getTime()}`;
}

/** The parts of an activator. */
export interface ActivatorTools {
  readonly options: Pick<Options, "hooks" | "health">;
  readonly store: SnapshotStore;
  readonly changes: ChangeTracker;
  readonly hookRunner: Pick<HookRunner, "check" | "hasHealth" | "health" | "activatedState">;
  readonly keeper: Pick<ReleaseKeeper, "prepare" | "reserve">;
  /** The id of the snapshot in force. */
  active(): SnapshotId | null;
}

/** The activation for the loop. */
export interface Activator {
  /** Whether there are check hooks. */
  readonly isChecked: boolean;
  /**
   * Writes the text and the releases, and then the snapshot, unless a check refuses it or the signal is aborted before.
   * Checks have their own limits.
   */
  activate(
    candidate: Candidate,
    signal: AbortSignal,
    limit: WorkLimit,
    order: ActivationOrder,
  ): Promise<ActivationResult>;
}

/** Makes the activation of a store. */
export function openActivator(tools: ActivatorTools): Activator {
  const { options, store, changes, hookRunner, keeper, active } = tools;
  const checks = checkHooks(options.hooks);
  /** Null: no server is known to run the active snapshot, or it stays in force. */
  const askBaseline = async (
    { snapshot }: Candidate,
    signal: AbortSignal,
    limit: WorkLimit,
    releases: KeptReleases,
  ): Promise<HookResult | null> => {
    const release = runningRelease(releases);
    // A rollback must not wait for a server that hangs.
    if (release !== null && isRollback(release.cause)) return null;
    const inForce = active();
    if (!hookRunner.hasHealth || inForce === null || inForce.contentHash === snapshot.contentHash) return null;
    // A server that hooks restart just now would seem sick.
    if (hookRunner.activatedState() === "running") return null;
    limit.suspend();
    const health = await hookRunner.health(signal);
    limit.resume();
    return health;
  };
  const check = async (
    candidate: Candidate,
    paths: CandidatePaths,
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[]> => {
    // A write of only the header, or of an equal file, changes nothing for readers, so it needs no check.
    const isNew = candidate.snapshot.contentHash !== active()?.contentHash;
    if (checks.length === 0 || !isNew) return [];
    const before = await identitiesOf(paths);
    const refusals = await hookRunner.check(candidate, paths, Object.keys(changes.against(candidate.config)), signal);
    return refusals.length > 0 || await identitiesOf(paths) === before ? refusals : [CANDIDATE_CHANGED];
  };
  return {
    isChecked: checks.length > 0,
    async activate(candidate, signal, limit, { releases, isForced }) {
      const givenUp: ActivationResult = { kind: "failed", reason: "stopped before the snapshot was written" };
      if (signal.aborted) return givenUp;
      const endedEarly = (): ActivationResult => signal.reason === SUPERSEDED ? { kind: "superseded" } : givenUp;
      const baseline = await askBaseline(candidate, signal, limit, releases);
      if (signal.aborted) return endedEarly();
      if (baseline?.ok === false && options.health.baselineRequired && !isForced) {
        return refused([sickBefore(baseline.reason)]);
      }
      let diagnostics: readonly Diagnostic[] = [];
      const { snapshot, serverForm } = candidate;
      const inspect = async (candidatePath: string, serverCandidate: string | null) => {
        limit.suspend();
        diagnostics = await check(candidate, { candidate: candidatePath, serverCandidate }, signal);
        limit.resume();
        if (diagnostics.length > 0 || signal.aborted) return false;
        await keepReserve(tools, releases);
        await keeper.prepare(candidate.text, releases);
        return !signal.aborted;
      };
      const counts = totalOf(changes.against(candidate.config));
      const written = await store.write(snapshot, { serverForm, inspect });
      if (!written.ok) return { kind: "failed", reason: written.message };
      if (written.replaced) {
        return { kind: "written", counts, ...baseline && { baseline: baseline.ok ? "healthy" : "sick" } };
      }
      return signal.aborted ? endedEarly() : refused(diagnostics);
    },
  };
}

function refused(diagnostics: readonly Diagnostic[]): ActivationResult {
  return { kind: "refused", reason: reasonOf(diagnostics), diagnostics };
}

/** Keeps the files of the release that is about to be replaced, if it was healthy, for the day its text fails. */
async function keepReserve({ store, keeper, active }: ActivatorTools, releases: KeptReleases): Promise<void> {
  const id = active();
  const before = releases.list.at(-2);
  if (id === null || before?.hash !== id.hash || before.state !== "healthy") return;
  if (runningRelease(releases)?.hash === id.hash) return;
  const files = await store.readBoth(id.contentHash);
  if (files === null) return;
  await keeper.reserve.keep({ hash: id.hash, contentHash: id.contentHash, ...files });
}

function totalOf(changes: Changes): ChangeCounts {
  const sum = (member: keyof ChangeCounts) =>
    Object.values(changes).reduce((total, changed) => total + changed[member], 0);
  return { added: sum("added"), removed: sum("removed"), changed: sum("changed") };
}
