// The metrics, as Prometheus reads them.
import type { Answers } from "./answer.ts";
import type { AdminLimits } from "./limits.ts";
import { overdue } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Subject } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";

/** `GET /metrics`. */
export function metricsRoute(subject: Subject, answers: Answers, limits: AdminLimits): Route {
  const answer = async ({ signal }: Request) => {
    const metrics = await withinLimit(subject.metrics(), limits.answerMilliseconds, signal);
    if (metrics.ok) return answers.text(metrics.value.text, metrics.value.contentType);
    return answers.problem(overdue("The metrics were not known", limits.answerMilliseconds));
  };
  return { method: "GET", path: "/metrics", answer };
}
