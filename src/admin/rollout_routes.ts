// The fleet's rollout over HTTP: how far it is, and the orders of persons about it.
import { withinLimit } from "../time/limit.ts";
import type { DaemonApi, RolloutOrderAnswer } from "./daemon_api.ts";
import type { AdminLimits } from "./limits.ts";
import { type Answers, invalid, overdue, refused, STOPPING } from "./problem.ts";
import { AUTHOR, readOrder, REASON } from "./request_members.ts";
import type { Route } from "./route.ts";

const PROMOTE = { full: { kind: "flag" }, reason: REASON, author: AUTHOR } as const;
const REASONED = { reason: REASON, author: AUTHOR } as const;

/**
 * `GET /admin/rollout`; `POST /admin/rollout/promote`, `/admin/rollout/pause` and `/admin/rollout/abort`. `now` is the
 * clock of the answers.
 */
export function rolloutRoutes(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  now: () => Date,
): readonly Route[] {
  const order = (
    path: string,
    kinds: typeof PROMOTE | typeof REASONED,
    status: string,
    carryOut: (members: { reason: string; author: string | null; full: boolean }) => Promise<RolloutOrderAnswer>,
  ): Route => ({
    method: "POST",
    path: `/admin/rollout/${path}`,
    async answer(request) {
      const read = await readOrder<typeof PROMOTE>(request, limits, kinds as typeof PROMOTE);
      if (!read.ok) return answers.problem(read.problem);
      const { full = false, reason, author = null } = read.value;
      if (reason === undefined) return answers.problem(invalid("reason must be given"));
      // It goes on, even if the answer did not wait for it.
      const done = await withinLimit(carryOut({ full, reason, author }), limits.answerMilliseconds, request.signal);
      if (done.ok) return answerOf(done.value, status);
      return answers.problem(overdue("It is not known whether the rollout was moved", limits.answerMilliseconds));
    },
  });
  const answerOf = (answer: RolloutOrderAnswer, status: string): Response => {
    switch (answer.kind) {
      case "done":
        return answers.json({ status, timestamp: now().toISOString(), rollout: answer.rollout });
      case "refused":
        return answers.problem(refused(answer.reason));
      case "failed":
        return answers.problem({ status: 503, code: "admin/rollout-failed", detail: answer.reason });
      case "stopping":
        return answers.problem(STOPPING);
    }
  };
  return [
    { method: "GET", path: "/admin/rollout", answer: ({ signal }) => show(api, answers, limits, signal) },
    order("promote", PROMOTE, "promoted", (members) => api.promoteRollout(members)),
    order("pause", REASONED, "paused", ({ reason, author }) => api.pauseRollout({ reason, author })),
    order("abort", REASONED, "aborted", ({ reason, author }) => api.abortRollout({ reason, author })),
  ];
}

async function show(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  unwanted: AbortSignal,
): Promise<Response> {
  const answer = await withinLimit(api.rollout(), limits.answerMilliseconds, unwanted);
  if (!answer.ok) return answers.problem(overdue("The rollout was not known", limits.answerMilliseconds));
  if (answer.value.ok) return answers.json({ rollout: answer.value.rollout });
  return answers.problem({ status: 503, code: "admin/rollout-unknown", detail: answer.value.reason });
}
