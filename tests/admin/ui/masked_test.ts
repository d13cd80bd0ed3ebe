import { assert, assertEquals } from "@std/assert";
import { textMasker } from "../../../src/diagnostic/text_masker.ts";
import { API_WORDS } from "../../../src/admin/ui/api_words.ts";
import { masked } from "../../../src/admin/ui/masked.ts";
import { openAdminHost } from "../admin_host.ts";

Deno.test("each view answers if a secret is one of the words that it looks up", async () => {
  await using host = await openAdminHost({ uiActions: true });
  host.api.mask = textMasker(API_WORDS);
  for (const path of ["/ui", "/ui/releases", "/ui/host", "/ui/actions/rollback", "/ui/actions/hold"]) {
    const answer = await host.ask(path);
    const page = await answer.text();
    assertEquals(answer.status, 200, `${path}: ${page}`);
    assert(!/<main[^]*(?:undefined|NaN)[^]*<\/main>/.test(page), page);
  }
  assertEquals(host.logged, []);
});

Deno.test("texts are masked, and characters that hide or reorder text are written out", () => {
  const mask = textMasker(["a<b&c"]);
  const text = "x a<b&c An\u202ena\u2028\u0007 tab\there\nnext 👩\u200d🚒";
  assertEquals(masked({ list: [text, 1, null] }, mask), {
    list: ["x [masked] An<U+202E>na<U+2028>␇ tab\there\nnext 👩\u200d🚒", 1, null],
  });
});
