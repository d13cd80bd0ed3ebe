// Writes the settings into docs/options.md, from the reference that the manual page shares; people write the text
// around them. Run `scripts/deno run -A scripts/options_page.ts` after a change of the reference.
import { HOOK_TEXTS, SETTING_TEXTS, type SettingText } from "../src/cli/settings_reference.ts";

const PAGE = new URL("../docs/options.md", import.meta.url);
const WIDTH = 120;

/** Replaces the settings of the page. */
export function withSettings(page: string): string {
  const sections = [...Map.groupBy(SETTING_TEXTS, ({ name }) => name.split(":")[0]!)];
  const settings = sections.map(([section, texts]) => `### ${section}\n\n${itemsOf(texts)}`).join("\n\n");
  return replaced(replaced(page, "settings", settings), "members of a hook", itemsOf(HOOK_TEXTS));
}

function replaced(page: string, what: string, text: string): string {
  const begin = `<!-- ${what}, made by scripts/options_page.ts -->\n`;
  const end = `\n<!-- end of ${what} -->`;
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`the page has no place for the ${what}`);
  return `${before}${begin}\n${text}\n${end}${after}`;
}

function itemsOf(texts: readonly SettingText[]): string {
  return texts.map(({ name, initial, bounds, meaning }) =>
    wrapped(`- \`${name}\`: ${meaning} (${linked(bounds)}; default: ${initial})`)
  ).join("\n");
}

/** `docs/cluster.md: Requirements of Redis` as a link relative to that page. */
function linked(text: string): string {
  return text.replace(/docs\/(\w+\.md): ([\w ]+)/, (_, page, heading: string) => {
    return `[${heading}](${page}#${heading.toLowerCase().replaceAll(" ", "-")})`;
  });
}

/** In lines of a readable width; code and links stay whole. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.match(/(?:`[^`]*`|\[[^\]]*\]|[^\s`[])+/g) ?? []) {
    const last = lines.at(-1)!;
    if (last === "") lines[lines.length - 1] = word;
    else if (`${last} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}

if (import.meta.main) await Deno.writeTextFile(PAGE, withSettings(await Deno.readTextFile(PAGE)));
