// Carries a confirmed action out, by the calls of the command line, and puts its answer into a sentence with the advice
// that the daemon gives.
import type {
  DaemonApi,
  DiagnosticAnswer,
  OrderAnswer,
  ReloadAnswer,
  RollbackAnswer,
  RolloutOrderAnswer,
} from "../daemon_api.ts";
import type { AdminLimits } from "../limits.ts";
import type { ProblemStatus } from "../problem.ts";
import { type Choice, momentText } from "./consequences.ts";
import { shortHash } from "./hash_tag.ts";
import { asSentence } from "./sentence.ts";

/** An action as a person confirmed it. */
export interface Confirmed {
  readonly choice: Choice;
  readonly author: string;
  /** Null: none was given, and none is needed. */
  readonly reason: string | null;
  /** The end of a hold, in milliseconds since 1970. */
  readonly until: number;
}

/** How an action ended. */
export interface Outcome {
  readonly isDone: boolean;
  /** Default that of the action. */
  readonly title?: string;
  /** As the route for programs answers. */
  readonly status: 200 | ProblemStatus;
  readonly sentences: readonly string[];
  readonly diagnostics: readonly DiagnosticAnswer[];
}

/** An action that has begun. */
export interface Ordered {
  readonly outcome: Promise<Outcome>;
  readonly limitMilliseconds: number;
  /** The outcome if the limit passes first. */
  readonly overdue: Outcome;
}

const STOPPING = failure(503, "The daemon is about to end, and did nothing");

/** Begins the action. */
export function carryOut(
  { choice, author, reason, until }: Confirmed,
  api: DaemonApi,
  instance: string,
  { reloadMilliseconds, answerMilliseconds }: AdminLimits,
): Ordered {
  const because = reason ?? "";
  const ordered = (outcome: Promise<Outcome>, limitMilliseconds: number, overdue: string): Ordered => ({
    outcome,
    limitMilliseconds,
    overdue: failure(504, `${overdue} within ${limitMilliseconds / 1000} s`),
  });
  const rolloutOrdered = (answer: Promise<RolloutOrderAnswer>) => {
    const outcome = answer.then((one) => rolloutOutcome(one));
    return ordered(outcome, answerMilliseconds, "It is not known whether the rollout was moved");
  };
  const ruled = (answer: Promise<OrderAnswer>, done: string) => {
    const outcome = answer.then((one) => one.ok ? success(done) : failure(409, one.reason));
    return ordered(outcome, answerMilliseconds, "The order goes on, but was not written");
  };
  switch (choice.action) {
    case "reload": {
      const rest = { confirmSeconds: null, notifyOtherInstances: false, force: false, now: false, emergency: false };
      const outcome = api.reload({ author, reason, ...rest }).then(async (one) =>
        reloadOutcome(one, instance, one.kind === "held" ? (await api.status()).held?.advice ?? null : null)
      );
      return ordered(outcome, reloadMilliseconds, "The reload goes on, but was not done");
    }
    case "rollback": {
      const { to, isLocal } = choice;
      if (to === null) return rolloutOrdered(api.abortRollout({ reason: because, author }));
      const answer = api.rollBack({ number: to, reason: because, author, local: isLocal, force: false });
      const outcome = answer.then((one) => rollbackOutcome(one, instance, isLocal));
      return ordered(outcome, reloadMilliseconds, "The rollback goes on, but was not done");
    }
    case "promote":
      return rolloutOrdered(api.promoteRollout({ reason: because, author, full: choice.full }));
    case "hold": {
      const end = momentText(new Date(until).toISOString());
      return ruled(
        api.hold({ until, reason: because, author }),
        `No other configuration comes into force on ${instance} before ${end}`,
      );
    }
    case "release-hold":
      return ruled(api.releaseHold(author), "The hold is over: an edit that waited is put in force now");
  }
}

function success(...sentences: readonly string[]): Outcome {
  return { isDone: true, status: 200, sentences: sentences.map(asSentence), diagnostics: [] };
}

function failure(status: ProblemStatus, sentence: string, diagnostics: readonly DiagnosticAnswer[] = []): Outcome {
  return { isDone: false, status, sentences: [asSentence(sentence)], diagnostics };
}

/** @param advice about a change that is held; null: not known. */
function reloadOutcome(answer: ReloadAnswer, instance: string, advice: string | null): Outcome {
  switch (answer.kind) {
    case "done": {
      const { status, hash, warnings, instancesNotified } = answer;
      const what = status === "reloaded"
        ? `${instance} runs ${shortHash(hash)} now`
        : `Nothing has changed: ${instance} runs ${shortHash(hash)} as before`;
      const others = instancesNotified === 0 ? [] : [`Announced to ${othersText(instancesNotified)}`];
      return success(what, ...others, ...warnings);
    }
    case "rejected":
      return failure(422, `The source is not valid, so nothing has changed: ${answer.reason}`, answer.diagnostics);
    case "held": {
      const sentences = [answer.reason, ...advice === null ? [] : [advice]].map(asSentence);
      return { ...failure(409, ""), title: "The change is not in force yet", sentences };
    }
    case "failed":
      return failure(503, answer.reason);
    case "stopping":
      return STOPPING;
  }
}

function rollbackOutcome(answer: RollbackAnswer, instance: string, isLocal: boolean): Outcome {
  switch (answer.kind) {
    case "done": {
      const { from, to, release, hash, instancesNotified, notNotified } = answer;
      const others = isLocal
        ? "Only this host went back"
        : notNotified !== null
        ? `The other hosts do not follow yet: ${notNotified}`
        : instancesNotified === 0
        ? "No other host was notified"
        : `Announced to ${othersText(instancesNotified)}`;
      return success(
        `${instance} runs ${shortHash(hash)} again, the configuration of release ${to}, now as release ${release}`,
        `Release ${from} was taken back`,
        others,
        "The source was not touched: bring it in line, or edit it",
      );
    }
    default:
      return undone(answer);
  }
}

function rolloutOutcome(answer: RolloutOrderAnswer): Outcome {
  switch (answer.kind) {
    case "done": {
      const { hash, phase, step, steps } = answer.rollout;
      const name = `The rollout of ${shortHash(hash)}`;
      if (phase === "rolled-back") return success(`${name} has ended: no host is to run it`);
      return success(`${name} is at step ${step + 1} of ${steps.length} now: ${steps[step]} of ${steps.at(-1)} hosts`);
    }
    default:
      return undone(answer);
  }
}

function undone(answer: Exclude<RollbackAnswer | RolloutOrderAnswer, { readonly kind: "done" }>): Outcome {
  if (answer.kind === "stopping") return STOPPING;
  return failure(answer.kind === "refused" ? 409 : 503, answer.reason);
}

function othersText(count: number): string {
  return `${count} other ${count === 1 ? "host" : "hosts"}`;
}
