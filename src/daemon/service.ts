// Notifies the service manager of the daemon's state, and only of facts: READY once a snapshot is in force, or once the
// first look ended without one; RELOADING while it looks or writes; and a status line for people.
import type { ServiceManager } from "../telemetry/sd_notify.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Trouble } from "../reload/state.ts";
import type { SyncStateKind } from "../agreement/agreement.ts";

/** The facts of which the notifications are made. */
export interface ServiceFacts {
  /** The hash in force; null: none. */
  readonly hash: string | null;
  /** Whether a look or a write is in progress. */
  readonly isBusy: boolean;
  /** Whether a first look ended. */
  readonly hasLooked: boolean;
  /** Why the source is not in force, masked; null: it is. */
  readonly trouble: Pick<Trouble, "kind" | "reason"> | null;
  /** The sync state; null: the instance has no cluster. */
  readonly standing: SyncStateKind | null;
  /** The reason if High Availability is on but there is no cluster; else null. */
  readonly isolation: string | null;
  /** The generation agreed with last. */
  readonly generation: number | null;
  /** Whether file events and polling result in reloads. */
  readonly isWatching: boolean;
  /** Hooks that failed and have still to succeed. */
  readonly failedHooks: readonly string[];
}

const HASH_DIGITS = 12;

const TROUBLES: Readonly<Record<Trouble["kind"], string>> = {
  "rejected": "the source is rejected",
  "unreadable": "the source cannot be read",
  "write-failed": "the snapshot cannot be written",
};

/** The facts in one line, the most important first. */
export function statusLine(facts: ServiceFacts): string {
  const { hash, trouble, standing, isolation, generation, failedHooks, isWatching, hasLooked } = facts;
  const parts = [hash === null ? "No snapshot is in force" : `${hash.slice(0, HASH_DIGITS)} in force`];
  if (standing !== null) parts[0] += generation === null ? `, ${standing}` : `, generation ${generation}, ${standing}`;
  if (trouble !== null) parts.push(`${TROUBLES[trouble.kind]}: ${trouble.reason}`);
  if (isolation !== null) parts.push(isolation);
  if (failedHooks.length > 0) parts.push(`failed hooks: ${failedHooks.join(", ")}`);
  if (hash === null) {
    parts.push(
      !hasLooked ? "looking at the source" : isWatching ? "watching the source" : "waiting for a request to reload",
    );
  }
  return parts.join("; ");
}

/**
 * How long READY waits for the first look if a snapshot is in force, so that a unit that starts after it gets the
 * newest.
 */
const FIRST_LOOK_PATIENCE_MILLISECONDS = 10_000;

/**
 * How long a start without a snapshot, or a reload, may last for the manager. Checks may take longer, but the manager
 * ends a daemon that takes longer than the unit's TimeoutStartSec of 90 s.
 */
const MANAGERS_PATIENCE_MILLISECONDS = 55_000;

/** The daemon towards its service manager. */
export interface Service extends AsyncDisposable {
  /** Notifies the manager if the facts changed. */
  changed(): void;
  /** Begins the wait for READY: every part is open. */
  serving(): void;
  /** Notifies the manager that the daemon stops. */
  stopping(): void;
  /** For the loop; null: the manager has no watchdog. */
  readonly heartbeat: { readonly everyMilliseconds: number; beat(): void } | null;
}

/** Opens the connection to a service manager; without one (null) nothing is sent. */
export function openService(
  manager: ServiceManager | null,
  facts: () => ServiceFacts,
  clock: Clock = systemClock,
): Service {
  if (manager === null) return { ...NO_SERVICE, [Symbol.asyncDispose]: async () => {} };
  /** `overdue`: READY was sent although a look or write is still in progress. */
  let phase: "opening" | "starting" | "ready" | "reloading" | "overdue" | "stopping" = "opening";
  let lastLine = "";
  let cancelPatience = () => {};
  let since = clock.now();
  /** Enters a phase; after each of the `patiences` the facts are judged again, even if none changed. */
  const enter = (next: typeof phase, ...patiences: readonly number[]) => {
    phase = next;
    since = clock.now();
    cancelPatience();
    const timers = patiences.map((milliseconds) => clock.schedule(milliseconds, changed));
    cancelPatience = () => timers.forEach((cancel) => cancel());
  };
  const changed = () => {
    if (phase === "opening" || phase === "stopping") return;
    const now = facts();
    const line = statusLine(now);
    const status = line === lastLine ? {} : { status: line };
    lastLine = line;
    const waited = clock.now() - since;
    const isOverdue = waited >= MANAGERS_PATIENCE_MILLISECONDS;
    const isUp = phase === "starting" &&
      (now.hasLooked ? !now.isBusy : isOverdue || (now.hash !== null && waited >= FIRST_LOOK_PATIENCE_MILLISECONDS));
    if (isUp || (phase === "reloading" && (!now.isBusy || isOverdue))) {
      enter(now.isBusy ? "overdue" : "ready");
      return manager.notify({ ready: true, ...status });
    }
    if (phase === "overdue" && !now.isBusy) enter("ready");
    if (phase === "ready" && now.isBusy) {
      enter("reloading", MANAGERS_PATIENCE_MILLISECONDS);
      return manager.notify({ reloading: true, ...status });
    }
    if (status.status !== undefined) manager.notify(status);
  };
  const { watchdogMilliseconds } = manager;
  /** Repeats READY, which may have been lost; the manager ignores it if the service is up. */
  const beat = () =>
    manager.notify({ watchdog: true, ...(phase === "ready" || phase === "overdue") && { ready: true } });
  return {
    changed,
    serving() {
      enter("starting", FIRST_LOOK_PATIENCE_MILLISECONDS, MANAGERS_PATIENCE_MILLISECONDS);
      changed();
    },
    stopping() {
      enter("stopping");
      manager.notify({ stopping: true, status: "Stopping" });
    },
    // sd_watchdog_enabled(3) recommends half of the interval.
    heartbeat: watchdogMilliseconds === null ? null : { everyMilliseconds: watchdogMilliseconds / 2, beat },
    [Symbol.asyncDispose]: () => {
      cancelPatience();
      return manager[Symbol.asyncDispose]();
    },
  };
}

const NO_SERVICE: Omit<Service, typeof Symbol.asyncDispose> = {
  changed: () => {},
  serving: () => {},
  stopping: () => {},
  heartbeat: null,
};
