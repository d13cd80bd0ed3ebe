// Diagnostics of the daemon's answers, validated, and rendered like all others.
import * as z from "zod";
import type { DiagnosticAnswer } from "../admin/daemon_api.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderText } from "../diagnostic/render.ts";

const answersSchema = z.array(z.object({
  file: z.string().nullable(),
  severity: z.string(),
  code: z.string(),
  summary: z.string(),
  path: z.string().nullable(),
  line: z.number().nullable(),
  column: z.number().nullable(),
  suggestion: z.string().nullable(),
  // Up to version 0.1 absent.
  frame: z.array(z.string()).nullable().exactOptional(),
}));

export function areDiagnostics(value: unknown): value is readonly DiagnosticAnswer[] {
  return answersSchema.safeParse(value).success;
}

/** Text with the code frames of the answer: the source is on the daemon's host. Empty if there is no diagnostic. */
export function diagnosticsText(answers: readonly DiagnosticAnswer[], colour: boolean): string {
  const ready = new Map(answers.map((answer) => [diagnosticOf(answer), answer.frame ?? []]));
  return renderText([...ready.keys()], { sources: new Map(), colour, frames: false, ready });
}

function diagnosticOf({ file, severity, code, summary, path, line, column, suggestion }: DiagnosticAnswer): Diagnostic {
  const place = file === null || line === null
    ? null
    : { file, line, column: column ?? 1, range: { start: 0, end: 0 } };
  const why = file === null || place !== null ? null : `It is about ${file}`;
  return {
    severity: severity === "warning" ? "warning" : "error",
    code,
    summary,
    why,
    suggestion,
    path,
    place,
    other: null,
  };
}
