// What the reload and the agreement of one host tell each other.
import type { ClusterEvent, ReloadedEvent } from "../agreement/agree.ts";
import { isLost } from "../agreement/agreement.ts";
import { withFleetSkips } from "../releases/decide_releases.ts";
import type { ReloadOutcome } from "./report.ts";
import type { State } from "./state.ts";

/** Makes the agreement's event of a reload that ended in the state `before` and led to the state `after`. */
export function reloadedEvent<C>(
  before: State<C>,
  after: State<C>,
  report: ReloadOutcome<C>,
  random: number,
): ReloadedEvent {
  const { kind } = report;
  const isHealthy = kind === "activated" || kind === "unchanged";
  // A source that is not in force overrules no head, and a look that began before the head was known does not count.
  const isEarlier = before.waiting.includes("announcement");
  const reasons = report.reasons.filter((one) =>
    (one !== "force" || isHealthy) && (one !== "announcement" || !isEarlier)
  );
  const { trouble } = after;
  // A source that could not be read, or not be put in force, may differ from the active snapshot.
  const isKnown = trouble === null || (trouble.kind === "rejected" && trouble.isUnread !== true);
  const isFresh = isKnown && !before.waiting.includes("link");
  const { kept, held } = after.releases;
  const { pinned } = kept;
  const runsPinned = pinned !== null && pinned.hash === after.active?.hash;
  return {
    kind: "reloaded",
    reasons,
    couldRead: kind !== "unreadable",
    isFresh,
    isHeldBack: held?.kind === "frozen" || (runsPinned && pinned.scope === "host"),
    undoes: runsPinned ? pinned.undoes : [],
    skips: kept.skips.filter((one) => one.scope === "fleet"),
    random,
  };
}

/** Takes in the skips that came with a head. A head that is lost says nothing about them. */
export function withStoredSkips<C>(state: State<C>, event: ClusterEvent): State<C> {
  const { agreement, releases } = state;
  if (event.kind !== "head-read" || agreement === null || isLost(event.head, agreement.ledger)) return state;
  const taken = withFleetSkips(releases, event.skips, agreement.ledger.owed?.undoes ?? []);
  return taken === releases ? state : { ...state, releases: taken };
}
