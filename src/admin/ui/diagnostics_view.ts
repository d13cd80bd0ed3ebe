// The diagnostics of the last reload, each with its line of the source.
import type { DiagnosticAnswer, LastReload, Status } from "../daemon_api.ts";
import { type Markup, markup } from "./markup.ts";

/** A person mends some and reloads; all of them are in the answer of `GET /admin/status`. */
export const MAX_SHOWN_DIAGNOSTICS = 50;

/** A status with some of its diagnostics: a source may have a thousand, and to mask them all takes long. */
export interface BoundedStatus {
  readonly status: Status;
  /** How many diagnostics are left out. */
  readonly further: number;
}

/** Leaves all but the first diagnostics out of a status. */
export function withDiagnostics(status: Status, count: number): BoundedStatus {
  const { lastReload } = status;
  if (lastReload === null) return { status, further: 0 };
  const diagnostics = lastReload.diagnostics.slice(0, count);
  const further = lastReload.diagnostics.length - diagnostics.length;
  return { status: { ...status, lastReload: { ...lastReload, diagnostics } }, further };
}

/** Renders the diagnostics of a masked reload in their order, without `further` ones; null: none has ended yet. */
export function diagnosticsView(reload: LastReload | null, further: number): Markup {
  if (reload === null) return markup`<p>No reload has ended yet.</p>`;
  const { outcome, diagnostics } = reload;
  const { length } = diagnostics;
  const isAccepted = outcome === "activated" || outcome === "unchanged";
  // A source that could not be read may have some.
  if (length === 0 && isAccepted) return markup`<p>The source has no errors and no warnings.</p>`;
  if (length === 0) return markup`<p>The last reload has none to show.</p>`;
  return markup`${diagnosticsList(diagnostics)}${further > 0 && furtherText(further, "honua-configd status")}`;
}

/** Renders masked diagnostics in their order; `command` lists those that are too many here. */
export function diagnosticsList(
  diagnostics: readonly DiagnosticAnswer[],
  command = "honua-configd status",
): Markup {
  const further = diagnostics.length - MAX_SHOWN_DIAGNOSTICS;
  return markup`<ol class="diagnostics">
${diagnostics.slice(0, MAX_SHOWN_DIAGNOSTICS).map(entryOf)}</ol>
${further > 0 && furtherText(further, command)}`;
}

function furtherText(count: number, command: string): Markup {
  return markup`<p class="muted">${count} more: ${command} lists them.</p>`;
}

function entryOf({ severity, code, summary, path, file, line, column, suggestion, frame }: DiagnosticAnswer): Markup {
  const place = file === null || line === null ? file : `${file}:${line}:${column ?? 1}`;
  const tone = severity === "error" ? "bad" : "warn";
  return markup`<li>
<p><strong class="${tone}">${severity}</strong> ${summary} <code class="muted">${code}</code></p>
${
    place === null && path === null
      ? ""
      : markup`<p class="muted">${[place, path].filter((one) => one !== null).join(" · ")}</p>`
  }
${
    frame === null
      ? ""
      : markup`<pre tabindex="0" role="group" aria-label="Line ${line} of the source">${frame.join("\n")}</pre>`
  }
${suggestion === null ? "" : markup`<p>Help: ${suggestion}</p>`}
</li>
`;
}
