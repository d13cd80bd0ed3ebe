// The events between the reload and the agreement of one host.
import type { ClusterEvent, ReloadedEvent } from "../agreement/agree.ts";
import { isHeadKnown } from "../agreement/agreement.ts";
import { withFleetSkips, withJudgedRollback } from "../releases/decide_releases.ts";
import { type Releases, skipOf } from "../releases/release.ts";
import type { ReloadOutcome } from "./report.ts";
import { finishesOver, isWithoutSteps, runsCandidate } from "./staged.ts";
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
  // Without a source the active release is looked at: its hash is known, even if its text is lost or not valid any
  // more.
  const isInForce = before.work.kind === "looking" && before.work.back !== null &&
    before.work.back.hash === after.active?.hash;
  // A source that could not be read, or not be put in force, may differ from the active snapshot.
  const isKnown = trouble === null || (trouble.kind === "rejected" && trouble.isUnread !== true);
  const isFresh = (isKnown || isInForce) && !before.waiting.includes("link");
  const { kept, held } = after.releases;
  const { pinned } = kept;
  const runsPinned = pinned !== null && pinned.hash === after.active?.hash;
  const undoes = runsPinned ? pinned.undoes : [];
  const finishes = finishesOver(after);
  const isFrozen = kept.hold !== null && held !== null && undoes.length === 0;
  return {
    kind: "reloaded",
    reasons,
    couldRead: kind !== "unreadable" || isInForce,
    // A candidate that has finished its rollout is the fleet's: this host's own source does not matter.
    isFresh: isFresh || finishes !== null,
    isHeldBack: isFrozen || (undoes.length === 0 && runsCandidate(after) && !isWithoutSteps(report.reasons)) ||
      (runsPinned && pinned.scope === "host" && skipOf(kept, pinned.hash) === null),
    isFollowing: runsPinned && undoes.length === 0 && finishes === null,
    finishes,
    undoes,
    skips: kept.skips.filter((one) => one.scope === "fleet"),
    random,
  };
}

/**
 * Takes in the parts of a cluster's event about releases: the skips that came with a head, and the answer to the
 * announcement of a rollback. A head that is lost says nothing about skips.
 */
export function withClusterNews<C>({ agreement, releases }: State<C>, event: ClusterEvent): Releases {
  if (agreement === null) return releases;
  const { ledger, request } = agreement;
  if (event.kind === "head-read" && isHeadKnown(event.head, ledger)) {
    // No store skips its head: a server that says so cannot know of skips.
    const skips = event.skips.filter((one) => one.hash !== event.head?.hash);
    return withFleetSkips(releases, skips, ledger.owed?.undoes ?? []);
  }
  if (event.kind !== "announcement-answered" || request?.kind !== "announcement") return releases;
  const { answer } = event;
  const isRefused = answer.kind === "refused" || (answer.kind === "lost" && isHeadKnown(answer.head, ledger));
  const isJudged = isRefused || answer.kind === "accepted" || answer.kind === "same";
  if (request.purpose !== "rollback" || !isJudged) return releases;
  return withJudgedRollback(releases, request.hash, isRefused);
}
