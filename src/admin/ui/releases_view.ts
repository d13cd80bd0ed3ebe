// The releases of this host, the newest first.
import { html } from "hono/html";
import type { ListedRelease } from "../../releases/history_list.ts";
import type { Markup } from "./page.ts";
import { timeTag } from "./time_tag.ts";

/** What the view shows, masked. */
export interface ReleasesModel {
  readonly releases: readonly ListedRelease[];
}

/** Renders the list. */
export function releasesView({ releases }: ReleasesModel): Markup {
  return html`
    <h1>Releases</h1>
    <div id="releases" data-live>
      <ol reversed>${releases.map(({ hash, at }) =>
        html`
          <li><code>${hash.slice(0, 8)}</code> ${timeTag(at)}</li>
        `
      )}</ol>
    </div>
  `;
}
