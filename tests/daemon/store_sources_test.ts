// The texts of announced releases in the store, of which a host whose source is skipped may need one.
import { assertEquals } from "@std/assert";
import { soloNotifier } from "../../src/cluster/solo_notifier.ts";
import { fetchText, offerText } from "../../src/daemon/store_sources.ts";
import { announcementOf, skipOf } from "../support/announcement_of.ts";
import { incarnationOf } from "../support/incarnation.ts";

const HASH = "a".repeat(64);
const BAD = "b".repeat(64);

Deno.test("the text of an announced release is in the store if anything is skipped or undone, and otherwise not", async () => {
  const bytes = new TextEncoder().encode("layer {}");
  for (
    const [more, isNeeded] of [
      [{}, false],
      [{ undoes: [BAD] }, true],
      [{ skips: [skipOf(BAD)] }, true],
    ] as const
  ) {
    await using notifier = soloNotifier({ incarnation: incarnationOf("x") });
    const textOf = () => Promise.resolve({ ok: true, format: "hcl", bytes } as const);
    const warnings: string[] = [];
    const log = { warning: (line: string) => void warnings.push(line) };
    assertEquals(
      await offerText(announcementOf(HASH, null, more), { notifier, keyRing: null, textOf, log, isShared: false }),
      isNeeded,
    );
    const text = await fetchText(notifier, HASH, null);
    assertEquals([text.ok && text.bytes, warnings], [isNeeded && bytes, []]);
  }
});

Deno.test("a text that is not there keeps nothing from being announced, and is reported", async () => {
  await using notifier = soloNotifier({ incarnation: incarnationOf("x") });
  const textOf = () => Promise.resolve({ ok: false, reason: "missing", message: "it is gone" } as const);
  const warnings: string[] = [];
  const log = { warning: (line: string) => void warnings.push(line) };
  assertEquals(
    await offerText(announcementOf(HASH, null, { undoes: [BAD] }), {
      notifier,
      keyRing: null,
      textOf,
      log,
      isShared: false,
    }),
    true,
  );
  assertEquals(warnings.length, 1);
  assertEquals((await fetchText(notifier, HASH, null)).ok, false);
});
