// Differences of two configurations as people read a review: a line for each block, and below it one for each setting.
// Nothing is left out without a line that says how much.
import type { BlockDiff, DiffCounts, SettingDiff } from "../config/config_diff.ts";
import {
  blockTitle,
  countsText,
  SECRET_CHANGED,
  settingName,
  SIGNS,
  untitledSettings,
  valueTexts,
} from "../config/setting_text.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { painted, shortHash } from "./table.ts";

const MAX_BLOCKS = 1_000;
const MAX_SETTINGS = 100;

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
  return `From ${one} to ${other}: ${countsText(counts)}\n`;
}

/** The blocks that differ, each with its settings; values are masked already. */
export function diffText(blocks: readonly BlockDiff[], colour: boolean): string {
  const shown = blocks.slice(0, MAX_BLOCKS).map((block) => blockText(block, colour));
  return shown.join("") + moreText("", blocks.length - MAX_BLOCKS, "block");
}

function blockText(block: BlockDiff, colour: boolean): string {
  const { change, settings } = block;
  const head = `${SIGNS[change]} ${blockTitle(block)}`;
  const [only] = settings;
  // The block of a variable is one value.
  if (only?.path.length === 0) return `${painted(`${head}: ${valuesText(only)}`, change, colour)}\n`;
  const untitled = untitledSettings(block);
  const lines = untitled.slice(0, MAX_SETTINGS).map((setting) => {
    // In an added block all settings are new.
    const sign = change === "added" || setting.change === "changed" ? " " : SIGNS[setting.change];
    const style = setting.change === "changed" ? "plain" : setting.change;
    return `${painted(`  ${sign} ${settingName(setting)}: ${valuesText(setting)}`, style, colour)}\n`;
  });
  return `${painted(head, change, colour)}\n${lines.join("")}${
    moreText("    ", untitled.length - MAX_SETTINGS, "setting")
  }`;
}

function moreText(indent: string, count: number, what: string): string {
  return count <= 0 ? "" : `${indent}… and ${count} more ${what}${count === 1 ? "" : "s"}: --format json has all\n`;
}

function valuesText(setting: SettingDiff): string {
  if (setting.secretChanged) return SECRET_CHANGED;
  const { from, to } = valueTexts(setting);
  return [from, to].filter((text) => text !== null).join(" → ");
}
