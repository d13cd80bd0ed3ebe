// The frame of every page: head, navigation, and the headers that keep a browser from doing anything else. Styles and
// script are part of the page, allowed by their hashes; nothing is fetched from elsewhere.
import { createHash } from "node:crypto";
import { matchesWeakly, readCondition } from "../entity_tag.ts";
import { NOT_KEPT } from "../problem.ts";
import { type Markup, markup, trusted } from "./markup.ts";
import frameStyles from "./page.css" with { type: "text" };
import script from "./page.js" with { type: "text" };
import viewStyles from "./views.css" with { type: "text" };

/** The views, by their paths below `/ui`. */
const TABS = [
  { tab: "fleet", path: "/ui", label: "Fleet" },
  { tab: "releases", path: "/ui/releases", label: "Releases" },
  { tab: "host", path: "/ui/host", label: "This host" },
] as const;

/** The view that a page belongs to. */
export type Tab = typeof TABS[number]["tab"];

/** The parts of a page that differ from one to another. */
export interface Page {
  readonly title: string;
  /** Null: none of them, as the sign-in. */
  readonly tab: Tab | null;
  /** The name of this instance; null: the reader may not know it yet. */
  readonly instance: string | null;
  /** The kinds of events after which the page is fetched again; empty: it shows one moment. */
  readonly liveOn: readonly string[];
  /** A form that ends the session; null: there is none. */
  readonly signOut: Markup | null;
  /** Links to actions; default none. */
  readonly actions?: Markup | null;
  readonly body: Markup;
  /** Default 200. */
  readonly status?: number;
}

const styles = `${frameStyles}\n${viewStyles}`;

/** A globe in one colour. */
const ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg fill='none' " +
  "stroke='%23478be6'%3E%3Ccircle cx='8' cy='8' r='7'/%3E%3Cellipse cx='8' cy='8' rx='3' ry='7'/%3E%3Cpath d='M1 8h14'" +
  "/%3E%3C/g%3E%3C/svg%3E";

const sourceHash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The header of a request by the page's script. */
export const REFRESH_HEADER = "X-Honua-Refresh";

/** For every answer of the page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...NOT_KEPT,
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": [
    "default-src 'none'",
    `script-src ${sourceHash(script)}`,
    `style-src ${sourceHash(styles)}`,
    "img-src data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  // Without it a browser sends `Origin: null` with a form.
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** Adds the headers to an answer of another form: a problem, or the events. */
export function withPageHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** Answers with a page. */
export function pageAnswer(page: Page): Response {
  return new Response(String(pageOf(page)), { status: page.status ?? 200, headers: PAGE_HEADERS });
}

/**
 * Answers with a page, or with 304 if the reader has it: an open page asks every few seconds, and one of a thousand
 * hosts is large. The script of an open page gets only the parts that it replaces.
 */
export function livePageAnswer(page: Page, request: Request): Response {
  const text = String(request.headers.has(REFRESH_HEADER) ? page.body : pageOf(page));
  const { status = 200 } = page;
  if (status !== 200) return new Response(text, { status, headers: PAGE_HEADERS });
  const tag = createHash("sha256").update(text).digest("base64url");
  const headers = { ...PAGE_HEADERS, ETag: `"${tag}"` };
  const condition = readCondition(request.headers.get("If-None-Match") ?? "");
  const isKnown = condition !== null && matchesWeakly(condition, tag);
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(text, { headers });
}

function pageOf({ title, tab, instance, liveOn, signOut, actions = null, body }: Page): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}${instance === null ? "" : ` · ${instance}`} · honua-configd</title>
<link rel="icon" href="${trusted(ICON)}">
<style>${trusted(styles)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<strong>honua-configd</strong>
${instance === null ? "" : markup`<span>${instance}</span>`}
${tab === null ? "" : navigation(tab)}
${signOut ?? ""}
${liveOn.length === 0 ? "" : statusLine(liveOn)}
</header>
${actions ?? ""}
<main id="main" tabindex="-1">
${body}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`;
}

function navigation(current: Tab): Markup {
  const link = ({ tab, path, label }: typeof TABS[number]) =>
    tab === current
      ? markup`<li><a href="${path}" aria-current="page">${label}</a></li>`
      : markup`<li><a href="${path}">${label}</a></li>`;
  return markup`<nav aria-label="Views"><ul>${TABS.map(link)}</ul></nav>`;
}

/** Without the script it stays as the server wrote it. */
function statusLine(kinds: readonly string[]): Markup {
  return markup`<p id="live" role="status" data-events="${kinds.join(" ")}">Not live: reload the page to see news</p>`;
}
