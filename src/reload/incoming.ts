// The releases around a write: the entry that it is about to add, and the releases once it is in force.
import { unpinned } from "../releases/admission.ts";
import { withBaseline } from "../releases/decide_releases.ts";
import { type Incoming, judged, withCounts, withRelease } from "../releases/new_release.ts";
import type { KeptReleases, Pinned, ReleaseCause } from "../releases/release.ts";
import type { ActivationResult } from "./decide.ts";
import { type HintReason, isManual, type Proposal, type State, type Work } from "./state.ts";

/** Describes the release of a candidate that is about to be put in force. */
export function incomingOf<C>(
  state: State<C>,
  { hash, text: { format, digest } }: Pick<Proposal<C>, "hash" | "text">,
  { reasons, back, at }: { readonly reasons: readonly HintReason[]; readonly back: Pinned | null; readonly at: number },
): Incoming {
  const { terms } = state.releases;
  const common = { hash, format, digest, at };
  if (back !== null) {
    return { ...common, cause: back.cause, terms: null, author: back.author, reason: back.reason };
  }
  return { ...common, cause: causeOf(reasons), terms: isManual(reasons) ? terms : null, author: null, reason: null };
}

function causeOf(reasons: readonly HintReason[]): ReleaseCause {
  if (reasons.includes("force")) return "force";
  if (isManual(reasons)) return "operator";
  return reasons.every((one) => one === "announcement" || one === "link" || one === "peer") ? "cluster" : "file";
}

/** The releases after a write. An order may have changed them since it began. */
export function releasesAfter<C>(
  state: State<C>,
  { reasons, proposal, back, change, before, releases }: Extract<Work<C>, { kind: "activating" }>,
  at: number,
  { baseline = null, counts = null }: Extract<ActivationResult, { kind: "written" }>,
): KeptReleases {
  const { kept, limits } = state.releases;
  const current = back === null ? unpinned(kept) : kept;
  const incoming = incomingOf(state, proposal, { reasons, back, at });
  const base = current === before ? releases : withRelease(current, incoming, limits);
  // Readers see no difference, so neither hooks nor checks have anything to judge.
  const settled = change === "header" ? judged({ ...base, bake: null }, "healthy") : base;
  return withBaseline(withCounts(settled, counts), baseline);
}
