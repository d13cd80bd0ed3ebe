// Reloads on request, and answers with the result when the reload is done, or with the reason why none began.
import { nearest } from "../diagnostic/suggest.ts";
import { shownText } from "../options/option_tree.ts";
import { type Answers, overdue, type Problem } from "./problem.ts";
import { conditionForm, matchesStrongly, readCondition } from "./entity_tag.ts";
import type { AdminLimits } from "./limits.ts";
import { type BodyRead, readJson } from "./request_body.ts";
import type { Route } from "./route.ts";
import type { DaemonApi, ReloadAnswer, ReloadRequest } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";

const MEMBERS = ["notifyOtherInstances", "force"] as const;

/** `POST /admin/metadata/reload`, as Honua's servers have it. `now` is the clock of the answers. */
export function reloadRoute(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  now: () => Date,
): Route {
  let running = 0;
  const answer = async (request: Request) => {
    const body = await readJson(request, limits);
    if (!body.ok) return answers.problem(body.problem);
    const wanted = readRequest(body.value);
    if (!wanted.ok) return answers.problem(wanted.problem);
    const refusal = judgeCondition(request.headers.get("If-Match"), api.contentHash());
    if (refusal !== null) return answers.problem(refusal);
    if (running >= limits.maxReloads) {
      const detail = `${limits.maxReloads} requests wait for a reload already`;
      return answers.problem({ status: 503, code: "admin/too-many", detail, headers: { "Retry-After": "1" } });
    }
    running++;
    // Counted until the reload ends, also if the answer did not wait for that.
    const reload = api.reload(wanted.value).finally(() => running--);
    const done = await withinLimit(reload, limits.reloadMilliseconds, request.signal);
    if (done.ok) return answerOf(done.value, answers, now());
    return answers.problem(overdue("The reload goes on, but was not done", limits.reloadMilliseconds));
  };
  return { method: "POST", path: "/admin/metadata/reload", answer };
}

/** Null: the condition holds, or there is none. */
function judgeCondition(header: string | null, contentHash: string | null): Problem | null {
  if (header === null) return null;
  const condition = readCondition(header);
  if (condition === null) return { status: 400, code: "admin/malformed", detail: conditionForm("If-Match") };
  if (matchesStrongly(condition, contentHash)) return null;
  const detail = contentHash === null ? "No snapshot is in force" : "Another snapshot is in force than If-Match names";
  return { status: 412, code: "admin/precondition-failed", detail };
}

/**
 * Names match in any case, as .NET reads them. An unknown member is an error, so that a misspelt one is not ignored.
 */
function readRequest(body: unknown): BodyRead<ReloadRequest> {
  const request: { -readonly [M in keyof ReloadRequest]: boolean } = { notifyOtherInstances: false, force: false };
  if (body === undefined) return { ok: true, value: request };
  if (typeof body !== "object" || body === null || Array.isArray(body)) return invalid("The body must be an object");
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(body)) {
    const member = MEMBERS.find((one) => one.toLowerCase() === name.toLowerCase());
    if (member === undefined) {
      const suggestion = nearest(name, MEMBERS);
      const hint = suggestion === null ? `known are ${MEMBERS.join(" and ")}` : `did you mean ${suggestion}?`;
      return invalid(`"${shownText(name)}" is no member of a reload request: ${hint}`);
    }
    if (seen.has(member)) return invalid(`${member} is given twice`);
    if (typeof value !== "boolean") return invalid(`${member} must be true or false`);
    seen.add(member);
    request[member] = value;
  }
  return { ok: true, value: request };
}

function invalid(detail: string): BodyRead<never> {
  return { ok: false, problem: { status: 422, code: "admin/invalid-request", detail } };
}

function answerOf(answer: ReloadAnswer, answers: Answers, at: Date): Response {
  switch (answer.kind) {
    case "done": {
      const { kind: _, status, ...members } = answer;
      return answers.json({ status, timestamp: at.toISOString(), ...members });
    }
    case "rejected": {
      const { reason: detail, diagnostics } = answer;
      return answers.problem({ status: 422, code: "admin/rejected", detail, members: { diagnostics } });
    }
    case "failed":
      return answers.problem({ status: 503, code: "admin/reload-failed", detail: answer.reason });
    case "stopping":
      return answers.problem({ status: 503, code: "admin/stopping", detail: "The daemon is about to end" });
  }
}
