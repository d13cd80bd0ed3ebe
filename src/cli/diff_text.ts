// Differences of two configurations as people read a review: a line for each block, and below it one for each setting.
// Nothing is left out without a line that says how much.
import type { BlockDiff, Change, DiffCounts, SettingDiff } from "../config/config_diff.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { painted, shortHash } from "./table.ts";

const MAX_BLOCKS = 1_000;
const MAX_SETTINGS = 100;
const MAX_VALUE_LENGTH = 200;
const MAX_NAME_LENGTH = 256;

const SIGNS: Readonly<Record<Change, string>> = { added: "+", removed: "-", changed: "~" };

/** Two sources, as the daemon answers them. */
export interface ComparedSources {
  readonly from: { readonly label: string; readonly hash: string };
  readonly to: { readonly label: string; readonly hash: string };
  readonly counts: DiffCounts;
}

/** One line that names both sources and counts the blocks that differ. */
export function comparedText({ from, to, counts }: ComparedSources): string {
  const [one, other] = [from, to].map(({ label, hash }) => `${terminalText(label)} (${shortHash(hash)})`);
  if (from.hash === to.hash) return `No difference from ${one} to ${other}\n`;
  const { added, removed, changed } = counts;
  return `From ${one} to ${other}: ${added} added, ${removed} removed, ${changed} changed\n`;
}

/** The blocks that differ, each with its settings; values are masked already. */
export function diffText(blocks: readonly BlockDiff[], colour: boolean): string {
  const shown = blocks.slice(0, MAX_BLOCKS).map((block) => blockText(block, colour));
  return shown.join("") + moreText("", blocks.length - MAX_BLOCKS, "block");
}

function blockText({ change, type, name, settings }: BlockDiff, colour: boolean): string {
  const label = name === null ? "" : ` ${quoted(name)}`;
  const head = `${SIGNS[change]} ${terminalText(type, MAX_NAME_LENGTH)}${label}`;
  const [only] = settings;
  // The block of a variable is one value.
  if (only?.path.length === 0) return `${painted(`${head}: ${valuesText(only)}`, change, colour)}\n`;
  // The head has the id.
  const told = settings.filter(({ path: [first, ...inner] }) =>
    change !== "added" || first !== "id" || inner.length > 0
  );
  const lines = told.slice(0, MAX_SETTINGS).map((setting) => {
    // In an added block all settings are new.
    const sign = change === "added" || setting.change === "changed" ? " " : SIGNS[setting.change];
    const path = terminalText(setting.path.join("."), MAX_NAME_LENGTH);
    const style = setting.change === "changed" ? "plain" : setting.change;
    return `${painted(`  ${sign} ${path}: ${valuesText(setting)}`, style, colour)}\n`;
  });
  return `${painted(head, change, colour)}\n${lines.join("")}${
    moreText("    ", told.length - MAX_SETTINGS, "setting")
  }`;
}

function moreText(indent: string, count: number, what: string): string {
  return count <= 0 ? "" : `${indent}… and ${count} more ${what}${count === 1 ? "" : "s"}: --format json has all\n`;
}

function valuesText({ from, to, secretChanged }: SettingDiff): string {
  if (secretChanged) return "(secret changed)";
  if (from === undefined) return excerpt(JSON.stringify(to), 0);
  if (to === undefined) return excerpt(JSON.stringify(from), 0);
  const [old, current] = [JSON.stringify(from), JSON.stringify(to)];
  const start = old.length > MAX_VALUE_LENGTH || current.length > MAX_VALUE_LENGTH ? differsAt(old, current) : 0;
  return `${excerpt(old, start)} → ${excerpt(current, start)}`;
}

/** A little before the first character that differs, so that two long values do not look the same. */
function differsAt(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at < MAX_VALUE_LENGTH / 2 ? 0 : at - 20;
}

function excerpt(text: string, start: number): string {
  return (start > 0 ? "…" : "") + terminalText(text.slice(start), MAX_VALUE_LENGTH);
}

function quoted(name: string): string {
  return terminalText(JSON.stringify(name), MAX_NAME_LENGTH);
}
