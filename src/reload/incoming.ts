// The consequences of a write: the entry that it is about to add, and the releases and hints once it is in force.
import { pinnedTo, replacementText, unpinned } from "../releases/admission.ts";
import { withBaseline } from "../releases/decide_releases.ts";
import { type Incoming, inherited, rebaked, withCounts, withRelease } from "../releases/new_release.ts";
import { type KeptReleases, type Pinned, type ReleaseCause, type ReleaseLimits, skipOf } from "../releases/release.ts";
import type { ActivationResult } from "./events.ts";
import { runsUnagreed } from "./staged.ts";
import { type HintReason, isManual, joinReasons, type Proposal, type State, type Work } from "./state.ts";

/** Describes the release of a candidate that is about to be put in force. */
export function incomingOf<C>(
  state: State<C>,
  { hash, text: { format, digest } }: Pick<Proposal<C>, "hash" | "text">,
  { reasons, back, at }: { readonly reasons: readonly HintReason[]; readonly back: Pinned | null; readonly at: number },
): Incoming {
  const { terms } = state.releases;
  const common = { hash, format, digest, at, leavesCandidate: runsUnagreed(state) };
  const proposed = proposalOf(state, hash);
  if (back !== null) {
    const { cause, author, reason } = back.cause === "cluster" ? { ...back, ...rolledBack(state) ?? proposed } : back;
    return { ...common, cause, terms: null, author, reason };
  }
  const isHead = state.agreement?.head?.hash === hash;
  const { author = null, reason = null } = terms ?? proposed ?? {};
  return { ...common, cause: causeOf(reasons, isHead), terms, author, reason };
}

/** The rollback by which this host leaves the release in force; null: it leaves it for no rollback. */
function rolledBack<C>({ active, releases: { kept } }: State<C>): { readonly reason: string } | null {
  const skip = active === null ? null : skipOf(kept, active.hash);
  return skip && { reason: replacementText(skip) };
}

/** The person that proposed the rollout of a hash, and why, as far as they are known; null: it has no rollout. */
function proposalOf<C>({ rollouts }: State<C>, hash: string): { author?: string; reason?: string } | null {
  const rollout = rollouts?.view?.stored?.rollout;
  if (rollout?.hash !== hash) return null;
  const { author, reason } = rollout;
  return { ...author !== null && { author }, ...reason !== null && { reason } };
}

function causeOf(reasons: readonly HintReason[], isHead: boolean): ReleaseCause {
  if (reasons.includes("force")) return "force";
  if (isManual(reasons)) return "operator";
  const isFollowed = reasons.every((one) => one === "announcement" || one === "link" || one === "peer");
  return isHead && isFollowed ? "cluster" : "file";
}

type Writing = Extract<Work<unknown>, { kind: "activating" }>;

/** The releases with the entry of a write. */
export function releasesWith(
  kept: KeptReleases,
  { incoming, back }: Pick<Writing, "incoming" | "back">,
  limits: ReleaseLimits,
): KeptReleases {
  const admitted = back === null ? unpinned(kept, incoming.hash) : pinnedTo(kept, back);
  return withRelease(admitted, incoming, limits);
}

/** The releases after a write. */
export function releasesAfter<C>(
  { releases: { kept, limits } }: State<C>,
  { change, releases }: Pick<Writing, "change" | "releases">,
  { baseline = null, counts = null }: Extract<ActivationResult, { kind: "written" }>,
): KeptReleases {
  // Readers see no difference, so the facts about the release before are true of this one.
  const settled = change === "header"
    ? inherited(releases, kept)
    : change === "content"
    ? rebaked(releases, limits)
    : releases;
  return withBaseline(withCounts(settled, counts), baseline);
}

/** The hints that wait after a write. */
export function waitingAfter<C>(
  { waiting, releases: { kept } }: State<C>,
  { back, held, releases }: Pick<Writing, "back" | "held" | "releases">,
): readonly HintReason[] {
  // The source is still to be compared, since the look at it found no config, or did not take place.
  if (back !== null && releases.pinned === kept.pinned) {
    return held === null ? joinReasons(waiting, ["recheck"]) : waiting;
  }
  if (!waiting.includes("rollback")) return waiting;
  // What came into force meanwhile is not the release that the rollback was to take back. Its requester waits for a
  // look.
  return joinReasons(waiting.filter((one) => one !== "rollback"), ["recheck"]);
}
