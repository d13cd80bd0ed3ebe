// How everything but the snapshot is answered: JSON that ends with a line feed, every text in it masked once more, and
// nothing of it kept or changed on its way.
import { type Problem, problemBody } from "./problem.ts";

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
