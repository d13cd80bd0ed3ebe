// Tells the service manager where the daemon stands, and never more than is true: READY once a snapshot is in force, or
// once the first look ended without one; RELOADING while it looks or writes; and in one line what a person should know.
import type { ServiceManager } from "../telemetry/sd_notify.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Trouble } from "../reload/state.ts";
import type { SyncStateKind } from "../cluster/peers.ts";

/** What the service manager is told of. */
export interface ServiceFacts {
  /** The hash in force; null: none. */
  readonly hash: string | null;
  /** Whether a look or a write is at hand. */
  readonly isBusy: boolean;
  /** Whether a first look ended. */
  readonly hasLooked: boolean;
  /** Why the source is not in force, masked; null: it is. */
  readonly trouble: Pick<Trouble, "kind" | "reason"> | null;
  /** Where it stands towards the others; null: it is alone. */
  readonly standing: SyncStateKind | null;
  /** Why it is alone by mistake; null: it is not. */
  readonly isolation: string | null;
  /** The generation agreed with last. */
  readonly generation: number | null;
  /** Whether file events and polling lead to reloads. */
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
      !hasLooked ? "looking at the source" : isWatching ? "watching the source" : "waiting to be told to reload",
    );
  }
  return parts.join("; ");
}

/** How long a snapshot that is in force waits for the first look, so that who starts after READY finds the newest. */
const FIRST_LOOK_PATIENCE_MILLISECONDS = 10_000;

/**
 * How long a start without a snapshot, and a reload, may last as the manager sees it. Checks may take their time, and
 * the manager ends what takes longer than the unit's TimeoutStartSec of 90 s.
 */
const MANAGERS_PATIENCE_MILLISECONDS = 55_000;

/** The daemon as its service manager sees it. */
export interface Service extends AsyncDisposable {
  /** Something may have changed. */
  changed(): void;
  /** All is open that there is to open. */
  serving(): void;
  /** The end has begun. */
  stopping(): void;
  /** How the loop proves that it lives; null: nobody wants to know. */
  readonly heartbeat: { readonly everyMilliseconds: number; beat(): void } | null;
}

/** Opens the way to a service manager; without one (null) nothing is told. */
export function openService(
  manager: ServiceManager | null,
  facts: () => ServiceFacts,
  clock: Clock = systemClock,
): Service {
  if (manager === null) return { ...NO_SERVICE, [Symbol.asyncDispose]: async () => {} };
  /** `overdue`: READY was said for what is in force, while something newer is still looked at. */
  let phase: "opening" | "starting" | "ready" | "reloading" | "overdue" | "stopping" = "opening";
  let told = "";
  let cancelPatience = () => {};
  let since = clock.now();
  /** When what is awaited is not waited for any more, whatever happens meanwhile. */
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
    const status = line === told ? {} : { status: line };
    told = line;
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
  /** A READY that was lost is said again: to a service that is up it says nothing new. */
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
