// Publishing over HTTP, and the source that the fleet has agreed on. One publication at a time: each compiles a source,
// which a reload has to wait for.
import { withinLimit } from "../time/limit.ts";
import type { DaemonApi, PublishAnswer, PublishRequest } from "./daemon_api.ts";
import type { AdminLimits } from "./limits.ts";
import { type Answers, overdue, refused, STOPPING, tooMany } from "./problem.ts";
import { type BodyRead, invalidBody } from "./request_body.ts";
import { AUTHOR, readOrder, REASON } from "./request_members.ts";
import type { Route } from "./route.ts";
import { DEFAULT_MAX_BYTES } from "../source/source_file.ts";

/** A source of 16 MiB, with the escapes of JSON. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;

const PUBLISH = {
  name: { kind: "line", maxLength: 4_096 },
  text: { kind: "text", maxLength: DEFAULT_MAX_BYTES },
  reason: REASON,
  author: AUTHOR,
} as const;

/** `POST /admin/publish`. `now` is the clock of the answers. */
export function publishRoute(api: DaemonApi, answers: Answers, limits: AdminLimits, now: () => Date): Route {
  let isBusy = false;
  const work = async (request: Request, wanted: PublishRequest): Promise<Response> => {
    const ending = new AbortController();
    // Busy until the work has ended, even if the answer did not wait for that.
    const working = api.publish(wanted, ending.signal).finally(() => isBusy = false);
    working.catch(() => {});
    const done = await withinLimit(working, limits.reloadMilliseconds, request.signal);
    if (done.ok) return answerOf(done.value, wanted, answers, now);
    ending.abort();
    return answers.problem(overdue("The source was not published", limits.reloadMilliseconds));
  };
  return {
    method: "POST",
    path: "/admin/publish",
    async answer(request) {
      if (isBusy) return answers.problem(tooMany("Another source is being published"));
      isBusy = true;
      const wanted = await read(request, limits);
      if (wanted.ok) return await work(request, wanted.value);
      isBusy = false;
      return answers.problem(wanted.problem);
    },
  };
}

async function read(request: Request, limits: AdminLimits): Promise<BodyRead<PublishRequest>> {
  const members = await readOrder(request, { ...limits, maxBodyBytes: MAX_BODY_BYTES }, PUBLISH, "a publication");
  if (!members.ok) return members;
  const { name, text, reason, author = null } = members.value;
  const given = { name, text, reason };
  for (const [member, value] of Object.entries(given)) {
    if (value === undefined) return invalidBody(`${member} must be given`);
  }
  return { ok: true, value: { name: name!, text: text!, reason: reason!, author } };
}

function answerOf(answer: PublishAnswer, { name }: PublishRequest, answers: Answers, now: () => Date): Response {
  switch (answer.kind) {
    case "published": {
      const { status, hash } = answer;
      return answers.json({ status, hash, timestamp: now().toISOString() });
    }
    case "rejected": {
      const { reason: detail, diagnostics } = answer;
      return answers.problem({ status: 422, code: "admin/rejected", detail, members: { source: name, diagnostics } });
    }
    case "refused":
      return answers.problem(refused(answer.reason));
    case "failed":
      return answers.problem({ status: 503, code: "admin/not-published", detail: answer.reason });
    case "stopping":
      return answers.problem(STOPPING);
  }
}
