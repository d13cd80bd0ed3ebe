// The releases of this host, the newest first.
import type { ListedRelease } from "../../releases/history_list.ts";
import { type Markup, markup } from "./markup.ts";
import { timeTag } from "./time_tag.ts";

/** What the view shows, masked. */
export interface ReleasesModel {
  readonly releases: readonly ListedRelease[];
}

/** Renders the list. */
export function releasesView({ releases }: ReleasesModel): Markup {
  const entry = ({ hash, at }: ListedRelease) => markup`<li><code>${hash.slice(0, 8)}</code> ${timeTag(at)}</li>`;
  return markup`<h1>Releases</h1>
<div id="releases" data-live>
<ol reversed>${releases.map(entry)}</ol>
</div>`;
}
