// Differences of sources and the plan of a reload, one of them at a time.
import { countBlocks, patchOf } from "../config/config_diff.ts";
import { BUSY, type Comparing } from "./comparing.ts";
import type { DaemonApi, Diff, DiffRefusal, DiffSource } from "./daemon_api.ts";
import type { AdminLimits } from "./limits.ts";
import { type Answers, type Problem, STOPPING } from "./problem.ts";
import { type BodyRead, invalidBody, readJson } from "./request_body.ts";
import type { Route } from "./route.ts";
import { readReference, REFERENCE_FORMS, type SourceReference } from "../releases/source_reference.ts";

/** Two sources of 16 MiB, with the escapes of JSON. */
const MAX_BODY_BYTES = 40 * 1024 * 1024;

const MAX_NAME_LENGTH = 4_096;

/** From and to. */
type Sides = readonly [DiffSource, DiffSource];

/** `GET /admin/diff?from=&to=`, the same with POST for texts that the client has, and `GET /admin/plan`. */
export function diffRoutes(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  comparing: Comparing,
): readonly Route[] {
  const compare = async ({ signal }: Request, read: BodyRead<Sides>): Promise<Response> => {
    if (!read.ok) return answers.problem(read.problem);
    const [from, to] = read.value;
    const compared = await comparing.work((ending) => api.diff(from, to, ending), signal);
    if (!compared.ok) return answers.problem(compared.problem);
    const answer = compared.value;
    return answer.kind === "diff" ? answers.jsonInPieces(diffJson(answer.diff)) : answers.problem(problemOf(answer));
  };
  const plan = async ({ signal }: Request): Promise<Response> => {
    const planned = await comparing.work((ending) => api.plan(ending), signal);
    if (!planned.ok) return answers.problem(planned.problem);
    const answer = planned.value;
    if (answer.kind !== "plan") return answers.problem(problemOf(answer));
    const { kind: _, diff, ...members } = answer;
    return answers.jsonInPieces({ ...members, ...diff === null ? {} : diffJson(diff) });
  };
  let isReading = false;
  const post = async (request: Request): Promise<Response> => {
    if (comparing.isBusy() || isReading) return answers.problem(BUSY);
    isReading = true;
    const body = await readJson(request, { ...limits, maxBodyBytes: MAX_BODY_BYTES }).finally(() => isReading = false);
    return await compare(request, body.ok ? readBody(body.value) : body);
  };
  return [
    {
      method: "GET",
      path: "/admin/diff",
      answer: (request) => compare(request, readSides(new URL(request.url).searchParams)),
    },
    { method: "POST", path: "/admin/diff", answer: post },
    { method: "GET", path: "/admin/plan", answer: plan },
  ];
}

function diffJson({ from, to, blocks }: Diff) {
  return { from, to, same: from.hash === to.hash, counts: countBlocks(blocks), blocks, patch: patchOf(blocks) };
}

/** Reads `from` and `to` of a query. */
export function readSides(query: URLSearchParams): BodyRead<readonly [SourceReference, SourceReference]> {
  const read = (name: string, missing: string): SourceReference | null => {
    const values = query.getAll(name);
    return values.length > 1 ? null : readReference(values[0] ?? missing);
  };
  const [from, to] = [read("from", "running"), read("to", "file")];
  if (from !== null && to !== null) return { ok: true, value: [from, to] };
  const detail = `${from === null ? "from" : "to"} must be given once, as ${REFERENCE_FORMS}`;
  return { ok: false, problem: { status: 400, code: "admin/malformed", detail } };
}

/** `{ "from": "running", "to": { "name": "honua.hcl", "text": "…" } }`. */
function readBody(body: unknown): BodyRead<Sides> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return invalidBody("The body must be an object");
  }
  const { from = "running", to = "file", ...others } = body as Record<string, unknown>;
  if (Object.keys(others).length > 0) return invalidBody("A diff has only the members from and to");
  const sides = [readSide(from), readSide(to)] as const;
  if (sides[0] !== null && sides[1] !== null) return { ok: true, value: [sides[0], sides[1]] };
  const forms = `${REFERENCE_FORMS}, or an object with the texts name and text`;
  return invalidBody(`${sides[0] === null ? "from" : "to"} must be ${forms}`);
}

function readSide(side: unknown): DiffSource | null {
  if (typeof side === "string") return readReference(side);
  if (typeof side !== "object" || side === null || Object.keys(side).length !== 2) return null;
  const { name, text } = side as Record<string, unknown>;
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH) return null;
  return typeof text === "string" ? { kind: "text", name, text } : null;
}

/** The problem of a refusal. */
export function problemOf(refusal: DiffRefusal): Problem {
  switch (refusal.kind) {
    case "unknown":
      return { status: 404, code: "admin/no-release", detail: refusal.reason };
    case "rejected": {
      const { label: source, reason: detail, diagnostics } = refusal;
      return { status: 422, code: "admin/rejected", detail, members: { source, diagnostics } };
    }
    case "failed":
      return { status: 503, code: "admin/source-unreadable", detail: refusal.reason };
    case "stopping":
      return STOPPING;
  }
}
