// `honua-configd plan`: shows the effects of a reload, and does nothing. It ends with 0 if nothing would change; with 1
// if another snapshot would come into force, or the source is held or not valid; with 3 if the daemon or the source
// cannot be reached.
import * as z from "zod";
import type { DiagnosticAnswer, PlannedHook } from "../admin/daemon_api.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { isHash } from "../agreement/head.ts";
import type { AdminFlags } from "./admin_address.ts";
import { unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { areDiagnostics, diagnosticsText } from "./diagnostic_answer.ts";
import { DIFF_LIMITS, diffSchema, reportInvalid } from "./diff.ts";
import { comparedText, diffText } from "./diff_text.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { painted } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface PlanRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
}

const planSchema = z.object({
  to: z.object({ label: z.string(), hash: z.custom<string>(isHash) }),
  activates: z.boolean(),
  held: z.string().nullable(),
  warnings: z.custom<readonly DiagnosticAnswer[]>(areDiagnostics),
  hooks: z.array(z.object({
    name: z.string(),
    on: z.enum(["check", "activated"]),
    does: z.enum(["restart", "reload-or-restart", "command", "http", "signal"]),
    unit: z.string().nullable(),
  })),
  noDiff: z.string().nullable(),
});

type Plan = z.infer<typeof planSchema>;

/** Asks for the plan and shows it. */
export async function plan(request: PlanRequest, terminal: Terminal): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    const answer = await client.ask({ path: "admin/plan", ...DIFF_LIMITS });
    if (!answer.ok) return unavailable(answer.message, terminal);
    if (answer.status !== 200) {
      const invalid = reportInvalid(answer, terminal);
      if (invalid !== null && request.format === "json") terminal.out(jsonLine(answer.body));
      return invalid ?? unavailable(client.refusal(answer), terminal);
    }
    const parsed = planSchema.safeParse(answer.body);
    const compared = parsed.data?.noDiff === null ? diffSchema.safeParse(answer.body) : null;
    if (!parsed.success || compared?.success === false) return unavailable(unexpectedAnswer(client), terminal);
    const { data } = parsed;
    terminal.error(diagnosticsText(data.warnings, terminal.colourError));
    if (request.format === "json") terminal.out(jsonLine(answer.body));
    else {
      const { label, hash } = data.to;
      terminal.out(`${terminalText(label)}: valid, hash ${hash}\n`);
      if (compared === null) terminal.out(`No diff: ${terminalText(data.noDiff ?? "")}\n`);
      else terminal.out(comparedText(compared.data) + diffText(compared.data.blocks, terminal.colourOut));
      terminal.out(effectText(data, compared?.data.same === true, terminal.colourOut));
    }
    return data.activates || data.held !== null ? EXIT.invalid : EXIT.done;
  });
}

function effectText({ activates, held, hooks }: Plan, isSame: boolean, colour: boolean): string {
  if (held !== null) {
    const why = painted(`Held: ${terminalText(held)}`, "trouble", colour);
    return hooks.length === 0 ? `${why}\n` : `${why}\nWhen it comes into force it runs:\n${hooksText(hooks)}`;
  }
  if (!activates) return `${painted("Nothing to do: this is in force", "strong", colour)}\n`;
  // The sources are the same, so the difference is in the values that they refer to.
  const why = isSame ? ", because values of the environment changed" : "";
  const head = painted(`A reload would put another snapshot in force${why}`, "strong", colour);
  if (hooks.length === 0) return `${head}, and run no hook\n`;
  return `${head}, and run:\n${hooksText(hooks)}`;
}

function hooksText(hooks: Plan["hooks"]): string {
  return hooks.map((hook) => `  ${hookText(hook)}\n`).join("");
}

function hookText({ name, on, does, unit }: PlannedHook): string {
  const before = on === "check" ? ", before it is in force" : "";
  return `${terminalText(name)} (${actionText(does, unit ?? "its unit")}${before})`;
}

function actionText(does: PlannedHook["does"], unit: string): string {
  switch (does) {
    case "restart":
      return `restarts ${terminalText(unit)}`;
    case "reload-or-restart":
      return `reloads or restarts ${terminalText(unit)}`;
    case "command":
      return "a command";
    case "http":
      return "a request";
    case "signal":
      return "a signal";
  }
}
