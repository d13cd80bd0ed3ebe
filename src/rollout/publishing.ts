// Why a change is not to be published or proposed, in one line with advice. A host and a publisher without a host judge
// by the same rules.
import type { Skip } from "../agreement/skip.ts";
import type { FleetMember } from "./rollouts.ts";
import { type StoreView, underWay } from "./staging.ts";

/** The memory of a host; a publisher without a host has none. */
interface OwnReleases {
  readonly skips: readonly Skip[];
  /** The latest last. */
  readonly list: readonly { readonly number: number; readonly hash: string }[];
}

/** Returns why the state of the store forbids to publish the hash; null: it does not. */
export function publishObjection(
  view: StoreView,
  hash: string,
  own: OwnReleases = { skips: [], list: [] },
): string | null {
  const rollout = underWay(view);
  if (rollout !== null && view.head?.hash === hash) {
    const what = `The fleet runs it, and a rollout of ${rollout.hash.slice(0, 12)} is under way`;
    return `${what}: honua-configd rollback --reason TEXT ends that`;
  }
  const skip = [...view.skips, ...own.skips].find((one) => one.hash === hash);
  if (skip === undefined) return null;
  const what = `It was taken back by ${skip.by} at ${skip.at}: ${skip.reason}`;
  const release = own.list.findLast((one) => one.hash === hash);
  if (release !== undefined) {
    return `${what}. Publish a changed one, or put it in force again: ` +
      `honua-configd rollback ${release.number} --force --reason TEXT`;
  }
  // Of one that was rejected no host has a number.
  return `${what}. Publish a changed one. Only a host that ran it can put it in force again, by ` +
    "honua-configd rollback NUMBER --force, if honua-configd history there has its number";
}

/** Returns why the fleet cannot take part in a rollout; null: it can. */
export function fleetObjection(fleet: readonly FleetMember[]): string | null {
  const old = fleet.filter((one) => !one.stages).map((one) => one.instance);
  if (old.length === 0) return null;
  return `${old.slice(0, 3).join(", ")} cannot take part in a rollout: upgrade honua-configd there first, ` +
    "or take the change up on all hosts at once with reload --now";
}
