// Settings of a diff as people read a review, in texts that a terminal and a page show unchanged: bounded, on one line,
// and without characters that hide or reorder others. Values are masked already.
import { terminalText } from "../diagnostic/terminal_text.ts";
import type { BlockDiff, Change, DiffCounts, SettingDiff } from "./config_diff.ts";

const MAX_VALUE_LENGTH = 200;
const MAX_NAME_LENGTH = 256;

/** The mark before the line of a change. */
export const SIGNS: Readonly<Record<Change, string>> = { added: "+", removed: "-", changed: "~" };

/** The text for a secret that changed, because its masked values are the same. */
export const SECRET_CHANGED = "(secret changed)";

/** `2 added, 1 removed, 2 changed`. */
export function countsText({ added, removed, changed }: DiffCounts): string {
  return `${added} added, ${removed} removed, ${changed} changed`;
}

/** `layer "roads"`. */
export function blockTitle({ type, name }: Pick<BlockDiff, "type" | "name">): string {
  const label = name === null ? "" : ` ${terminalText(JSON.stringify(name), MAX_NAME_LENGTH)}`;
  return `${terminalText(type, MAX_NAME_LENGTH)}${label}`;
}

/** The settings that a block's title does not say: that of an added block has its id. */
export function untitledSettings({ change, settings }: BlockDiff): readonly SettingDiff[] {
  if (change !== "added") return settings;
  return settings.filter(({ path: [first, ...inner] }) => first !== "id" || inner.length > 0);
}

/** `geometry.srid`; empty: the block is one value. */
export function settingName({ path }: SettingDiff): string {
  return terminalText(path.join("."), MAX_NAME_LENGTH);
}

/** Both values as JSON, null if there is none; of two long ones the part that differs. */
export function valueTexts({ from, to }: SettingDiff): { readonly from: string | null; readonly to: string | null } {
  const textOf = (value: unknown) => value === undefined ? null : JSON.stringify(value);
  const [old, current] = [textOf(from), textOf(to)];
  const isLong = old !== null && current !== null && Math.max(old.length, current.length) > MAX_VALUE_LENGTH;
  const start = isLong ? differsAt(old, current) : 0;
  return { from: old === null ? null : excerpt(old, start), to: current === null ? null : excerpt(current, start) };
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
