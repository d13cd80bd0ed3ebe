// Problems of requests in the form of RFC 9457. The member `code` is for programs and never changes; `detail` is one
// line for a person. Neither holds a stack trace or a secret.

/** The statuses of problems, with the titles that `about:blank` asks for: the phrases of RFC 9110. */
export const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
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
function problemBody({ status, code, detail, members }: Problem): Readonly<Record<string, unknown>> {
  return { type: "about:blank", title: TITLES[status], status, code, detail, ...members };
}

/** The problem of an answer that took too long; `what` goes on with "within 10 s". */
export function overdue(what: string, limitMilliseconds: number): Problem {
  return { status: 504, code: "admin/overdue", detail: `${what} within ${limitMilliseconds / 1000} s` };
}

/** The body of a request is invalid. */
export function invalid(detail: string): Problem {
  return { status: 422, code: "admin/invalid-request", detail };
}

/** The daemon cannot carry the order out now. */
export function refused(detail: string): Problem {
  return { status: 409, code: "admin/refused", detail };
}

/** The daemon is busy with as many already. */
export function tooMany(detail: string, retrySeconds = 1): Problem {
  return { status: 503, code: "admin/too-many", detail, headers: { "Retry-After": String(retrySeconds) } };
}

/** The answer to a request that the daemon does not begin any more. */
export const STOPPING: Problem = { status: 503, code: "admin/stopping", detail: "The daemon is about to end" };

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
  /** The same for a large value, which is written as it is read: items of iterable members one after the other. */
  jsonInPieces(value: Readonly<Record<string, unknown>>): Response;
  /** With status 200. */
  text(text: string, contentType: string): Response;
  /** With the status of the problem. */
  problem(problem: Problem): Response;
}

/** Answers with every text masked by `mask`. */
export function maskedAnswers(mask: (text: string) => string): Answers {
  const text = (value: unknown) => JSON.stringify(value, (_name, one) => typeof one === "string" ? mask(one) : one);
  const written = (value: unknown) => `${text(value)}\n`;
  return {
    json: (value) => new Response(written(value), { headers: { ...NOT_KEPT, "Content-Type": "application/json" } }),
    jsonInPieces: (value) =>
      new Response(inPieces(piecesOf(value, text)), { headers: { ...NOT_KEPT, "Content-Type": "application/json" } }),
    text: (body, contentType) => new Response(mask(body), { headers: { ...NOT_KEPT, "Content-Type": contentType } }),
    problem(problem) {
      const headers = { ...NOT_KEPT, "Content-Type": "application/problem+json", ...problem.headers };
      return new Response(written(problemBody(problem)), { status: problem.status, headers });
    },
  };
}

/** The characters of one piece of a body, some milliseconds of work. */
const PIECE_LENGTH = 64 * 1024;

/** JSON in small texts; a member that is iterable and no text is a list. */
function* piecesOf(value: Readonly<Record<string, unknown>>, text: (one: unknown) => string): Generator<string, void> {
  let before = "{";
  for (const [name, member] of Object.entries(value)) {
    yield `${before}${JSON.stringify(name)}:`;
    before = ",";
    if (!isIterable(member)) {
      yield text(member);
      continue;
    }
    let separator = "[";
    for (const item of member) {
      yield separator + text(item);
      separator = ",";
    }
    yield separator === "[" ? "[]" : "]";
  }
  yield before === "{" ? "{}\n" : "}\n";
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** A stream that does the work for a piece when the client wants it. */
function inPieces(texts: Iterator<string, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      let piece = "";
      while (piece.length < PIECE_LENGTH) {
        const next = texts.next();
        if (next.done) {
          if (piece !== "") controller.enqueue(encoder.encode(piece));
          return controller.close();
        }
        piece += next.value;
      }
      controller.enqueue(encoder.encode(piece));
    },
  }, { highWaterMark: 0 });
}
