import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { boundedDiff, diffView, MAX_SETTINGS } from "../../../src/admin/ui/diff_view.ts";
import type { BlockDiff, SettingDiff } from "../../../src/config/config_diff.ts";

const REFERENCES = [{ kind: "number", number: 1 }, { kind: "file" }] as const;

function shown(blocks: readonly BlockDiff[], toHash = "b".repeat(64)): string {
  const from = { label: "release 1", hash: "a".repeat(64) };
  const to = { label: "/etc/honua.hcl", hash: toHash };
  return String(diffView(boundedDiff({ from, to, blocks }, REFERENCES)));
}

function block(change: BlockDiff["change"], name: string, settings: readonly Partial<SettingDiff>[] = []): BlockDiff {
  const whole = settings.map((one): SettingDiff => ({ path: ["title"], change, secretChanged: false, ...one }));
  return { change, type: "layer", name, at: ["layers", name], settings: whole };
}

/** The lines that a reader sees. */
function linesOf(page: string): string[] {
  const text = page.slice(page.indexOf("</h1>")).replaceAll(/<\/(?:h1|h2|li|p)>/g, "\u0000").replaceAll(/<[^>]*>/g, "")
    .replaceAll(/[ \n]+/g, " ");
  const plain = text.replaceAll("&quot;", '"').replaceAll("&gt;", ">").replaceAll("&lt;", "<");
  return plain.split("\u0000").map((line) => line.trim()).filter((line) => line !== "");
}

Deno.test("a diff has a sign and a word for each block and setting, and both lines of a changed one", () => {
  const page = shown([
    block("changed", "roads", [
      { from: "a", to: "b" },
      { path: ["geometry", "srid"], change: "added", to: 4326 },
      { path: ["fields"], change: "removed", from: { id: {} } },
      { path: ["connection"], from: "[masked]", to: "[masked]", secretChanged: true },
    ]),
    block("added", "rails", [{ to: "Rails" }, { path: ["id"], to: "rails" }]),
    block("removed", "rivers"),
  ]);
  assertEquals(linesOf(page), [
    "From release 1 (aaaaaaaa) to /etc/honua.hcl (bbbbbbbb): 1 added, 1 removed, 1 changed",
    "All releases The other way round",
    '~ layer "roads" changed',
    '- title: "a" was',
    '+ title: "b" now',
    "+ geometry.srid: 4326 added",
    '- fields: {"id":{}} removed',
    "~ connection: (secret changed) changed",
    '+ layer "rails" added',
    '+ title: "Rails"',
    '- layer "rivers" removed',
  ]);
  assertStringIncludes(page, 'href="/ui/releases/diff?from=file&amp;to=1"');
});

Deno.test("two sources with one hash have no difference", () => {
  assertEquals(
    linesOf(shown([], "a".repeat(64)))[0],
    "No difference from release 1 (aaaaaaaa) to /etc/honua.hcl (aaaaaaaa)",
  );
});

Deno.test("a large diff shows its first settings, the number of the others, and the command for all", () => {
  const many = Array.from({ length: MAX_SETTINGS - 1 }, (_, at) => ({ path: [`s${at}`], to: at }));
  const command = "honua-configd diff 1 file --format json has all.";
  const cases: [BlockDiff[], string | null][] = [
    [[block("added", "a", many), block("removed", "b")], null],
    [
      [block("added", "a", many), block("changed", "b", many.slice(0, 3))],
      "And 2 more settings, which this page does not show: ",
    ],
    [
      [block("removed", "b"), block("added", "a", many), block("removed", "c")],
      "And 1 more block, which this page does not show: ",
    ],
    [
      Array.from({ length: 700 }, (_, at) => block("removed", `${at}`)),
      "And 200 more blocks, which this page does not show: ",
    ],
    [
      [block("added", "a", many), block("added", "b", many), block("added", "c", many)],
      "And 997 more settings and 1 more block, which this page does not show: ",
    ],
  ];
  for (const [blocks, note] of cases) {
    const page = shown(blocks);
    assertEquals(linesOf(page).at(-1)?.startsWith("And ") ? linesOf(page).at(-1) : null, note && note + command);
    assert((page.match(/<li/g) ?? []).length <= MAX_SETTINGS);
  }
});

Deno.test("no text of a configuration is markup, and none hides or reorders another", () => {
  const attack = `<img src=x onerror=x>"'>\u202e`;
  const page = shown([{
    change: "changed",
    type: attack,
    name: attack,
    at: [attack],
    settings: [{ path: [attack], change: "changed", from: attack, to: { [attack]: attack }, secretChanged: false }],
  }]);
  assert(!page.includes("<img") && !page.includes(`"'>`) && !page.includes("\u202e"));
  assertStringIncludes(page, "&lt;img");
});
