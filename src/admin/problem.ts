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
