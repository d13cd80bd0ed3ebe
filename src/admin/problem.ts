// What went wrong with a request, as RFC 9457 has it. The member `code` is what a program looks at and stays the same;
// `detail` is one line for a person. Neither holds a stack trace or a secret.

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

/** A status that a problem can have. */
export type ProblemStatus = keyof typeof TITLES;

/** A problem, before it is answered. */
export interface Problem {
  /** Of the answer. */
  readonly status: ProblemStatus;
  /** `admin/…`, in the manner of a diagnostic's code. */
  readonly code: string;
  /** One line. */
  readonly detail: string;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of a problem's answer, its further members last. */
export function problemBody({ status, code, detail, members }: Problem): Readonly<Record<string, unknown>> {
  return { type: "about:blank", title: TITLES[status], status, code, detail, ...members };
}

/** The problem of an answer that took too long; `what` goes on with "within 10 s". */
export function overdue(what: string, limitMilliseconds: number): Problem {
  return { status: 504, code: "admin/overdue", detail: `${what} within ${limitMilliseconds / 1000} s` };
}

// How everything but the snapshot is answered: JSON that ends with a line feed, every text in it masked once more, and
// nothing of it kept or changed on its way.

/**
 * On every answer. `no-transform` keeps the server from compressing, which would make a strong entity tag a weak one
 * and let the length of an answer tell what is in it.
 */
export const NOT_KEPT = { "Cache-Control": "no-store, no-transform" } as const;

/** Makes answers. */
export interface Answers {
  /** A value as JSON, with 200. */
  json(value: unknown): Response;
  /** A text of another type, with 200. */
  text(text: string, contentType: string): Response;
  /** A problem, with its own status. */
  problem(problem: Problem): Response;
}

/** Answers whose every text has passed `mask`. */
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
