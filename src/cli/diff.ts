// `honua-configd diff [A] [B]`: shows the differences between two sources of the daemon, or files of this host, with
// secrets masked. It ends with 0 if they are the same, with 1 if they differ or one is not valid, with 3 if one of them
// cannot be had.
import * as z from "zod";
import { readReference, REFERENCE_FORMS } from "../releases/source_reference.ts";
import type { DiagnosticAnswer } from "../admin/daemon_api.ts";
import type { BlockDiff, PatchOperation } from "../config/config_diff.ts";
import { renderText } from "../diagnostic/render.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { isHash } from "../agreement/head.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminAnswer, type AdminRequest, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { areDiagnostics, diagnosticsText } from "./diagnostic_answer.ts";
import { comparedText, diffText } from "./diff_text.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { exitCodeOf, readArgument } from "./source_argument.ts";
import type { Terminal } from "./terminal.ts";

export interface DiffRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** A reference to a source of the daemon, or a path. */
  readonly from: string;
  readonly to: string;
}

/** The daemon gives a diff 60 s; the rest is for its answer to arrive. */
const DIFF_LIMIT_MILLISECONDS = 65_000;

/** The differences of two sources of 16 MiB, twice: as blocks and as a patch. */
const MAX_DIFF_BYTES = 128 * 1024 * 1024;

/** The parts of a request for a diff or a plan beside its path. */
export const DIFF_LIMITS = { limitMilliseconds: DIFF_LIMIT_MILLISECONDS, maxBytes: MAX_DIFF_BYTES } as const;

const side = z.object({ label: z.string(), hash: z.custom<string>(isHash) });
const change = z.enum(["added", "removed", "changed"]);
const count = z.number();

const blockSchema = z.object({
  change,
  type: z.string(),
  name: z.string().nullable(),
  at: z.array(z.string()),
  settings: z.array(z.object({
    path: z.array(z.string()),
    change,
    from: z.unknown().optional(),
    to: z.unknown().optional(),
    secretChanged: z.boolean(),
  })),
});

/** The answer to a request for a diff. */
export const diffSchema = z.object({
  from: side,
  to: side,
  same: z.boolean(),
  counts: z.object({ added: count, removed: count, changed: count }),
  blocks: z.array(z.custom<BlockDiff>((value) => blockSchema.safeParse(value).success)),
  patch: z.array(z.custom<PatchOperation>((value) => typeof value === "object" && value !== null)),
});

/** Compares two sources and shows the differences. */
export async function diff(request: DiffRequest, terminal: Terminal): Promise<ExitCode> {
  const asked = await requestOf(request, terminal);
  if (typeof asked === "number") return asked;
  return await withAdminClient(request.address, terminal, async (client) => {
    const answer = await client.ask({ ...asked, ...DIFF_LIMITS });
    if (!answer.ok) return unavailable(answer.message, terminal);
    if (answer.status !== 200) {
      return reportInvalid(answer, terminal) ?? unavailable(client.refusal(answer), terminal);
    }
    const parsed = diffSchema.safeParse(answer.body);
    if (!parsed.success) return unavailable(unexpectedAnswer(client), terminal);
    const { same, blocks, patch } = parsed.data;
    if (request.format === "json") {
      terminal.out(jsonLine(patch));
      noteSecrets(blocks, terminal);
    } else {
      terminal.out(comparedText(parsed.data));
      terminal.out(diffText(blocks, terminal.colourOut));
    }
    return same ? EXIT.done : EXIT.invalid;
  });
}

/** A patch of masked configurations cannot show that a secret changed. */
function noteSecrets(blocks: readonly BlockDiff[], terminal: Terminal): void {
  const secrets = blocks.flatMap(({ settings }) => settings).filter(({ secretChanged }) => secretChanged).length;
  if (secrets === 0) return;
  const text = secrets === 1 ? "1 secret changed, which" : `${secrets} secrets changed, which`;
  terminal.error(`${text} the patch does not show\n`);
}

/** The request, or the exit code if there is none to send. */
async function requestOf({ from, to }: DiffRequest, terminal: Terminal): Promise<AdminRequest | ExitCode> {
  const sides: (string | { readonly name: string; readonly text: string })[] = [];
  for (const argument of [from, to]) {
    if (!isPath(argument)) {
      if (readReference(argument) === null) {
        terminal.error(`${terminalText(argument)} must be ${REFERENCE_FORMS}, or a path with a / or a . in it\n`);
        return EXIT.usage;
      }
      sides.push(argument);
      continue;
    }
    const read = await readArgument(argument, "-", terminal);
    if (!read.ok) {
      const { diagnostic } = read;
      terminal.error(renderText([diagnostic], { sources: new Map(), colour: terminal.colourError, frames: false }));
      return exitCodeOf([diagnostic]);
    }
    sides.push({ name: argument, text: read.source.text });
  }
  const [one, other] = sides;
  if (typeof one === "string" && typeof other === "string") {
    return { path: `admin/diff?${new URLSearchParams({ from: one, to: other })}` };
  }
  return { method: "POST", path: "admin/diff", json: { from: one, to: other } };
}

function isPath(argument: string): boolean {
  return argument === "-" || /[/.]/.test(argument);
}

const rejectedSchema = z.object({
  source: z.string(),
  detail: z.string(),
  diagnostics: z.custom<readonly DiagnosticAnswer[]>(areDiagnostics),
});

/** Reports that a source is not valid; null: the answer says something else. */
export function reportInvalid(
  { status, body }: Extract<AdminAnswer, { ok: true }>,
  terminal: Terminal,
): ExitCode | null {
  const parsed = rejectedSchema.safeParse(body);
  if (status !== 422 || !parsed.success) return null;
  const { source, diagnostics } = parsed.data;
  terminal.error(diagnosticsText(diagnostics, terminal.colourError));
  terminal.error(`${terminalText(source)}: invalid\n`);
  return EXIT.invalid;
}
