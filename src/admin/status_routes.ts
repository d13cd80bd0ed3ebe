// All about this instance, and who else is there.
import type { Answers } from "./answer.ts";
import type { AdminLimits } from "./limits.ts";
import { overdue } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Subject } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";

/** `GET /admin/status` and `/admin/peers`. */
export function statusRoutes(subject: Subject, answers: Answers, limits: AdminLimits): readonly Route[] {
  return [
    { method: "GET", path: "/admin/status", answer: async () => answers.json(await subject.status()) },
    { method: "GET", path: "/admin/peers", answer: ({ signal }) => peers(subject, answers, limits, signal) },
  ];
}

async function peers(
  subject: Subject,
  answers: Answers,
  limits: AdminLimits,
  unwanted: AbortSignal,
): Promise<Response> {
  const answer = await withinLimit(subject.peers(), limits.answerMilliseconds, unwanted);
  if (!answer.ok) return answers.problem(overdue("The peers were not known", limits.answerMilliseconds));
  if (answer.value.ok) return answers.json({ peers: answer.value.peers });
  return answers.problem({ status: 503, code: "admin/peers-unknown", detail: answer.value.reason });
}
