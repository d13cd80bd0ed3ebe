// The admin interface as one hono application: who may ask, what there is to ask, and what is said where there is nothing.
// It throws nothing: a bug is told to the log and answered without its details.
import { Hono } from "hono";
import type { Logger } from "../telemetry/log.ts";
import { maskedAnswers, type Problem } from "./problem.ts";
import type { ConnectionBindings, Handler } from "./connections.ts";
import { eventsRoute } from "./events_route.ts";
import { HEALTH_PATHS, healthRoutes, metricsRoute, statusRoutes } from "./status_routes.ts";
import type { AdminLimits } from "./limits.ts";
import { reloadRoute } from "./reload_route.ts";
import { requestPath } from "./request_target.ts";
import type { Route } from "./route.ts";
import { snapshotRoute } from "./snapshot_route.ts";
import type { DaemonApi } from "./daemon_api.ts";

/** What the application is made of. */
export interface ApplicationSettings {
  /** What is asked about. */
  readonly api: DaemonApi;
  /** Is told of bugs. */
  readonly log: Pick<Logger, "error">;
  /** How long and how many. */
  readonly limits: AdminLimits;
  /** Ends what waits, when the interface closes. */
  readonly closing: AbortSignal;
  /** The clock of the answers; default the system's. */
  readonly now?: () => Date;
}

/** Makes the application; the limits on how many wait hold for all its listeners together. */
export function composeApplication(settings: ApplicationSettings): Handler {
  const { api, log, limits, closing, now = () => new Date() } = settings;
  const answers = maskedAnswers((text) => api.mask(text));
  // Authorised and served by one path, the one of the request line; hono's own way decodes it.
  const application = new Hono<{ Bindings: ConnectionBindings }>({ getPath: (request) => requestPath(request) ?? "" });
  application.use(async (c, next) => {
    const { authorize } = c.env;
    if (authorize === null || HEALTH_PATHS.has(c.req.path)) return await next();
    const refusal = await authorize(c.req.header("Authorization") ?? null);
    if (refusal !== null) return answers.problem(refusal);
    await next();
  });
  const routes: readonly Route[] = [
    ...healthRoutes(api, answers, limits),
    ...statusRoutes(api, answers, limits),
    reloadRoute(api, answers, limits, now),
    snapshotRoute(api, answers, limits, closing),
    eventsRoute(api, answers, limits, closing),
    metricsRoute(api, answers, limits),
  ];
  for (const { method, path, answer } of routes) application.on(method, path, (c) => answer(c.req.raw, c.env));
  application.notFound((c) => {
    const allowed = routes.filter(({ path }) => path === c.req.path).flatMap(methodsOf);
    if (allowed.length === 0) {
      return answers.problem({ status: 404, code: "admin/not-found", detail: "There is nothing under this path" });
    }
    const detail = `This path takes ${allowed.join(" and ")} alone`;
    const headers = { Allow: allowed.join(", ") };
    return answers.problem({ status: 405, code: "admin/method-not-allowed", detail, headers });
  });
  application.onError((error, c) => {
    const { method, path } = c.req;
    log.error("A bug kept an admin request from being answered", { method, path, error: error.stack });
    return answers.problem({ status: 500, code: "admin/bug", detail: "The request could not be answered" });
  });
  return (request, bindings) =>
    requestPath(request) === null ? answers.problem(MALFORMED_TARGET) : application.fetch(request, bindings);
}

const MALFORMED_TARGET: Problem = {
  status: 400,
  code: "admin/malformed",
  detail: "Host must be one host[:port], and the request line must name a path of it without dot segments",
};

/** HEAD is answered wherever GET is: RFC 9110, section 9.3.2. */
function methodsOf({ method }: Route): readonly string[] {
  return method === "GET" ? ["GET", "HEAD"] : [method];
}
