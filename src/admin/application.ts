// The admin interface as one hono application: authorisation, routes, and the answers to unknown paths and methods. It
// throws nothing: it logs a bug and answers without its details.
// Routes, one place for authorisation, and the answers to misses and bugs. Its own middleware does not fit: bearerAuth
// answers 400 to some wrong tokens, etag ignores malformed conditions, and neither bodyLimit nor streamSSE limits time.
import { Hono } from "hono";
import type { Logger } from "../telemetry/log.ts";
import { maskedAnswers, type Problem } from "./problem.ts";
import type { ConnectionBindings, Handler } from "./connections.ts";
import { systemClock } from "../time/clock.ts";
import { approvalRoutes } from "./approval_routes.ts";
import { openComparing } from "./comparing.ts";
import { diffRoutes } from "./diff_route.ts";
import { eventsRoutes } from "./events_route.ts";
import { foreignSite } from "./foreign_site.ts";
import { HEALTH_PATHS, healthRoutes, metricsRoute, statusRoutes } from "./status_routes.ts";
import type { AdminLimits } from "./limits.ts";
import { publishRoute } from "./publish_routes.ts";
import { releaseRoutes } from "./release_routes.ts";
import { reloadRoute } from "./reload_route.ts";
import { rolloutRoutes } from "./rollout_routes.ts";
import { requestPath } from "./request_target.ts";
import { fitsPath, type Route } from "./route.ts";
import { snapshotRoute } from "./snapshot_route.ts";
import type { DaemonApi } from "./daemon_api.ts";
import { isUiPath, type Visit } from "./ui/access.ts";
import { AT_ONCE, type ChangePolicy } from "./ui/consequences.ts";
import { openUi } from "./ui/open_ui.ts";
import { noticeAnswer, seeOther } from "./ui/notice.ts";
import { withPageHeaders } from "./ui/page.ts";

export interface ApplicationSettings {
  readonly api: DaemonApi;
  /** Receives bugs. */
  readonly log: Pick<Logger, "error">;
  readonly limits: AdminLimits;
  /** Aborts when the interface closes, which ends the requests that wait. */
  readonly closing: AbortSignal;
  /** The clock of the answers; default the system's. */
  readonly now?: () => Date;
  /** The clock of the page's sessions, in monotonic milliseconds; default the system's. */
  readonly uptime?: () => number;
  /** Whether the page offers actions; default false. */
  readonly uiActions?: boolean;
  /** Why an address is not open, or shows an old certificate, in one line each; default none. */
  readonly listenerTroubles?: () => readonly string[];
  /** How a change of the source comes into force; default at once. */
  readonly policy?: ChangePolicy;
}

/** Makes the application. The limits on how many requests wait hold for all its listeners together. */
export function composeApplication(settings: ApplicationSettings): Handler {
  const { api, log, limits, closing, now = () => new Date(), uiActions = false } = settings;
  const { uptime = systemClock.now, policy = AT_ONCE, listenerTroubles = () => [] } = settings;
  const answers = maskedAnswers((text) => api.mask(text));
  const comparing = openComparing(limits);
  // Authorisation and routing use the same path, that of the request line; hono's own way decodes it.
  type Environment = { Bindings: ConnectionBindings; Variables: { visit: Visit } };
  const application = new Hono<Environment>({ getPath: (request) => requestPath(request) ?? "" });
  const ui = openUi({ api, answers, limits, comparing, now, mayAct: uiActions, policy, uptime });
  application.use(async (c, next) => {
    const { authorize } = c.env;
    if (isUiPath(c.req.path)) {
      const visit = await ui.admit(c.req.raw, c.env);
      if (visit instanceof Response) return visit;
      c.set("visit", visit);
      return await next();
    }
    if (HEALTH_PATHS.has(c.req.path) || (authorize === null && c.req.path === "/metrics")) return await next();
    const refusal = authorize === null
      ? foreignSite(c.req.raw)
      : await authorize(c.req.header("Authorization") ?? null);
    if (refusal !== null) return answers.problem(refusal);
    await next();
  });
  const routes: readonly Route[] = [
    ...healthRoutes(api, answers, limits),
    ...statusRoutes(api, answers, limits, listenerTroubles),
    reloadRoute(api, answers, limits, now),
    ...diffRoutes(api, answers, limits, comparing),
    ...releaseRoutes(api, answers, limits, now),
    ...rolloutRoutes(api, answers, limits, now),
    ...approvalRoutes(api, answers, limits, now),
    publishRoute(api, answers, limits, now),
    snapshotRoute(api, answers, limits, closing),
    ...eventsRoutes(api, answers, limits, closing, async (request, bindings) => {
      return !((await ui.admit(request, bindings)) instanceof Response);
    }),
    metricsRoute(api, answers, limits),
  ];
  for (const { method, path, answer } of routes) {
    application.on(method, path, (c) => answer(c.req.raw, c.env, c.req.param()));
  }
  for (const { method, path, answer } of ui.routes) {
    application.on(method, path, (c) => answer(c.req.raw, c.get("visit"), c.env));
  }
  application.notFound((c) => {
    if (c.req.path === "/ui/") return seeOther("/ui");
    const allowed = [...routes, ...ui.routes].filter((route) => fitsPath(route, c.req.path)).flatMap(methodsOf);
    if (allowed.length === 0) {
      if (isUiPath(c.req.path)) return noticeAnswer(404, "There is no such page.");
      return answers.problem({ status: 404, code: "admin/not-found", detail: "There is nothing under this path" });
    }
    const detail = `This path takes only ${allowed.join(" and ")}`;
    const headers = { Allow: allowed.join(", ") };
    if (isUiPath(c.req.path)) return noticeAnswer(405, `${detail}.`, headers);
    return answers.problem({ status: 405, code: "admin/method-not-allowed", detail, headers });
  });
  application.onError((error, c) => {
    const { method, path } = c.req;
    log.error("A bug kept an admin request from being answered", { method, path, error: error.stack });
    if (isUiPath(path)) return noticeAnswer(500, "The page could not be made. The log of the daemon says why.");
    return answers.problem({ status: 500, code: "admin/bug", detail: "The request could not be answered" });
  });
  return async (request, bindings) => {
    const path = requestPath(request);
    if (path === null) return answers.problem(MALFORMED_TARGET);
    const answer = await application.fetch(request, bindings);
    return isUiPath(path) ? withPageHeaders(answer) : answer;
  };
}

const MALFORMED_TARGET: Problem = {
  status: 400,
  code: "admin/malformed",
  detail: "Host must be one host[:port], and the request line must name a path of it without dot segments",
};

/** RFC 9110, section 9.3.2: a server that answers GET answers HEAD too. */
function methodsOf({ method }: Pick<Route, "method">): readonly string[] {
  return method === "GET" ? ["GET", "HEAD"] : [method];
}
