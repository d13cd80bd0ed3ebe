// Short answers of the page: a sentence in place of a view, and the way to another page.
import { type ProblemStatus, TITLES } from "../problem.ts";
import { markup } from "./markup.ts";
import { PAGE_HEADERS, pageAnswer } from "./page.ts";

/** Answers with a sentence, and further headers. */
export function noticeAnswer(
  status: ProblemStatus,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const title = TITLES[status];
  const body = markup`<h1>${title}</h1>
<p>${sentence}</p>
<p><a href="/ui">To the fleet</a></p>`;
  const answer = pageAnswer({ title, tab: null, instance: null, liveOn: [], signOut: null, body, status });
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
  return answer;
}

/** Leads the browser to a page, which it asks for with GET. */
export function seeOther(path: string, cookie: string | null = null): Response {
  const headers = { ...PAGE_HEADERS, Location: path, ...cookie !== null && { "Set-Cookie": cookie } };
  return new Response(null, { status: 303, headers });
}
