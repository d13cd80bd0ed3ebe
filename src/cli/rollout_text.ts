// A rollout in words: one line for how far it is, and a page with its hosts.
import * as z from "zod";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { painted, renderTable, shortHash } from "./table.ts";
import { agoText, durationText } from "../time/elapsed_text.ts";

/** The part of a rollout that its line shows. */
export const rolloutSummarySchema = z.object({
  hash: z.string(),
  phase: z.string(),
  step: z.int().min(0),
  steps: z.array(z.number()).min(1),
  why: z.string().nullable(),
  isUnderWay: z.boolean(),
  isVoid: z.boolean(),
  isDone: z.boolean(),
});

/** All of a rollout that is shown. */
export const rolloutSchema = rolloutSummarySchema.extend({
  base: z.string(),
  by: z.string(),
  author: z.string().nullable(),
  reason: z.string().nullable(),
  at: z.string(),
  ageSeconds: z.number(),
  bakeSeconds: z.number(),
  deadlineSeconds: z.number(),
  hosts: z.array(z.object({
    instance: z.string(),
    rank: z.number().nullable(),
    isLetIn: z.boolean(),
    runs: z.string().nullable(),
    state: z.string().nullable(),
    rejected: z.string().nullable(),
    isHere: z.boolean(),
    self: z.boolean(),
  })),
  waitsFor: z.array(z.string()),
});

export type RolloutSummary = z.infer<typeof rolloutSummarySchema>;
export type Rollout = z.infer<typeof rolloutSchema>;

/** The outcome of a rollout, as far as it is known. */
export type RolloutEnd = "under way" | "waits" | "done" | "rolled back" | "withdrawn" | "void";

/** `waits`: it goes on only if a person says so. */
export function endOf({ phase, isUnderWay, isVoid, isDone }: RolloutSummary): RolloutEnd {
  if (isDone) return "done";
  if (phase === "withdrawn") return phase;
  // A skip of the candidate takes it back before the phase says so.
  if (phase === "rolled-back" || (!isUnderWay && !isVoid)) return "rolled back";
  if (isVoid) return "void";
  return phase === "halted" || phase === "paused" ? "waits" : "under way";
}

/** Whether a status shows it: it is under way, or a person should know how it ended. */
export function isShown(rollout: RolloutSummary): boolean {
  return ["under way", "waits", "rolled back"].includes(endOf(rollout));
}

/** `Rollout of 3f2a91c0: step 2 of 3, 3 of 10 hosts let in, baking`. */
export function rolloutLine(rollout: RolloutSummary): string {
  return `Rollout of ${shortHash(rollout.hash)}: ${progressText(rollout)}`;
}

/** The same without the name. */
export function progressText(rollout: RolloutSummary): string {
  const { phase, step, steps, why } = rollout;
  const because = why === null ? "" : `: ${terminalText(why)}`;
  const end = endOf(rollout);
  switch (end) {
    case "done":
      return "done, all hosts are let in";
    case "void":
      return "over, because another configuration came into force meanwhile";
    case "rolled back":
    case "withdrawn":
      return `${end}${because}`;
    default: {
      const hosts = steps.at(-1)!;
      if (phase === "awaiting-approval") return `waits for approvals before the first of ${hosts} hosts is let in`;
      const letIn = `${steps[step] ?? hosts} of ${hosts} ${hosts === 1 ? "host" : "hosts"} let in`;
      return `step ${step + 1} of ${steps.length}, ${letIn}, ${terminalText(phase)}${because}`;
    }
  }
}

const HEADINGS = ["", "HOST", "PLACE", "LET IN", "RUNS", "STATE", "NOTE"];

/** The most hosts of a page that are neither let in nor this one: of a large fleet only their number matters. */
const MAX_WAITING = 20;

/** The page of a rollout; `now` is the time in milliseconds since 1970. */
export function rolloutPage(rollout: Rollout, now: number, colour: boolean): string {
  const { base, by, author, reason, at, steps, waitsFor } = rollout;
  const person = author === null ? "" : `${terminalText(author)} on `;
  const rows: [string, string][] = [
    [
      "Proposed by",
      `${person}${terminalText(by)}, ${agoText(at, now)}${reason === null ? "" : `: ${terminalText(reason)}`}`,
    ],
    ["In place of", shortHash(base)],
    ["Steps", `${steps.join(", ")} ${steps.at(-1) === 1 ? "host" : "hosts"}`],
    ["Last move", moveText(rollout)],
    ...waitsFor.map((text, index): [string, string] => [index === 0 ? "Waits for" : "", terminalText(text)]),
  ];
  const isTrouble = ["waits", "rolled back"].includes(endOf(rollout));
  const lines = rows.map(([name, text]) => `${name.padEnd(13)}${text}`);
  const head = painted(rolloutLine(rollout), isTrouble ? "trouble" : "strong", colour);
  return `${[head, ...lines].join("\n")}\n\n${hostsText(rollout)}`;
}

/** When it was moved, and what the next limit is. */
function moveText(rollout: Rollout): string {
  const { phase, ageSeconds, bakeSeconds, deadlineSeconds } = rollout;
  const ago = `${durationText(ageSeconds * 1000)} ago`;
  if (endOf(rollout) !== "under way") return ago;
  const limit = phase === "baking" ? bakeSeconds : deadlineSeconds;
  const left = durationText((limit - ageSeconds) * 1000);
  return phase === "baking"
    ? `${ago}, bakes for ${left} more`
    : `${ago}, is halted in ${left} if its hosts are not healthy`;
}

function hostsText({ hosts }: Rollout): string {
  const waiting = hosts.filter(({ isLetIn, self }) => !isLetIn && !self);
  const left = new Set(waiting.slice(MAX_WAITING));
  const rows = hosts.filter((host) => !left.has(host)).map((host) => [
    host.self ? "*" : "",
    host.instance,
    host.rank === null ? "-" : String(host.rank + 1),
    host.isLetIn ? "yes" : "no",
    host.runs ?? "-",
    host.state?.replace("-", " ") ?? "-",
    noteText(host),
  ]);
  return renderTable(HEADINGS, rows) + (left.size === 0 ? "" : `and ${left.size} more that are not let in\n`);
}

function noteText({ rejected, isHere, rank }: Rollout["hosts"][number]): string {
  if (rejected !== null) return `rejected it: ${rejected}`;
  if (!isHere) return "has no record now: it is away, and this is its id";
  return rank === null ? "came later: it follows when the rollout is done" : "";
}
