// This host: its source, its hooks, and what happened in the last hour.
import type { Status } from "../daemon_api.ts";
import { type Markup, markup } from "./markup.ts";

/** What the view shows, masked. */
export interface HostModel {
  readonly status: Status;
}

/** Renders the host. */
export function hostView({ status }: HostModel): Markup {
  return markup`<h1>This host</h1>
<div id="host" data-live>
<dl><dt>Source</dt><dd>${status.source ?? "in the store"}</dd></dl>
</div>`;
}
