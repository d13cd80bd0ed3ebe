// A rollout in words: one line for how far it is, and a page with its hosts.
import * as z from "zod";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { endOf, moveText, noteText, progressText } from "../rollout/progress_text.ts";
import { agoText } from "../time/elapsed_text.ts";
import { painted, renderTable, shortHash } from "./table.ts";

/** The part of a rollout that its line shows. */
export const rolloutSummarySchema = z.object({
  hash: z.string(),
  phase: z.string(),
  step: z.int().min(0),
  steps: z.array(z.number()).min(1),
  leftOut: z.number().optional(),
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
    isLeftOut: z.boolean().optional(),
    isLetIn: z.boolean(),
    runs: z.string().nullable(),
    state: z.string().nullable(),
    rejected: z.string().nullable(),
    // An older daemon does not have it.
    ownRejected: z.string().nullable().default(null),
    hindrance: z.string().optional(),
    isHere: z.boolean(),
    self: z.boolean(),
  })),
  waitsFor: z.array(z.string()),
});

export type RolloutSummary = z.infer<typeof rolloutSummarySchema>;
export type Rollout = z.infer<typeof rolloutSchema>;

/** `Rollout of 3f2a91c0: step 2 of 3, 3 of 10 hosts let in, baking`. */
export function rolloutLine(rollout: RolloutSummary): string {
  return `Rollout of ${shortHash(rollout.hash)}: ${terminalText(progressText(rollout))}`;
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
