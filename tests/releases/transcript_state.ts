// The releases of a host as one line, for transcripts: `1 a healthy, 2 b failed, 3 a running; skips b; pinned a`.
import type { ScopedSkip } from "../../src/releases/release.ts";
import type { State } from "../../src/reload/state.ts";

/** Names the parts that are set, and leaves out the others. */
export function stateText({ releases: { kept, held }, agreement, trouble }: State<string>): string {
  const { list, skips, pinned, hold, bake, confirmation } = kept;
  const parts = [list.map(({ number, hash, state }) => `${number} ${hash} ${state}`).join(", ")];
  if (skips.length > 0) parts.push(`skips ${skips.map(skipText).join("+")}`);
  if (pinned !== null) {
    const undoes = pinned.undoes.length === 0 ? "" : ` undoes ${pinned.undoes.join("+")}`;
    parts.push(`pinned ${pinned.hash}${pinned.scope === "host" ? " here" : ""}${undoes}`);
  }
  if (held !== null) parts.push(`held ${held.kind}`);
  if (hold !== null) parts.push("hold");
  if (bake !== null) parts.push(`bake ${bake.phase}${bake.failures === 0 ? "" : ` ${bake.failures}`}`);
  if (confirmation !== null) parts.push(`confirmation of ${confirmation.hash}`);
  if (trouble !== null) parts.push(trouble.kind);
  if (agreement !== null) parts.push(agreement.syncState.kind);
  return parts.join("; ");
}

function skipText({ hash, scope }: ScopedSkip): string {
  return scope === "host" ? `${hash} here` : hash;
}
