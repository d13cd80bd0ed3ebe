// The gate of the page. It decides nothing else of the admin interface: the cookie of a session opens `/ui` only. Over
// TCP a request has a session or the token. The unix socket needs neither. If a reader forwards it, a browser is in
// front of it, and other sites use that browser too.
import { parse, serialize } from "hono/utils/cookie";
import type { ConnectionBindings } from "../connections.ts";
import type { Answers } from "../problem.ts";
import { requestPath } from "../request_target.ts";
import { noticeAnswer, seeOther } from "./notice.ts";
import { REFRESH_HEADER } from "./page.ts";
import { type FormOwner, type FormTokens, isFromOwnPage, isLoopbackHost } from "./same_origin.ts";
import type { Person, Sessions } from "./sessions.ts";
import { SIGN_IN_PATH, signInAnswer } from "./sign_in_view.ts";

/** The name of the session's cookie. */
const COOKIE = "honua_configd";

/** A request of the page, judged. */
export interface Visit {
  readonly owner: FormOwner;
  /** As the person signed in; null: not known. */
  readonly name: string | null;
}

export interface AccessSettings {
  readonly sessions: Sessions;
  readonly tokens: FormTokens;
  readonly answers: Answers;
}

/** Judges a request for a path of the page; a response refuses it. */
export type Admit = (request: Request, bindings: ConnectionBindings) => Promise<Visit | Response>;

/** Whether a path is one of the page's, so that its own rules hold for it. */
export function isUiPath(path: string): boolean {
  return path === "/ui" || path.startsWith("/ui/");
}

export function openAccess({ sessions, tokens, answers }: AccessSettings): Admit {
  return async (request, { authorize }) => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (authorize === null && !isLoopbackHost(request.headers.get("Host"))) return noticeAnswer(403, REBOUND);
    if (!isRead && !isFromOwnPage(request)) return noticeAnswer(403, CROSS_SITE);
    if (authorize === null) return { owner: { kind: "socket" }, name: null };
    const authorization = request.headers.get("Authorization");
    // A proxy in front may want a password of its own (`Basic`), which a browser sends all the way.
    if (authorization !== null && /^Bearer /i.test(authorization)) {
      const refusal = await authorize(authorization);
      return refusal === null ? { owner: { kind: "bearer" }, name: null } : answers.problem(refusal);
    }
    const pathname = requestPath(request);
    const isByScript = pathname === "/ui/events" || request.headers.has(REFRESH_HEADER);
    const found = sessionOf(request, sessions, !isByScript);
    const refusal = found === null ? null : await authorize(`Bearer ${found.person.token}`);
    if (found !== null && refusal === null) {
      return { owner: { kind: "session", id: found.id }, name: found.person.name };
    }
    // The token's file system may not answer: that ends no session.
    if (refusal !== null && refusal.status !== 401) return noticeAnswer(refusal.status, `${refusal.detail}.`);
    if (found !== null) sessions.end(found.id);
    if (pathname === SIGN_IN_PATH) return { owner: { kind: "sign-in" }, name: null };
    if (isByScript) {
      return answers.problem({ status: 401, code: "admin/unauthorized", detail: "The session has ended" });
    }
    if (isRead) return seeOther(SIGN_IN_PATH);
    const trouble = "Your session has ended, and nothing was done: sign in and do it again.";
    return signInAnswer({ csrf: tokens.make({ kind: "sign-in" }), name: "", trouble, status: 401 });
  };
}

/** The session of a request's cookie; null: none that goes on. */
function sessionOf(
  request: Request,
  sessions: Sessions,
  isUse: boolean,
): { readonly id: string; readonly person: Person } | null {
  const id = cookieOf(request);
  const person = id === null ? null : sessions.find(id, isUse);
  return id === null || person === null ? null : { id, person };
}

/** The id that the cookie holds; null: there is none. */
function cookieOf(request: Request): string | null {
  return parse(request.headers.get("Cookie") ?? "", COOKIE)[COOKIE] ?? null;
}

/** The value of `Set-Cookie`. Without an age the browser forgets it when it ends; an empty id ends it now. */
export function cookieFor(id: string, request: Request): string {
  return serialize(COOKIE, id, {
    path: "/ui",
    httpOnly: true,
    sameSite: "Strict",
    secure: request.url.startsWith("https:"),
    ...id === "" && { maxAge: 0 },
  });
}

const REBOUND = "This address leads to the socket of the daemon under a name that is not this computer's. " +
  "Use http://localhost with the port that you forwarded.";
const CROSS_SITE = "The request did not come from this page, so nothing was done. Open the page and do it there. " +
  "A proxy in between must pass on the Host of the browser, and speak TLS to the daemon if the browser does to it.";
