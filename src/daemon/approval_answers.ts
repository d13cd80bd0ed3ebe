// Answers requests about approvals. Without a judge no approval is required on this host.
import type { ApprovalApi, PendingApproval } from "../admin/approval_api.ts";
import type { OrderAnswer } from "../admin/daemon_api.ts";
import type { ApprovalVerdict } from "../approvals/verify_approvals.ts";
import type { JournalEntry } from "../releases/journal_line.ts";
import { refusalEntry } from "./journal_entries.ts";
import type { ApprovalJudge } from "./approval_judge.ts";

/** A configuration that this host would run if it were approved. */
export type WaitingForApproval = Pick<PendingApproval, "hash" | "author" | "reason" | "at">;

/** The parts that answer. */
export interface ApprovalParts {
  /** Null: no approval is required. */
  readonly judge: Pick<ApprovalJudge, "verdictOf" | "takeIn"> | null;
  readonly required: number;
  readonly channel: string;
  /** The configurations that wait for approvals now. */
  waiting(): readonly WaitingForApproval[];
  /** Receives the journal's line of a rejection. */
  record(entry: JournalEntry): void;
  /** Called after a signature was taken in: it may have been the last one. */
  onSignature(): void;
  /** Makes a hash one that no instance runs. */
  reject(hash: string, reason: string, author: string | null): Promise<OrderAnswer>;
}

const NONE_REQUIRED = "No approval is required on this host: Approvals:Required is 0";

/** The parts of a host on which no approval is required. */
export function noApprovals(channel: string): ApprovalParts {
  const reject = () => Promise.resolve({ ok: false, reason: NONE_REQUIRED } as const);
  return { judge: null, required: 0, channel, waiting: () => [], record: () => {}, onSignature: () => {}, reject };
}

/** Makes the answers about approvals; `mask` replaces secrets. */
export function openApprovalAnswers(parts: ApprovalParts, mask: (text: string) => string): ApprovalApi {
  const { judge, required, channel, waiting, record, onSignature, reject } = parts;
  const find = (hash: string) => waiting().find((one) => one.hash === hash);
  return {
    async pendingApprovals() {
      if (judge === null) return { required: 0, channel, pending: [] };
      const judged = waiting().map(async (one) => ({ ...one, ...shown(await judge.verdictOf(one.hash, one.author)) }));
      return { required, channel, pending: await Promise.all(judged) };
    },
    async approve(hash, signature) {
      if (judge === null) return { ok: false, reason: NONE_REQUIRED };
      const taken = await judge.takeIn(hash, find(hash)?.author ?? null, signature);
      if (!taken.ok) return taken;
      onSignature();
      const { have, need, signers } = shown(taken.verdict);
      return { ok: true, hash, have, need, signers, notShared: taken.notShared };
    },
    async reject({ hash, reason, author }) {
      if (judge === null) return { ok: false, reason: NONE_REQUIRED };
      if (find(hash) === undefined) {
        return {
          ok: false,
          reason: "It does not wait for approval here: `honua-configd rollback` takes a release back",
        };
      }
      const [why, who] = [mask(reason), author && mask(author)];
      const answer = await reject(hash, why, who);
      if (answer.ok) record(refusalEntry(hash, who, why));
      return answer;
    },
  };
}

/** Without the signatures themselves. */
function shown({ signers, ...verdict }: ApprovalVerdict) {
  return { ...verdict, signers: signers.map(({ principal, key }) => ({ principal, key })) };
}
