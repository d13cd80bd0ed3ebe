// The page of a diff: asks for it, bounds and masks it, and says in a sentence why there is none.
import type { Comparing } from "../comparing.ts";
import type { DaemonApi, DiffRefusal } from "../daemon_api.ts";
import { problemOf, readSides } from "../diff_route.ts";
import type { Problem } from "../problem.ts";
import { diagnosticsList } from "./diagnostics_view.ts";
import { boundedDiff, diffView } from "./diff_view.ts";
import { type Markup, markup } from "./markup.ts";
import { masked } from "./masked.ts";

/** A body with the status of its answer. */
export interface DiffPage {
  readonly status: number;
  readonly body: Markup;
}

/** Makes the page for the query `from` and `to`, which are references as the API and the CLI take them. */
export async function diffPage({ url, signal }: Request, api: DaemonApi, comparing: Comparing): Promise<DiffPage> {
  const read = readSides(new URL(url).searchParams);
  if (!read.ok) return refusalPage(read.problem, api);
  const [from, to] = read.value;
  const compared = await comparing.work((ending) => api.diff(from, to, ending), signal);
  if (!compared.ok) return refusalPage(compared.problem, api);
  const answer = compared.value;
  if (answer.kind !== "diff") return refusalPage(problemOf(answer), api, answer);
  return { status: 200, body: diffView(masked(boundedDiff(answer.diff, read.value), api.mask)) };
}

function refusalPage({ status, detail }: Problem, { mask }: DaemonApi, refusal?: DiffRefusal): DiffPage {
  const rejected = refusal?.kind === "rejected" ? masked(refusal, mask) : null;
  const sentence = rejected === null ? mask(detail) : `${rejected.label} is not valid on this host: ${rejected.reason}`;
  return {
    status,
    body: markup`<h1>Differences</h1>
<p class="bad">There is no comparison: ${sentence}</p>
${rejected !== null && diagnosticsList(rejected.diagnostics, "honua-configd diff")}
<p><a href="/ui/releases">All releases</a></p>`,
  };
}
