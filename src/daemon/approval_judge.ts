// Says whether a configuration may run on this host. It asks the store for signatures, has them judged, and remembers
// those that counted: a store that is away, flushed or full of other signatures takes no approval back.
import type { ApprovalSigner, ApprovalVerdict, ApprovalVerifier } from "../approvals/verify_approvals.ts";
import { readSignature } from "../approvals/approval_message.ts";
import type { Notifier } from "../cluster/notifier.ts";
import type { Approval } from "../releases/release.ts";
import type { JournalEntry } from "../releases/journal_line.ts";
import { withinLimit } from "../time/limit.ts";

/** How a signature was taken in. */
export type SignatureAnswer =
  | {
    readonly ok: true;
    readonly verdict: ApprovalVerdict;
    /** Why it counts only on this host, and until its daemon ends, in one line; null: the store has it. */
    readonly notShared: string | null;
  }
  /** It does not count: why, in one line. */
  | { readonly ok: false; readonly reason: string };

/** Judges and remembers approvals. */
export interface ApprovalJudge {
  /**
   * Judges whether a hash may run. Never rejects.
   *
   * @param author of the change; null: not known.
   */
  approvalOf(hash: string, author: string | null): Promise<Approval>;
  /** The same with all signatures, for people. */
  verdictOf(hash: string, author: string | null): Promise<ApprovalVerdict>;
  /** Takes in a signature that counts, and puts it into the store. */
  takeIn(hash: string, author: string | null, signature: string): Promise<SignatureAnswer>;
}

export interface ApprovalJudgeSettings {
  /** Null: no approval is required. */
  readonly verifier: ApprovalVerifier | null;
  /** Any client can write there. */
  readonly store: Pick<Notifier, "approvals" | "putApproval">;
  /** Receives the journal's line once for each hash that is approved. */
  readonly onApproved: (entry: JournalEntry) => void;
  /** For an answer of the store; default 2 s, as a look waits for it. */
  readonly storeMilliseconds?: number;
}

const STORE_MILLISECONDS = 2_000;

/** Hashes with signatures that counted. */
const MAX_REMEMBERED = 32;

const NONE_REQUIRED: ApprovalVerdict = { have: 0, need: 0, signers: [], refused: [], trouble: null };

/** Makes a judge of approvals. */
export function openApprovalJudge(settings: ApprovalJudgeSettings): ApprovalJudge {
  const { verifier, store, onApproved, storeMilliseconds = STORE_MILLISECONDS } = settings;
  const counted = new Map<string, readonly string[]>();
  const recorded = new Set<string>();
  const keep = (hash: string, signers: readonly ApprovalSigner[]) => {
    if (signers.length === 0) return;
    // The hash that was asked for last stays the longest.
    counted.delete(hash);
    counted.set(hash, signers.map(({ signature }) => signature));
    for (const oldest of [...counted.keys()].slice(0, -MAX_REMEMBERED)) {
      counted.delete(oldest);
      recorded.delete(oldest);
    }
  };
  const judge = async (hash: string, author: string | null, signatures: readonly string[]) => {
    if (verifier === null) return NONE_REQUIRED;
    const known = counted.get(hash) ?? [];
    const verdict = await verifier.judge(hash, author, [...new Set([...known, ...normalised(signatures)])]);
    if (verdict.trouble === null || verdict.have > known.length) keep(hash, verdict.signers);
    if (verdict.have >= verdict.need && !recorded.has(hash)) {
      recorded.add(hash);
      onApproved(approvedEntry(hash, verdict));
    }
    return verdict;
  };
  const verdictOf = async (hash: string, author: string | null): Promise<ApprovalVerdict> => {
    if (verifier === null) return NONE_REQUIRED;
    const asked = await withinLimit(store.approvals(hash), storeMilliseconds);
    const signatures = asked.ok && asked.value.ok ? asked.value.signatures : [];
    const reason = !asked.ok ? "The store did not answer in time" : asked.value.ok ? null : asked.value.reason;
    const verdict = await judge(hash, author, signatures);
    return { ...verdict, trouble: verdict.trouble ?? reason };
  };
  return {
    verdictOf,
    async approvalOf(hash, author) {
      // Signatures that counted before are enough, so that a look of an approved configuration does not wait for the
      // store.
      if (counted.has(hash)) {
        const { have, need, trouble } = await judge(hash, author, []);
        if (have >= need) return { isApproved: true, have, need, trouble };
      }
      const { have, need, trouble } = await verdictOf(hash, author);
      return { isApproved: have >= need, have, need, trouble };
    },
    async takeIn(hash, author, given) {
      if (verifier === null) return { ok: false, reason: "No approval is required here: Approvals:Required is 0" };
      const signature = readSignature(given);
      if (signature === null) return { ok: false, reason: "It is no armored signature of SSH" };
      const { signers, refused, trouble } = await verifier.judge(hash, author, [signature]);
      if (signers.length === 0) return { ok: false, reason: trouble ?? refused[0] ?? "It does not count" };
      const verdict = await judge(hash, author, [signature]);
      const put = await withinLimit(store.putApproval(hash, signature), storeMilliseconds);
      const notShared = !put.ok ? "The store did not answer in time" : put.value.ok ? null : put.value.reason;
      return { ok: true, verdict, notShared };
    },
  };
}

/** In one form each, so that copies are equal. A text that is no signature stays, to be refused with a reason. */
function normalised(signatures: readonly string[]): string[] {
  return signatures.map((one) => readSignature(one) ?? one);
}

function approvedEntry(hash: string, { have, need, signers }: ApprovalVerdict): JournalEntry {
  return {
    kind: "approved",
    hash,
    who: signers.map(({ principal }) => principal).join(", "),
    why: signers.map(({ key }) => key).join(" "),
    outcome: `${have} of ${need}`,
  };
}
