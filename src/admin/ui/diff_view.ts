// The differences of two sources as one reads a review: each block with its settings, old and new lines below one
// another. A sign and a word are beside each colour.
import {
  type BlockDiff,
  type Change,
  countBlocks,
  type DiffCounts,
  type SettingDiff,
} from "../../config/config_diff.ts";
import {
  blockTitle,
  countsText,
  SECRET_CHANGED,
  settingName,
  SIGNS,
  untitledSettings,
  valueTexts,
} from "../../config/setting_text.ts";
import { referenceText, type SourceReference } from "../../releases/source_reference.ts";
import type { Diff, DiffSide } from "../daemon_api.ts";
import { type Markup, markup } from "./markup.ts";
import { hashTag } from "./hash_tag.ts";

/** The most settings that the page shows; a block without settings counts as one. */
export const MAX_SETTINGS = 500;

/** The masked facts of the view. */
export interface DiffModel {
  readonly from: DiffSide;
  readonly to: DiffSide;
  /** Of all blocks. */
  readonly counts: DiffCounts;
  /** The first of them. */
  readonly blocks: readonly BlockDiff[];
  /** The numbers of those that are not in `blocks`. */
  readonly left: { readonly settings: number; readonly blocks: number };
  /** As the query has them, for links and commands. */
  readonly references: { readonly from: string; readonly to: string };
}

/** Bounds a diff, so that no more than it shows has to be masked. */
export function boundedDiff(
  { from, to, blocks }: Diff,
  [one, other]: readonly [SourceReference, SourceReference],
): DiffModel {
  const shown: BlockDiff[] = [];
  let settingsLeft = 0;
  let room = MAX_SETTINGS;
  for (const block of blocks) {
    const settings = block.settings.slice(0, room);
    settingsLeft += block.settings.length - settings.length;
    if (room > 0) shown.push({ ...block, settings });
    room = Math.max(0, room - Math.max(1, settings.length));
  }
  return {
    from,
    to,
    counts: countBlocks(blocks),
    blocks: shown,
    left: { settings: settingsLeft, blocks: blocks.length - shown.length },
    references: { from: referenceText(one), to: referenceText(other) },
  };
}

/** Renders the differences below a sentence that counts them. */
export function diffView({ from, to, counts, blocks, left, references }: DiffModel): Markup {
  const sides = markup`${sideOf(from)} to ${sideOf(to)}`;
  return markup`<h1>Differences</h1>
<p>${from.hash === to.hash ? markup`No difference from ${sides}` : markup`From ${sides}: ${countsText(counts)}`}</p>
<p class="actions"><a href="/ui/releases">All releases</a>
<a href="/ui/releases/diff?from=${references.to}&amp;to=${references.from}">The other way round</a></p>
${blocks.map(blockOf)}
${leftNote(left, references)}`;
}

function sideOf({ label, hash }: DiffSide): Markup {
  return markup`${label} (${hashTag(hash)})`;
}

function blockOf(block: BlockDiff): Markup {
  const { change } = block;
  const lines = untitledSettings(block).flatMap((one) => linesOf(one, change));
  return markup`<section class="block">
<h2 class="${change}"><span aria-hidden="true">${SIGNS[change]}</span> ${
    blockTitle(block)
  } <small>${change}</small></h2>
${lines.length > 0 && markup`<ul>${lines}</ul>`}
</section>
`;
}

/** Of a changed setting both lines. */
function linesOf(setting: SettingDiff, ofBlock: Change): Markup[] {
  const name = settingName(setting);
  if (setting.secretChanged) return [lineOf("changed", "changed", name, SECRET_CHANGED)];
  const { from, to } = valueTexts(setting);
  if (from !== null && to !== null) return [lineOf("removed", "was", name, from), lineOf("added", "now", name, to)];
  if (from !== null) return [lineOf("removed", "removed", name, from)];
  // In an added block all settings are new, and its title says so.
  return [lineOf("added", ofBlock === "added" ? null : "added", name, to ?? "")];
}

function lineOf(change: Change, word: string | null, name: string, value: string): Markup {
  // The block of a variable is one value without a name.
  const text = name === "" ? value : `${name}: ${value}`;
  return markup`<li class="${change}"><span aria-hidden="true">${SIGNS[change]}</span> <code>${text}</code>${
    word !== null && markup` <small>${word}</small>`
  }</li>
`;
}

function leftNote({ settings, blocks }: DiffModel["left"], { from, to }: DiffModel["references"]): Markup | null {
  if (settings === 0 && blocks === 0) return null;
  const counted = (count: number, unit: string) =>
    count === 0 ? [] : [`${count} more ${unit}${count === 1 ? "" : "s"}`];
  const more = [...counted(settings, "setting"), ...counted(blocks, "block")].join(" and ");
  const command = `honua-configd diff ${from} ${to} --format json`;
  return markup`<p>And ${more}, which this page does not show: <code>${command}</code> has all.</p>`;
}
