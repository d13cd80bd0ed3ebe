// A time on the page. The server does not know the reader's zone: it writes UTC, which the script rewrites.
import { type Markup, markup } from "./markup.ts";

/**
 * Returns the element of a time, with the exact one as its title.
 *
 * @param iso ISO 8601 in UTC; another text is shown as it is.
 */
export function timeTag(iso: string): Markup {
  const shown = iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, "$1 $2 UTC");
  return shown === iso ? markup`${iso}` : markup`<time datetime="${iso}" title="${iso}">${shown}</time>`;
}
