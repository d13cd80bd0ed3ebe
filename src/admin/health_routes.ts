// Whether this instance lives, whether it has something to serve, and whether all instances run the same. These answers
// need no token, so they name hashes and instances and nothing else.
import { judgePeers } from "../cluster/peers.ts";
import type { Answers } from "./answer.ts";
import type { AdminLimits } from "./limits.ts";
import type { Route } from "./route.ts";
import type { Subject } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";

/** What needs no token. */
export const HEALTH_PATHS: ReadonlySet<string> = new Set(["/livez", "/readyz", "/healthz/consistency"]);

/** `GET /livez`, `/readyz` and `/healthz/consistency`. */
export function healthRoutes(subject: Subject, answers: Answers, limits: AdminLimits): readonly Route[] {
  return [
    { method: "GET", path: "/livez", answer: () => answers.json({ status: "alive" }) },
    { method: "GET", path: "/readyz", answer: () => readiness(subject, answers) },
    {
      method: "GET",
      path: "/healthz/consistency",
      answer: ({ signal }) => consistency(subject, answers, limits, signal),
    },
  ];
}

function readiness(subject: Subject, answers: Answers): Response {
  if (subject.contentHash() !== null) return answers.json({ status: "ready" });
  return answers.problem({ status: 503, code: "admin/not-ready", detail: "No snapshot is in force yet" });
}

async function consistency(
  subject: Subject,
  answers: Answers,
  limits: AdminLimits,
  unwanted: AbortSignal,
): Promise<Response> {
  const answer = await withinLimit(subject.peers(), limits.answerMilliseconds, unwanted);
  if (!answer.ok || !answer.value.ok) {
    // Why is for those who have the token: /admin/peers says it.
    const detail = "What the instances run is not known at the moment";
    return answers.problem({ status: 503, code: "admin/peers-unknown", detail });
  }
  const { runs: hashes, namesakes } = judgePeers(answer.value.peers);
  const [first] = hashes;
  if (hashes.length === 1 && namesakes.length > 0) {
    const detail = `Several processes have the name ${namesakes[0]}, or one of them ended a moment ago: ` +
      "give one of them a different HighAvailability:InstanceName";
    return answers.problem({ status: 503, code: "admin/peers-unknown", detail, members: { namesakes } });
  }
  if (hashes.length === 1 && first!.hash !== null) {
    return answers.json({ status: "consistent", hash: first!.hash, instances: first!.instances.length });
  }
  const detail = hashes.length > 1 ? "Not all instances run the same configuration" : "No instance runs one yet";
  return answers.problem({ status: 409, code: "admin/inconsistent", detail, members: { hashes } });
}
