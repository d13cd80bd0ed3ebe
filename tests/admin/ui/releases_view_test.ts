import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MAX_SHOWN, newestReleases, releasesView } from "../../../src/admin/ui/releases_view.ts";
import type { ListedRelease } from "../../../src/releases/history_list.ts";
import { releaseAnswer } from "../fake_daemon_api.ts";

const ATTACK = `<script>x</script>"'><img src=x onerror=x>`;

function shown(history: readonly ListedRelease[], hasFile = true): string {
  return String(releasesView({ rollout: { ok: true, rollout: null }, hasFile, ...newestReleases(history) }));
}

Deno.test("a release is a row with its cause, state and changes in words, and a link to its differences", () => {
  const page = shown([
    releaseAnswer(43, "c".repeat(64), {
      isRunning: true,
      state: "baking",
      cause: "rollback",
      author: "anna",
      reason: "tiles",
    }),
    releaseAnswer(41, "a".repeat(64), { until: "2026-01-02T00:00:00.000Z", state: "rolled-back", changes: null }),
  ]);
  const [newer, older] = page.split("<tbody>")[1]!.split("</tr>").map((row) => row.replaceAll(/<[^>]*>/g, " "));
  assertMatch(
    newer!.replaceAll(/\s+/g, " "),
    /^ 43 in force cccccccc .* now anna \(rollback\) tiles baking .*1 added, 0 removed, 3 changed/,
  );
  assertStringIncludes(page, 'href="/ui/releases/diff?from=41&amp;to=43"');
  assertMatch(older!.replaceAll(/\s+/g, " "), /^ 41 aaaaaaaa .* file – rolled back not counted $/);
  assertMatch(page, /class="bad">rolled back/);
});

Deno.test("a history of more releases than a page shows says how many are not there, and links to the one before the last", () => {
  const history = Array.from({ length: MAX_SHOWN + 2 }, (_, at) => releaseAnswer(500 - at, "a1"));
  const page = shown(history);
  assertEquals(page.match(/<tr>/g)?.length, 1 + MAX_SHOWN);
  assertStringIncludes(page, "2 older releases are not shown: ");
  assertStringIncludes(page, "from=400&amp;to=401");
  assert(!(shown(history.slice(0, MAX_SHOWN))).includes("not shown"));
});

Deno.test("the form compares the two newest releases unless others are chosen", () => {
  const page = shown([releaseAnswer(3, "c3"), releaseAnswer(2, "b2"), releaseAnswer(1, "a1")]);
  const [from, to] = page.match(/<select[\s\S]*?<\/select>/g)!.map((one) => one.match(/value="(\w+)" selected/)![1]);
  assertEquals([from, to], ["2", "3"]);
  assertEquals(page.match(/<option value="file">/g)?.length, 2);
  assertStringIncludes(shown([]), "No release was put in force yet.");
});

Deno.test("a host that takes its source from the store offers no file to compare", () => {
  const page = shown([releaseAnswer(3, "c3"), releaseAnswer(2, "b2")], false);
  assertEquals(page.match(/<option value="\w+"/g)?.length, 4);
  assert(!page.includes("file</option>") && !page.includes("false"));
});

Deno.test("no text of a release is markup", () => {
  const page = shown([
    releaseAnswer(1, ATTACK, {
      author: ATTACK,
      reason: ATTACK,
      cause: ATTACK as "file",
      state: ATTACK as "healthy",
      at: ATTACK,
      until: ATTACK,
    }),
  ]);
  assert(!page.includes("<script") && !page.includes(`"'>`));
  assertStringIncludes(page, "&lt;script&gt;");
});
