// Answers requests about releases: the history, and the orders of persons. An order is judged by the current state and
// goes through the one loop.
import type {
  DaemonApi,
  HoldRequest,
  OrderAnswer,
  ReleaseSource,
  ReleaseStatus,
  RollbackAnswer,
  RollbackRequest,
} from "../admin/daemon_api.ts";
import { isAnnouncing } from "../agreement/agreement.ts";
import type { Loop } from "../reload/loop.ts";
import { heldText } from "../reload/narration.ts";
import { proposedTarget, unnamedTarget } from "../reload/unnamed_rollback.ts";
import { type Order, refusalOf } from "../releases/decide_releases.ts";
import { findRelease, listedRelease, unknownRelease } from "../releases/history_list.ts";
import { type Held, type Release, runningRelease, SOME_PERSON } from "../releases/release.ts";
import { leftBy, targetOf } from "../releases/rolling_back.ts";
import { underWay } from "../rollout/staging.ts";
import { withinLimit } from "../time/limit.ts";
import type { EventRecorder } from "./event_recorder.ts";
import { adviceOf, heldKindOf } from "./held_advice.ts";
import type { ReleaseKeeper } from "./release_keeper.ts";
import type { Candidate } from "./look_compiler.ts";

/** The parts that answer. */
export interface ReleaseAnswersParts {
  readonly loop: Loop<Candidate>;
  readonly keeper: Pick<ReleaseKeeper, "textOf" | "reserve" | "recorded">;
  readonly recorder: Pick<EventRecorder, "announcements">;
  /** How long the answer of a rollback waits for its announcement. */
  readonly announcingMilliseconds: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Replaces secrets. */
  mask(text: string): string;
}

/** A rollback is judged when no reload is in progress: it takes back the release in force, not one on its way. */
const SETTLING_LIMIT_MILLISECONDS = 10_000;

/** Makes the answers about releases. */
export function openReleaseAnswers(
  parts: ReleaseAnswersParts,
): Pick<DaemonApi, "releases" | "release" | "releaseSource" | "rollBack" | "confirm" | "hold" | "releaseHold"> {
  const { loop, keeper, now, mask } = parts;
  const order = async (order: Order): Promise<OrderAnswer> => {
    if (loop.state().stopping) return { ok: false, reason: "The daemon stops now: ask it again when it runs" };
    const reason = refusalOf(loop.state().releases, order, now());
    if (reason !== null) return { ok: false, reason };
    loop.release({ kind: "ordered", order });
    const written = await keeper.recorded();
    if (written.ok) return { ok: true };
    return { ok: false, reason: `It holds now, but a restart forgets it: ${written.message}` };
  };
  return {
    releases() {
      const { kept } = loop.state().releases;
      return kept.list.toReversed().map((one) => listedRelease(one, kept));
    },
    release(reference) {
      const { kept } = loop.state().releases;
      const found = findRelease(kept, reference);
      return found && listedRelease(found, kept);
    },
    releaseSource: (reference) => sourceOf(parts, reference),
    rollBack: (request) => rollBack(parts, request),
    confirm: (author) => order({ kind: "confirm", author: mask(author ?? SOME_PERSON) }),
    hold: ({ until, reason, author }: HoldRequest) =>
      order({ kind: "hold", hold: { until, since: now(), author: mask(author ?? SOME_PERSON), reason: mask(reason) } }),
    releaseHold: (author) => order({ kind: "release-hold", author: mask(author ?? SOME_PERSON) }),
  };
}

/** The part of a status about releases. */
export function releaseStatusOf({ loop, mask }: Pick<ReleaseAnswersParts, "loop" | "mask">): ReleaseStatus {
  const state = loop.state();
  const { kept, held } = state.releases;
  const { hold, confirmation, bake } = kept;
  const proposed = proposedTarget(state);
  return {
    // That of a snapshot that was lost is not in force.
    release: state.active === null ? null : runningRelease(kept),
    undo: proposed.ok ? { to: proposed.release.number, why: null } : { to: null, why: mask(proposed.reason) },
    held: held && {
      kind: heldKindOf(held),
      hash: held.hash,
      ...causeOf(held),
      why: mask(heldText(held)),
      advice: adviceOf(held, { kept, rollout: underWay(state.rollouts?.view ?? null) }),
    },
    hold: hold && { until: timeOf(hold.until), author: hold.author, reason: hold.reason },
    confirmation: confirmation && { deadline: timeOf(confirmation.deadline), author: confirmation.author },
    bake: bake && { endsAt: bake.endsAt === null ? null : timeOf(bake.endsAt), failures: bake.failures },
  };
}

function causeOf(
  held: Held,
): { readonly by: string | null; readonly at: string | null; readonly reason: string | null } {
  if (held.kind === "skipped") return { by: held.skip.by, at: held.skip.at, reason: held.skip.reason };
  if (held.kind !== "frozen") return { by: null, at: null, reason: null };
  return { by: held.hold.author, at: timeOf(held.hold.since), reason: held.hold.reason };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

async function sourceOf({ loop, keeper }: ReleaseAnswersParts, reference: string): Promise<ReleaseSource> {
  const release = findRelease(loop.state().releases.kept, reference);
  if (release === null) return { ok: false, isUnknown: true, reason: unknownRelease(reference) };
  const read = await keeper.textOf(release.hash);
  if (!read.ok) return { ok: false, isUnknown: false, reason: read.message };
  return { ok: true, release, format: read.format, bytes: read.bytes };
}

/**
 * Why a release is gone permanently, or needs a key that is not here, so that a rollback to it would take back the
 * present one for nothing; null: it is there, or may be there again.
 */
async function lossOf({ keeper }: ReleaseAnswersParts, { hash, number }: Release): Promise<string | null> {
  const text = await keeper.textOf(hash);
  if (text.ok || text.reason === "unreadable" || (await keeper.reserve.read(hash)).ok) return null;
  return text.reason === "sealed" ? text.message : `Release ${number} is lost: ${text.message}`;
}

async function rollBack(parts: ReleaseAnswersParts, request: RollbackRequest): Promise<RollbackAnswer> {
  const { loop, recorder, mask } = parts;
  await withinLimit(loop.settled(), SETTLING_LIMIT_MILLISECONDS);
  const find = () => {
    const { active, agreement, releases: { kept } } = loop.state();
    const { number, local, force: isForced } = request;
    const isUnnamed = number === null && !local;
    const options = { isForFleet: agreement !== null && !local, isForced, isLost: active === null };
    return { kept, target: isUnnamed ? unnamedTarget(loop.state()) : targetOf(kept, number, options) };
  };
  const wanted = find().target;
  const loss = wanted.ok ? await lossOf(parts, wanted.release) : null;
  if (loss !== null) return { kind: "refused", reason: mask(loss) };
  // Another release may be in force by now.
  const { kept, target } = find();
  if (!target.ok) return { kind: "refused", reason: mask(target.reason) };
  const { hash, number } = target.release;
  const left = leftBy(kept, hash);
  const from = left === null || left.hash === hash ? number : left.number;
  const before = recorder.announcements().count;
  const { local, force: isForced } = request;
  const scope = local ? "host" : "fleet";
  const reason = mask(request.reason);
  const author = request.author && mask(request.author);
  const rollback = { to: hash, cause: "rollback", scope, author, reason, isForced } as const;
  const outcome = await loop.requestOrder({ kind: "roll-back", rollback });
  if (outcome === null) return { kind: "stopping" };
  const after = loop.state();
  if (after.active?.hash !== hash) {
    return {
      kind: "failed",
      reason: "reason" in outcome ? mask(outcome.reason) : "the release could not be put in force",
    };
  }
  const answer = {
    kind: "done",
    from,
    to: number,
    release: runningRelease(after.releases.kept)?.number ?? number,
    hash,
  } as const;
  if (local || after.agreement === null) return { ...answer, instancesNotified: 0, notNotified: null };
  await withinLimit(loop.announced(), parts.announcingMilliseconds);
  const { count, delivered, trouble } = recorder.announcements();
  if (count > before) return { ...answer, instancesNotified: delivered, notNotified: null };
  const { agreement } = loop.state();
  const isLate = agreement !== null && (isAnnouncing(agreement) || !agreement.linked);
  const why = isLate ? "Redis cannot be reached: they follow when it is back" : trouble;
  return { ...answer, instancesNotified: 0, notNotified: agreement?.ledger.owed === null ? null : why };
}
