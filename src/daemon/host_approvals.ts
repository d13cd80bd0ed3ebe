// The approvals of a host: those that its looks and its readings of the head found, the configurations that wait for
// them, and the effects of a signature or a rejection.
import type { Rollout } from "../agreement/rollout.ts";
import { openApprovalVerifier } from "../approvals/verify_approvals.ts";
import type { Notifier } from "../cluster/notifier.ts";
import type { OrderAnswer } from "../admin/daemon_api.ts";
import type { LookOutcome } from "../reload/events.ts";
import type { Loop } from "../reload/loop.ts";
import type { State } from "../reload/state.ts";
import type { Journal } from "../releases/journal.ts";
import { SOME_PERSON } from "../releases/release.ts";
import { underWay } from "../rollout/staging.ts";
import { withinLimit } from "../time/limit.ts";
import { pause } from "../time/pause.ts";
import type { ApprovalParts, WaitingForApproval } from "./approval_answers.ts";
import { openApprovalJudge } from "./approval_judge.ts";
import { type DaemonSettings, lookAgainPath } from "./daemon_settings.ts";
import type { Candidate } from "./look_compiler.ts";
import type { LoopAccess } from "./loop_holder.ts";

/** The parts that the approvals need. */
export interface HostApprovalsParts {
  readonly loop: Pick<LoopAccess, "state">;
  readonly journal: Pick<Journal, "append">;
}

/** The approvals of a host. If none are required, all functions say so at once. */
export interface HostApprovals {
  /** Makes looks whose candidates have their approvals with them. */
  judged<A extends unknown[]>(
    look: (...args: A) => Promise<LookOutcome<Candidate>>,
  ): (...args: A) => Promise<LookOutcome<Candidate>>;
  /** Whether this host verified the approvals of a rollout that waits for them. */
  isApproved(rollout: Rollout | null): Promise<boolean>;
  /** The parts of the answers, once the loop runs. From then on signatures are read from the store and put there. */
  answers(loop: Pick<Loop<Candidate>, "hint" | "link" | "rollout" | "state">, store: SignatureStore): ApprovalParts;
}

type SignatureStore = Pick<Notifier, "approvals" | "putApproval" | "lookAgain">;

const NO_STORE = { ok: false, reason: "The store of the approvals is not open yet" } as const;

/** How long a rejection waits for the store, within the limit of an answer. */
const REJECTION_LIMIT_MILLISECONDS = 8_000;
const REJECTION_LOOK_MILLISECONDS = 100;

/** Configurations whose authors are remembered. */
const MAX_AUTHORS = 32;

/** Opens the approvals of a host. */
export function openHostApprovals(
  { options, sourcePath }: Pick<DaemonSettings, "options" | "sourcePath">,
  { loop, journal }: HostApprovalsParts,
): HostApprovals {
  const { approvals: { required, allowedSigners, revokedKeys }, highAvailability } = options;
  const channel = highAvailability.configurationChannel;
  // The terms of a reload are gone at the next look, and its author is the same.
  const authors = new Map<string, string>();
  const authorOf = ({ rollouts, releases }: State<Candidate>, hash: string): string | null => {
    const rollout = underWay(rollouts?.view ?? null);
    return (rollout?.hash === hash ? rollout.author : releases.terms?.author) ?? authors.get(hash) ?? null;
  };
  let store: SignatureStore | null = null;
  const judge = openApprovalJudge({
    verifier: required === 0 ? null : openApprovalVerifier({ required, allowedSigners, revokedKeys, channel }),
    store: {
      approvals: async (hash) => await store?.approvals(hash) ?? NO_STORE,
      putApproval: async (hash, signature) => await store?.putApproval(hash, signature) ?? NO_STORE,
    },
    onApproved: (entry) => journal.append(entry),
  });
  return {
    judged: (look) => async (...args) => {
      const outcome = await look(...args);
      if (required === 0 || outcome.kind !== "candidate") return outcome;
      const state = loop.state();
      // The release in force is exempt.
      if (outcome.hash === state.active?.hash) return outcome;
      const author = authorOf(state, outcome.hash);
      if (author !== null) authors.set(outcome.hash, author);
      for (const oldest of [...authors.keys()].slice(0, -MAX_AUTHORS)) authors.delete(oldest);
      return { ...outcome, approval: await judge.approvalOf(outcome.hash, author) };
    },
    async isApproved(rollout) {
      // A host that requires none verifies nothing, so it does not let others begin.
      if (required === 0 || rollout?.phase !== "awaiting-approval") return false;
      return (await judge.approvalOf(rollout.hash, rollout.author)).isApproved;
    },
    answers(running, opened) {
      store = opened;
      return {
        judge: required === 0 ? null : judge,
        required,
        channel,
        waiting: () => waitingIn(running.state(), authorOf),
        record: (entry) => journal.append(entry),
        onSignature() {
          running.hint("recheck");
          // The head is read again: the signature may let the rollout begin.
          if (running.state().agreement !== null) running.link("heard");
          // Hosts that take changes up without steps look for signatures only when they look.
          void opened.lookAgain(lookAgainPath({ options, sourcePath }));
        },
        reject: (hash, reason, author) => reject(running, { hash, reason, author: author ?? SOME_PERSON }),
      };
    },
  };
}

/** The rollout that waits for approvals; null: none does. */
function waitingRollout({ rollouts }: State<Candidate>): Rollout | null {
  const rollout = underWay(rollouts?.view ?? null);
  return rollout?.phase === "awaiting-approval" ? rollout : null;
}

function waitingIn(
  state: State<Candidate>,
  authorOf: (state: State<Candidate>, hash: string) => string | null,
): readonly WaitingForApproval[] {
  const rollout = waitingRollout(state);
  const { held } = state.releases;
  const own = held?.kind === "unapproved" && held.hash !== rollout?.hash
    ? [{ hash: held.hash, author: authorOf(state, held.hash), reason: null, at: null }]
    : [];
  if (rollout === null) return own;
  const { hash, author, reason, at } = rollout;
  return [{ hash, author, reason, at }, ...own];
}

/** Ends the rollout that waits, which makes its hash a skipped one, and waits until the store has that. */
async function reject(
  loop: Pick<Loop<Candidate>, "rollout" | "state">,
  { hash, reason, author }: { readonly hash: string; readonly reason: string; readonly author: string },
): Promise<OrderAnswer> {
  const waits = () => waitingRollout(loop.state())?.hash === hash;
  if (!waits()) return { ok: false, reason: "Only this host's source has it: take the edit back there" };
  loop.rollout({ kind: "rollout-ordered", order: { kind: "abort", author, reason, at: Date.now() } });
  const ending = new AbortController();
  const ended = async () => {
    while (waits() && !ending.signal.aborted) await pause(REJECTION_LOOK_MILLISECONDS, ending.signal);
  };
  const done = await withinLimit(ended(), REJECTION_LIMIT_MILLISECONDS);
  ending.abort();
  return done.ok
    ? { ok: true }
    : { ok: false, reason: "The store did not answer in time: honua-configd pending shows whether it still waits" };
}
