// Problems of requests in the form of RFC 9457. The member `code` is for programs and never changes; `detail` is one
// line for a person. Neither holds a stack trace or a secret.

/** The statuses of problems, with the titles that `about:blank` asks for: the phrases of RFC 9110. */
export const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
} as const;

export type ProblemStatus = keyof typeof TITLES;

/** A problem, before it is answered. */
export interface Problem {
  readonly status: ProblemStatus;
  /** `admin/…`, in the form of a diagnostic's code. */
  readonly code: string;
  /** One line. */
  readonly detail: string;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of a problem's answer, with its further members last. */
export function problemBody({ status, code, detail, members }: Problem): Readonly<Record<string, unknown>> {
  return { type: "about:blank", title: TITLES[status], status, code, detail, ...members };
}

/** The problem of an answer that took too long; `what` goes on with "within 10 s". */
export function overdue(what: string, limitMilliseconds: number): Problem {
  return { status: 504, code: "admin/overdue", detail: `${what} within ${limitMilliseconds / 1000} s` };
}

// The form of every answer but the snapshot: JSON that ends with a line feed, every text in it masked once more, and
// not to be stored or transformed on its way.

/**
 * For every answer. `no-transform` keeps the server from compressing, which would make a strong entity tag a weak one
 * and let the length of an answer reveal its content.
 */
export const NOT_KEPT = { "Cache-Control": "no-store, no-transform" } as const;

export interface Answers {
  /** With status 200. */
  json(value: unknown): Response;
  /** With status 200. */
  text(text: string, contentType: string): Response;
  /** With the status of the problem. */
  problem(problem: Problem): Response;
}

/** Answers with every text masked by `mask`. */
export function maskedAnswers(mask: (text: string) => string): Answers {
  const written = (value: unknown) =>
    JSON.stringify(value, (_name, one) => typeof one === "string" ? mask(one) : one) + "\n";
  return {
    json: (value) => new Response(written(value), { headers: { ...NOT_KEPT, "Content-Type": "application/json" } }),
    text: (text, contentType) => new Response(mask(text), { headers: { ...NOT_KEPT, "Content-Type": contentType } }),
    problem(problem) {
      const headers = { ...NOT_KEPT, "Content-Type": "application/problem+json", ...problem.headers };
      return new Response(written(problemBody(problem)), { status: problem.status, headers });
    },
  };
}
