// The words that the daemon's answers are made of: states, outcomes, kinds. A view looks them up, and one that is also a
// secret says nothing about that secret.
import type { SyncStateKind } from "../../agreement/agreement.ts";
import { ROLLOUT_PHASES } from "../../agreement/rollout.ts";
import { HELD_BACK, PEER_RELEASE_STATES } from "../../cluster/peer_record.ts";
import type { Change } from "../../config/config_diff.ts";
import type { HookStatus } from "../../hooks/hook_memory.ts";
import type { ReleaseCause, ReleaseState, TextFormat } from "../../releases/release.ts";
import type { RolloutHost } from "../../rollout/rollout_view.ts";
import type { RedisStatus, ReloadAnswer, Status, StoredStatus, WatchStatus } from "../daemon_api.ts";

/** All words of a type; the compiler finds one that is missing. */
type Words<T extends string> = Readonly<Record<T, true>>;

const STATUS: Words<
  | SyncStateKind
  | Status["mode"]
  | Status["sourceFrom"]
  | WatchStatus["by"]
  | RedisStatus["state"]
  | Exclude<StoredStatus, null>
  | NonNullable<Status["held"]>["kind"]
> = {
  agreed: true,
  settling: true,
  diverged: true,
  held: true,
  unknown: true,
  cluster: true,
  alone: true,
  file: true,
  store: true,
  both: true,
  events: true,
  polling: true,
  nothing: true,
  disabled: true,
  connecting: true,
  up: true,
  down: true,
  "in-force": true,
  another: true,
  missing: true,
  skipped: true,
  frozen: true,
  staged: true,
  overtaken: true,
  "taken-back": true,
  unapproved: true,
};

const RELEASES: Words<ReleaseState | ReleaseCause | TextFormat | Change | NonNullable<RolloutHost["runs"]>> = {
  running: true,
  baking: true,
  healthy: true,
  failed: true,
  "rolled-back": true,
  skipped: true,
  replaced: true,
  file: true,
  operator: true,
  force: true,
  cluster: true,
  rollback: true,
  health: true,
  confirmation: true,
  found: true,
  hcl: true,
  json: true,
  added: true,
  removed: true,
  changed: true,
  candidate: true,
  stable: true,
  other: true,
};

const HOOKS: Words<HookStatus["state"] | NonNullable<HookStatus["lastRun"]>["outcome"]> = {
  idle: true,
  waiting: true,
  running: true,
  retrying: true,
  "given-up": true,
  done: true,
  healthy: true,
  failed: true,
  succeeded: true,
};

const ANSWERS: Words<ReloadAnswer["kind"] | Extract<ReloadAnswer, { status: unknown }>["status"]> = {
  done: true,
  rejected: true,
  held: true,
  failed: true,
  stopping: true,
  reloaded: true,
  unchanged: true,
};

/** Typed as text in the answers: outcomes of reloads, severities, and the triggers of hooks. */
const OTHERS = [
  "activated",
  "unreadable",
  "write-failed",
  "error",
  "warning",
  "check",
  "diverged",
  "refused",
  "diff",
];

/** The words, of every kind. */
export const API_WORDS: ReadonlySet<string> = new Set([
  ...[STATUS, RELEASES, HOOKS, ANSWERS].flatMap((words) => Object.keys(words)),
  ...ROLLOUT_PHASES,
  ...PEER_RELEASE_STATES,
  ...HELD_BACK,
  ...OTHERS,
]);
