// Reloads on request, and answers with the result when the reload is done, or with the reason why none began.
import { MAX_CONFIRM_MILLISECONDS } from "../releases/decide_releases.ts";
import { type Answers, invalid, overdue, type Problem, STOPPING, tooMany } from "./problem.ts";
import { conditionForm, matchesStrongly, readCondition } from "./entity_tag.ts";
import type { AdminLimits } from "./limits.ts";
import { type BodyRead, invalidBody } from "./request_body.ts";
import { AUTHOR, type Members, readOrder, REASON } from "./request_members.ts";
import type { ConnectionBindings } from "./connections.ts";
import type { Route } from "./route.ts";
import type { DaemonApi, ReloadAnswer, ReloadRequest } from "./daemon_api.ts";
import { withinLimit } from "../time/limit.ts";

const MEMBERS = {
  notifyOtherInstances: { kind: "flag" },
  force: { kind: "flag" },
  now: { kind: "flag" },
  emergency: { kind: "flag" },
  author: AUTHOR,
  reason: REASON,
  confirmSeconds: { kind: "count", min: 1, max: MAX_CONFIRM_MILLISECONDS / 1000 },
} as const;

/** `POST /admin/metadata/reload`, as Honua's servers have it. `now` is the clock of the answers. */
export function reloadRoute(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  now: () => Date,
): Route {
  let running = 0;
  const answer = async (request: Request, { authorize }: ConnectionBindings) => {
    const members = await readOrder(request, limits, MEMBERS, "a reload request");
    if (!members.ok) return answers.problem(members.problem);
    const wanted = requestOf(members.value);
    if (!wanted.ok) return answers.problem(wanted.problem);
    const trouble = judgeEmergency(wanted.value, authorize === null);
    if (trouble !== null) return answers.problem(trouble);
    const refusal = judgeCondition(request.headers.get("If-Match"), api.contentHash());
    if (refusal !== null) return answers.problem(refusal);
    if (running >= limits.maxReloads) {
      return answers.problem(tooMany(`${limits.maxReloads} requests wait for a reload already`));
    }
    running++;
    // Counted until the reload ends, even if the answer did not wait for that.
    const reload = api.reload(wanted.value).finally(() => running--);
    const done = await withinLimit(reload, limits.reloadMilliseconds, request.signal);
    if (done.ok) return answerOf(done.value, answers, now());
    return answers.problem(overdue("The reload goes on, but was not done", limits.reloadMilliseconds));
  };
  return { method: "POST", path: "/admin/metadata/reload", answer };
}

/**
 * Null: it is allowed, or is no emergency.
 *
 * @param isSocket only the unix socket needs no token: its permissions decide which users of this host may ask.
 */
function judgeEmergency({ emergency, reason }: ReloadRequest, isSocket: boolean): Problem | null {
  if (!emergency) return null;
  if (!isSocket) {
    const detail = "emergency is taken only over the unix socket of the host: run the command there as root";
    return { status: 403, code: "admin/only-local", detail };
  }
  if (reason !== null) return null;
  return invalid("emergency needs a reason");
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

/** The members are optional. */
function requestOf(members: Members<typeof MEMBERS>): BodyRead<ReloadRequest> {
  const { notifyOtherInstances = false, force = false, now = false, emergency = false, ...others } = members;
  const { author = null, reason = null, confirmSeconds = null } = others;
  if (now && reason === null) {
    return invalidBody("reason must be given with now, which passes over the steps of a rollout");
  }
  return { ok: true, value: { notifyOtherInstances, force, now, emergency, author, reason, confirmSeconds } };
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
    case "held": {
      const { reason: detail, hash, awaitsRollout } = answer;
      return answers.problem({ status: 409, code: "admin/held", detail, members: { hash, awaitsRollout } });
    }
    case "failed":
      return answers.problem({ status: 503, code: "admin/reload-failed", detail: answer.reason });
    case "stopping":
      return answers.problem(STOPPING);
  }
}
