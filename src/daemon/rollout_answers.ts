// Answers requests about the fleet's rollout. An order goes through the one loop, which moves the rollout in the store.
import { setTimeout as delay } from "node:timers/promises";
import type {
  DaemonApi,
  PromoteRequest,
  RolloutAnswer,
  RolloutOrderAnswer,
  RolloutOrderRequest,
} from "../admin/daemon_api.ts";
import type { Rollout } from "../agreement/rollout.ts";
import type { Notifier, PeersAnswer } from "../cluster/notifier.ts";
import type { Loop } from "../reload/loop.ts";
import { SOME_PERSON } from "../releases/release.ts";
import { type RolloutSummary, summarizeRollout } from "../rollout/rollout_view.ts";
import type { RolloutOrder, Rollouts } from "../rollout/rollouts.ts";
import { underWay } from "../rollout/staging.ts";
import type { Candidate } from "./look_compiler.ts";
import { readRollout } from "./rollout_access.ts";

/** The parts that answer. */
export interface RolloutAnswersParts {
  readonly loop: {
    state(): Pick<ReturnType<Loop<Candidate>["state"]>, "rollouts" | "stopping">;
    readonly rollout: Loop<Candidate>["rollout"];
  };
  readonly notifier: Pick<Notifier, "head">;
  peers(): Promise<PeersAnswer>;
  /** How long the answer of an order waits for the store. */
  readonly movingMilliseconds: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Replaces secrets. */
  mask(text: string): string;
}

/** Between two looks at the state of the loop, which has the end of an order. */
const POLL_MILLISECONDS = 20;

const NOT_REACHED = "Redis cannot be reached: nothing was changed";

/** Makes the answers about rollouts. */
export function openRolloutAnswers(
  parts: RolloutAnswersParts,
): Pick<DaemonApi, "rolloutSummary" | "rollout" | "promoteRollout" | "pauseRollout" | "abortRollout"> {
  const { now, mask } = parts;
  const terms = ({ author, reason }: RolloutOrderRequest) => ({
    author: mask(author ?? SOME_PERSON),
    reason: mask(reason),
  });
  return {
    rolloutSummary: () => summaryOf(parts),
    rollout: () => show(parts),
    promoteRollout: (order: PromoteRequest) => carryOut(parts, { kind: "promote", full: order.full, ...terms(order) }),
    pauseRollout: (order) => carryOut(parts, { kind: "pause", ...terms(order) }),
    abortRollout: (order) => carryOut(parts, { kind: "abort", at: now(), ...terms(order) }),
  };
}

/** As the loop knows it: the answer asks nobody. */
function summaryOf({ loop }: RolloutAnswersParts): RolloutSummary | null {
  const view = loop.state().rollouts?.view ?? null;
  return view?.stored ? summarizeRollout(view.stored.rollout, view.head, view.skips) : null;
}

async function show({ loop, notifier, peers }: RolloutAnswersParts): Promise<RolloutAnswer> {
  const found = await peers();
  if (!found.ok) return found;
  if (loop.state().rollouts === null) return { ok: true, rollout: null };
  return await readRollout(found, notifier);
}

async function carryOut(parts: RolloutAnswersParts, order: RolloutOrder): Promise<RolloutOrderAnswer> {
  const { loop, movingMilliseconds } = parts;
  const { rollouts, stopping } = loop.state();
  if (stopping) return { kind: "stopping" };
  if (rollouts === null) return { kind: "refused", reason: "This host is in no cluster, so it has no rollouts" };
  if (rollouts.view === null) return { kind: "failed", reason: NOT_REACHED };
  const before = underWay(rollouts.view);
  const refusal = refusalOf(before, order);
  if (before === null || refusal !== null) return { kind: "refused", reason: refusal ?? NONE };
  loop.rollout({ kind: "rollout-ordered", order });
  const end = performance.now() + movingMilliseconds;
  while (isPending(loop.state().rollouts, order)) {
    if (loop.state().stopping) return { kind: "stopping" };
    if (performance.now() >= end) {
      return { kind: "failed", reason: "Redis did not answer in time: whether the rollout was moved is not known" };
    }
    await delay(POLL_MILLISECONDS);
  }
  const view = loop.state().rollouts?.view ?? null;
  if (view === null) {
    return { kind: "failed", reason: "Redis was lost: whether the rollout was moved is not known" };
  }
  const after = view.stored?.rollout ?? null;
  if (after === null || !isDone(order, before, after)) {
    return { kind: "refused", reason: "The rollout moved on meanwhile: honua-configd rollout shows it" };
  }
  return { kind: "done", rollout: summarizeRollout(after, view.head, view.skips) };
}

/** An order that another one replaced, or that the lost link ended, is not pending. */
function isPending(rollouts: Rollouts | null, order: RolloutOrder): boolean {
  return rollouts !== null && rollouts.order === order;
}

const NONE = "No rollout is under way: honua-configd rollout shows the last one";

/** Why an order cannot be carried out now; null: it can. */
function refusalOf(rollout: Rollout | null, order: RolloutOrder): string | null {
  if (rollout === null) return NONE;
  const { phase, step, counts } = rollout;
  if (order.kind === "abort") return null;
  if (phase === "awaiting-approval") return "The rollout waits for approvals, which no order replaces";
  if (order.kind === "pause") {
    return phase === "paused" || phase === "halted" ? `The rollout is ${phase} already: nobody else is let in` : null;
  }
  const isLast = step === counts.length - 1;
  return phase === "baking" && isLast ? "All hosts are let in already: the rollout is done when they have baked" : null;
}

/** Whether a rollout is as the order wants it. */
function isDone(order: RolloutOrder, before: Rollout, after: Rollout): boolean {
  if (after.hash !== before.hash) return false;
  if (order.kind === "pause") return after.phase === "paused";
  if (order.kind === "abort") return after.phase === "rolled-back";
  const goesOn = after.phase === "admitting" || after.phase === "baking";
  return goesOn && (after.step > before.step || after.phase !== before.phase);
}
