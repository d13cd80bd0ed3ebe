// A time on the page. The server does not know the reader's zone: it writes UTC, which the script rewrites.
import { type Markup, markup } from "./markup.ts";

/**
 * Returns the element of a time, with the exact one as its title.
 *
 * @param iso ISO 8601 in UTC; another text is shown unchanged.
 */
export function timeTag(iso: string): Markup {
  const shown = utcOf(iso);
  return shown === null ? markup`${iso}` : markup`<time datetime="${iso}" title="${iso}">${shown}</time>`;
}

/**
 * Returns the element of a time that the script shows as an age, `3 h ago`, with the exact one as its title. Only the
 * script does so: an age that the server wrote would be another one in each answer.
 *
 * @param iso as of {@linkcode timeTag}.
 */
export function ageTag(iso: string): Markup {
  const shown = utcOf(iso);
  return shown === null ? markup`${iso}` : markup`<time datetime="${iso}" data-age>${shown}</time>`;
}

/** Null: it is no time in UTC. */
function utcOf(iso: string): string | null {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(iso) ?? [];
  return day === undefined ? null : `${day} ${time} UTC`;
}
