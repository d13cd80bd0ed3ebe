// Decides the actions after an event of the cluster, as a pure function. A message only leads to a reading of the head,
// and the head only to a look at the source. An instance announces only its own changes, and overrules another head
// only by force. A generation never goes backwards, and the ledger changes only after the action.
import {
  agreedOn,
  type Agreement,
  baseOf,
  isHeadKnown,
  isLost,
  type Ledger,
  mayRestore,
  type OwedAnnouncement,
  type Purpose,
  type Request,
  type SyncState,
  withUnanswered,
} from "./agreement.ts";
import type { AnnounceAnswer, Announcement } from "./announcing.ts";
import type { Head } from "./head.ts";
import type { StoredRollout } from "./rollout.ts";
import type { Skip } from "./skip.ts";
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";

/** An event of the cluster. `random` is in [0, 1) and is the jitter of a timer. */
export type ClusterEvent =
  /** The cluster can be reached; messages may have been missed before. */
  | { readonly kind: "linked"; readonly random: number }
  | { readonly kind: "unlinked" }
  /** A message came: the head may have moved. */
  | { readonly kind: "heard" }
  /** `skips` is the store's skip set, `rollout` and `rolloutMark` its rollout. */
  | {
    readonly kind: "head-read";
    readonly head: Head | null;
    readonly skips: readonly Skip[];
    readonly rollout?: StoredRollout | null;
    readonly rolloutMark?: string | null;
    /** Whether this host verified the approvals of a rollout that waits for them. Default false. */
    readonly isApproved?: boolean;
    /** Default 0. */
    readonly random?: number;
  }
  | { readonly kind: "head-unreadable"; readonly reason: string; readonly random: number }
  | { readonly kind: "announcement-answered"; readonly answer: AnnounceAnswer; readonly random: number }
  | { readonly kind: "reconcile-due"; readonly random: number }
  | { readonly kind: "settle-due" };

/** A reload ended, with any result. */
export interface ReloadedEvent {
  readonly kind: "reloaded";
  /** The reasons of its hints, of which `announcement` and `force` count here. */
  readonly reasons: readonly string[];
  /**
   * Whether the source could be read: then the active snapshot is the source's, or the source is rejected. True also if
   * there is none and the active snapshot takes its place.
   */
  readonly couldRead: boolean;
  /** Whether a look that began after the last hint `link` confirmed the active snapshot. */
  readonly isFresh: boolean;
  /** Whether the host runs a hash other than its source's on purpose, by its own rollback or a hold. */
  readonly isHeldBack: boolean;
  /**
   * Whether the active snapshot is no change of this host: an earlier release or the head, in place of a skipped
   * source.
   */
  readonly isFollowing: boolean;
  /** The head over which the active hash is to be announced, since its rollout is done; null or absent: none is. */
  readonly finishes?: Head | null;
  /** The hashes that the active one takes back, if a rollback on this host put it in force; otherwise empty. */
  readonly undoes: readonly string[];
  /** The skips of the fleet that this host knows. */
  readonly skips: readonly Skip[];
  /** In [0, 1), the jitter of a timer. */
  readonly random: number;
}

/** The reason for a look: the head has another hash (`announcement`), or an earlier look may be outdated (`link`). */
export type AgreementHint = "announcement" | "link";

/** The loop carries these out in their order. */
export type ClusterAction =
  | { readonly kind: "hint"; readonly reason: AgreementHint }
  /** Answered by `head-read` or `head-unreadable`. */
  | { readonly kind: "read-head" }
  /** Answered by `announcement-answered`. The ledger of the `keep` before it is on disk before it is sent. */
  | { readonly kind: "announce"; readonly announcement: Announcement }
  /** Start the one timer that results in `settle-due`, in place of one that runs. */
  | { readonly kind: "arm-settle"; readonly milliseconds: number }
  | { readonly kind: "disarm-settle" }
  /** Start the one timer that results in `reconcile-due`, in place of one that runs. */
  | { readonly kind: "arm-reconcile"; readonly milliseconds: number }
  | { readonly kind: "disarm-reconcile" }
  /** Keep the ledger, which must survive a restart. */
  | { readonly kind: "keep"; readonly ledger: Ledger }
  | { readonly kind: "report"; readonly report: AgreementReport };

/** A report about this instance's agreement with its cluster. */
export type AgreementReport =
  /** This instance's hash is the head's, newly or under a new generation. */
  | {
    readonly kind: "agreed";
    readonly generation: number;
    readonly hash: string;
    /** The sync state before. */
    readonly after: SyncState["kind"];
  }
  /**
   * This instance's hash (null: there is none) is not the head's, and looking at the source again did not change that.
   */
  | { readonly kind: "diverged"; readonly hash: string | null; readonly head: Head }
  /** This instance's hash became the head. `delivered` counts the other instances that got the message. */
  | {
    readonly kind: "announced";
    readonly generation: number;
    readonly hash: string;
    readonly delivered: number;
    readonly purpose: Purpose;
  }
  /** The head had moved on to another hash. */
  | { readonly kind: "announcement-refused"; readonly hash: string; readonly head: Head }
  /**
   * It is not known whether the announcement was made. A change stays owed and is tried again. `repeated`: the request
   * before failed too, which is not worth a second line.
   */
  | {
    readonly kind: "announcement-failed";
    readonly hash: string;
    readonly purpose: Purpose;
    readonly reason: string;
    readonly repeated: boolean;
  }
  | { readonly kind: "head-unreadable"; readonly reason: string; readonly repeated: boolean }
  /** The head is missing (null) or older than the highest generation seen. */
  | { readonly kind: "head-lost"; readonly head: Head | null; readonly seen: number };

/** The new agreement, and the actions before the next event. */
export interface AgreeResult {
  readonly agreement: Agreement;
  readonly actions: readonly ClusterAction[];
}

/** The wait between looks at a source that may be late: 250 ms at first, up to 5 s. */
const SETTLE_BACKOFF: Backoff = { firstMilliseconds: 250, capMilliseconds: 5_000 };

/** Takes an event in. `active` is the hash in force; null: there is none. */
export function agree(agreement: Agreement, event: ClusterEvent | ReloadedEvent, active: string | null): AgreeResult {
  const taken = takeIn(agreement, event, active);
  const { agreement: next, actions } = nextRequest(taken.agreement, taken.actions, active);
  if (next.ledger === agreement.ledger) return { agreement: next, actions };
  return { agreement: next, actions: [{ kind: "keep", ledger: next.ledger }, ...actions] };
}

function takeIn(agreement: Agreement, event: ClusterEvent | ReloadedEvent, active: string | null): AgreeResult {
  const { failures } = agreement;
  switch (event.kind) {
    case "linked":
      return lookFirst(reconcile({ ...interrupted(agreement), linked: true, failures: 0 }, event.random));
    case "unlinked":
      // The person learns that force failed; a later link must not make up for it unasked.
      return { agreement: { ...agreement, linked: false, isForced: false }, actions: [{ kind: "disarm-reconcile" }] };
    case "heard":
      return { agreement: { ...agreement, wantsHead: true }, actions: [] };
    case "reconcile-due": {
      const waited = agreement.loss === "waiting" ? "waited" : agreement.loss;
      const reconciled = reconcile({ ...agreement, loss: waited }, event.random);
      if (agreement.ledger.owed !== null || waited !== "none") return lookFirst(reconciled);
      const { agreement: next, actions } = reconciled;
      // Without file events and announcements nothing else would show that the source has the head's hash by now.
      const looks = agreement.syncState.kind === "diverged" ? [hint("announcement")] : [];
      return { agreement: next, actions: [...actions, ...looks] };
    }
    case "settle-due":
      return { agreement, actions: agreement.syncState.kind === "settling" ? [hint("announcement")] : [] };
    case "head-read":
      return headRead({ ...agreement, request: null }, event.head, active);
    case "head-unreadable": {
      const failed = fail({ ...agreement, request: null }, event.random);
      return report(failed, { kind: "head-unreadable", reason: event.reason, repeated: failures > 0 });
    }
    case "announcement-answered":
      return answered(agreement, event.answer, active, event.random);
    case "reloaded":
      return reloaded(agreement, event, active);
  }
}

/** Makes the next request to the cluster if none is under way: an announcement first, then a reading of the head. */
function nextRequest(agreement: Agreement, actions: readonly ClusterAction[], active: string | null): AgreeResult {
  const { linked, request, isFresh, isForced, isDeferred, restores, wantsHead, ledger } = agreement;
  if (!linked || request !== null) return { agreement, actions };
  if (isFresh && active !== null) {
    const { owed } = ledger;
    if (isForced) return announce(agreement, actions, active, "force");
    if (!isDeferred && owed !== null) {
      return announce(agreement, actions, owed.hash, isRollback(owed) ? "rollback" : "change");
    }
    if (!isDeferred && restores) return announce(agreement, actions, active, "restore");
  }
  if (!wantsHead) return { agreement, actions };
  return {
    agreement: { ...agreement, request: { kind: "head" }, wantsHead: false },
    actions: [...actions, { kind: "read-head" }],
  };
}

function announce(
  agreement: Agreement,
  actions: readonly ClusterAction[],
  hash: string,
  purpose: Purpose,
): AgreeResult {
  const { ledger } = agreement;
  const isChange = purpose === "change" || purpose === "rollback";
  const announcement: Announcement = {
    hash,
    base: isChange ? ledger.owed?.base ?? null : null,
    unanswered: isChange ? ledger.unanswered.filter((one) => one !== hash) : [],
    since: (isChange ? agreement.finishes?.generation : null) ?? ledger.agreed?.generation ?? 0,
    floor: ledger.seen,
    restores: purpose === "restore" || mayRestore(agreement, hash),
    force: purpose === "force",
    skips: agreement.skips,
    undoes: isChange ? ledger.owed?.undoes ?? [] : [],
  };
  const asking: Agreement = {
    ...agreement,
    request: { kind: "announcement", hash, purpose },
    restores: false,
    // From now on it may become the head, even if no answer comes.
    ledger: withUnanswered(ledger, hash),
  };
  return { agreement: asking, actions: [...actions, { kind: "announce", announcement }] };
}

function isRollback({ undoes = [] }: OwedAnnouncement): boolean {
  return undoes.length > 0;
}

/** Reads the head, and begins the next interval. */
function reconcile(agreement: Agreement, random: number): AgreeResult {
  // Never later than the interval, and spread so that hosts that started together do not ask together.
  const milliseconds = Math.round(agreement.limits.reconcileMilliseconds * (1 - random / 4));
  return {
    agreement: { ...agreement, wantsHead: true, isDeferred: false },
    actions: [{ kind: "arm-reconcile", milliseconds }],
  };
}

/** Makes announcements wait for a look: the source may have changed without a hint since the last one. */
function lookFirst({ agreement, actions }: AgreeResult): AgreeResult {
  return { agreement: { ...agreement, isFresh: false }, actions: [...actions, hint("link")] };
}

/** Asks again after a backoff, but no later than the next reconciliation. */
function fail(agreement: Agreement, random: number): AgreeResult {
  const failures = agreement.failures + 1;
  const milliseconds = Math.min(backoffMilliseconds(failures, random), agreement.limits.reconcileMilliseconds);
  const actions: ClusterAction[] = agreement.linked ? [{ kind: "arm-reconcile", milliseconds }] : [];
  return { agreement: { ...interrupted(agreement), failures, isDeferred: true }, actions };
}

/** Starts the wait for a lost head again: its reconcile interval was not a whole one. */
function interrupted(agreement: Agreement): Agreement {
  return agreement.loss === "waiting" ? { ...agreement, loss: "noticed" } : agreement;
}

function headRead(before: Agreement, head: Head | null, active: string | null): AgreeResult {
  // A head that could be read does not end the failures of an announcement.
  const isBetter = !before.isDeferred && before.ledger.owed === null && before.loss === "none";
  const agreement = isBetter ? { ...before, failures: 0 } : before;
  if (isLost(head, agreement.ledger)) return headLost({ ...agreement, head }, active);
  // An announcement that was held because the head was lost need not wait any longer.
  const isDeferred = agreement.isDeferred && agreement.loss === "none";
  return compare(withHead({ ...agreement, isDeferred }, head!), active);
}

/** Takes a head that is not lost as the cluster's agreement. */
function withHead(agreement: Agreement, { generation, hash }: Head): Agreement {
  const { ledger } = agreement;
  const seen = Math.max(ledger.seen, generation);
  const known = { head: { generation, hash }, loss: "none", restores: false } as const;
  return { ...agreement, ...known, ledger: seen === ledger.seen ? ledger : { ...ledger, seen } };
}

/** Compares the active hash with the head. If an own change is still to be announced, its answer decides instead. */
function compare(agreement: Agreement, active: string | null): AgreeResult {
  const { head, hasLooked, ledger, syncState, request } = agreement;
  if (head === null || active === null || !hasLooked) return { agreement, actions: [] };
  // An instance that never agreed writes no lost head again, so it goes by the older one in the store.
  if (!isHeadKnown(head, ledger)) return { agreement, actions: [] };
  // The announced hash may be the head by now: the answer will say.
  if (request?.kind === "announcement") return { agreement, actions: [] };
  const { owed } = ledger;
  // A rollback to the head is announced for its skips.
  if (head.hash === active && (owed === null || !isRollback(owed))) return agreed(agreement, head);
  if (owed !== null) return { agreement, actions: [] };
  if (agreement.isHeldBack) return heldBack(agreement, head);
  const known = syncState.kind === "settling" || syncState.kind === "diverged" ? syncState.against : null;
  if (known?.generation === head.generation && known.hash === head.hash) return { agreement, actions: [] };
  const { settleMilliseconds: leftMilliseconds } = agreement.limits;
  const settling: SyncState = { kind: "settling", against: head, attempts: 0, leftMilliseconds };
  return {
    agreement: { ...agreement, syncState: settling },
    actions: [{ kind: "disarm-settle" }, hint("announcement")],
  };
}

/** The hashes differ on purpose, so the source is not looked at again for it. */
function heldBack(agreement: Agreement, { generation, hash }: Head): AgreeResult {
  const { syncState } = agreement;
  const actions: ClusterAction[] = syncState.kind === "settling" ? [{ kind: "disarm-settle" }] : [];
  if (syncState.kind === "held" && syncState.against.hash === hash && syncState.against.generation === generation) {
    return { agreement, actions };
  }
  return { agreement: { ...agreement, syncState: { kind: "held", against: { generation, hash } } }, actions };
}

function agreed(agreement: Agreement, head: Head): AgreeResult {
  const { syncState, ledger } = agreement;
  const { generation, hash } = head;
  const isNews = syncState.kind !== "agreed" || ledger.agreed?.generation !== generation || ledger.agreed.hash !== hash;
  const settled: ClusterAction[] = syncState.kind === "settling" ? [{ kind: "disarm-settle" }] : [];
  const { concluded, owed, diverged, unanswered } = ledger;
  const isSame = !isNews && concluded === hash && owed === null && diverged === null && unanswered.length === 0;
  const next: Agreement = {
    ...agreement,
    syncState: { kind: "agreed" },
    ledger: isSame ? ledger : agreedOn(ledger, head, null),
  };
  if (!isNews) return { agreement: next, actions: settled };
  return report({ agreement: next, actions: settled }, { kind: "agreed", generation, hash, after: syncState.kind });
}

/** Writes a head that Redis lost again, at once or after a reconcile interval. */
function headLost(agreement: Agreement, active: string | null): AgreeResult {
  const { head, ledger, hasLooked, loss, limits } = agreement;
  const actions: ClusterAction[] = [];
  if (loss === "none" && ledger.seen > 0) actions.push(reported({ kind: "head-lost", head, seen: ledger.seen }));
  const noticed: Agreement = { ...agreement, loss: loss === "none" ? "noticed" : loss };
  if (active === null || !hasLooked) return { agreement: noticed, actions };
  if (head !== null && ledger.agreed === null && head.hash !== active) {
    const compared = compare(noticed, active);
    return { agreement: compared.agreement, actions: [...actions, ...compared.actions] };
  }
  if (mayRestore(agreement, active)) return { agreement: { ...noticed, restores: ledger.owed === null }, actions };
  if (noticed.loss !== "noticed") return { agreement: noticed, actions };
  actions.push({ kind: "arm-reconcile", milliseconds: limits.reconcileMilliseconds });
  return { agreement: { ...noticed, loss: "waiting" }, actions };
}

type Announced = Extract<Request, { readonly kind: "announcement" }>;

function answered(agreement: Agreement, answer: AnnounceAnswer, active: string | null, random: number): AgreeResult {
  const { request, ledger } = agreement;
  if (request?.kind !== "announcement") throw new Error(`an announcement was answered while ${request?.kind}`);
  const { hash, purpose } = request;
  const asked: Agreement = { ...agreement, request: null, isForced: agreement.isForced && purpose !== "force" };
  if (answer.kind === "failed") {
    // It may be the head anyway, so the head read before is outdated.
    const failed = fail({ ...asked, head: null, wantsHead: true }, random);
    return report(failed, {
      kind: "announcement-failed",
      hash,
      purpose,
      reason: answer.reason,
      repeated: agreement.failures > 0,
    });
  }
  if (answer.kind === "lost") {
    const { head } = answer;
    // An instance that never agreed overrules no head, so this counts as refused.
    if (isHeadKnown(head, ledger)) return refused({ ...asked, head }, request, head, active);
    return headLost({ ...asked, head, isDeferred: agreement.loss !== "waited" }, active);
  }
  const { head } = answer;
  const { generation } = head;
  const known = withHead({ ...asked, failures: 0 }, head);
  if (answer.kind === "refused") return refused(known, request, head, active);
  const compared = active === hash ? agreed(known, head) : { agreement: superseded(known, head, active), actions: [] };
  if (answer.kind === "same") return compared;
  const { delivered } = answer;
  return report(compared, { kind: "announced", generation, hash, delivered, purpose }, "first");
}

/** The cluster has agreed on another hash: the announced one is concluded, and the source is looked at again. */
function refused(agreement: Agreement, request: Announced, head: Head, active: string | null): AgreeResult {
  const { hash, purpose } = request;
  const { ledger } = agreement;
  const concluded = purpose === "change" || purpose === "rollback" ? hash : ledger.concluded;
  const owed = ledger.owed?.hash === hash ? null : ledger.owed;
  const judged: Agreement = { ...agreement, ledger: { ...ledger, concluded, unanswered: [], owed } };
  return report(compare(judged, active), { kind: "announcement-refused", hash, head }, "first");
}

/** A snapshot that came into force while the answer was under way is a change on top of the announced one. */
function superseded(agreement: Agreement, head: Head, active: string | null): Agreement {
  const { owed: before } = agreement.ledger;
  // A rollback stays one.
  const owed = active === null ? null : { ...before?.hash === active && before, hash: active, base: head.hash };
  return { ...agreement, ledger: agreedOn(agreement.ledger, head, owed) };
}

function reloaded(agreement: Agreement, event: ReloadedEvent, active: string | null): AgreeResult {
  const { reasons, couldRead, isFresh, isHeldBack, isFollowing, undoes, skips, random, finishes = null } = event;
  const isForced = agreement.linked && (agreement.isForced || reasons.includes("force"));
  const looked: Agreement = {
    ...owing({ ...agreement, isHeldBack, skips, finishes }, isFollowing ? null : active, undoes),
    hasLooked: agreement.hasLooked || couldRead,
    isFresh,
    isForced,
    isDeferred: agreement.isDeferred && !isForced,
    // A head that was read before the first look could not be judged.
    wantsHead: agreement.wantsHead || !agreement.hasLooked,
  };
  const compared = compare(looked, active);
  const { syncState, ledger } = compared.agreement;
  // A look that began before the head was known does not count.
  if (syncState.kind !== "settling" || agreement.syncState.kind !== "settling" || !reasons.includes("announcement")) {
    return compared;
  }
  const { against, attempts, leftMilliseconds } = syncState;
  if (leftMilliseconds > 0) {
    const wait = backoffMilliseconds(attempts + 1, random, SETTLE_BACKOFF);
    const milliseconds = Math.min(wait, leftMilliseconds);
    const later: SyncState = {
      ...syncState,
      attempts: attempts + 1,
      leftMilliseconds: leftMilliseconds - milliseconds,
    };
    const actions: ClusterAction[] = [...compared.actions, { kind: "arm-settle", milliseconds }];
    return { agreement: { ...compared.agreement, syncState: later }, actions };
  }
  const diverged: Agreement = {
    ...compared.agreement,
    syncState: { kind: "diverged", against },
    ledger: { ...ledger, diverged: against },
  };
  return report({ agreement: diverged, actions: compared.actions }, { kind: "diverged", hash: active, head: against });
}

/**
 * An active hash that the cluster has not judged is owed to it, on the base known so far. A revert is owed too if the
 * change that it takes back may have become the head.
 */
function owing(agreement: Agreement, active: string | null, undoes: readonly string[]): Agreement {
  const { ledger } = agreement;
  if (agreement.isHeldBack || active === null) {
    return ledger.owed === null ? agreement : { ...agreement, ledger: { ...ledger, owed: null } };
  }
  const { owed: before } = ledger;
  if (agreement.finishes !== null) {
    // It does not matter which head this instance agreed with: the rollout was on this one, and is void on any other.
    const base = agreement.finishes.hash;
    const isOwed = before?.hash === active && before.base === base;
    return isOwed ? agreement : { ...agreement, ledger: { ...ledger, owed: { hash: active, base } } };
  }
  const isOwed = before?.hash === active && undoes.every((one) => before.undoes?.includes(one));
  if (isOwed) return agreement;
  // The change that it takes back may have become the head since the announcement was judged.
  if (undoes.length === 0 && active === ledger.concluded && ledger.unanswered.every((hash) => hash === active)) {
    return ledger.owed === null ? agreement : { ...agreement, ledger: { ...ledger, owed: null } };
  }
  const owed: OwedAnnouncement = { hash: active, base: baseOf(ledger), ...undoes.length > 0 && { undoes } };
  return { ...agreement, ledger: { ...ledger, owed } };
}

function hint(reason: AgreementHint): ClusterAction {
  return { kind: "hint", reason };
}

function reported(one: AgreementReport): ClusterAction {
  return { kind: "report", report: one };
}

function report(
  { agreement, actions }: AgreeResult,
  one: AgreementReport,
  place: "first" | "last" = "last",
): AgreeResult {
  return { agreement, actions: place === "first" ? [reported(one), ...actions] : [...actions, reported(one)] };
}
