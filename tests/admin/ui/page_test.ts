// The answers with a view: an open page, which asks again and again, gets only new content.
import { assert, assertEquals } from "@std/assert";
import { openAdminHost } from "../admin_host.ts";

Deno.test("a view that the reader has is not sent again, and another one is", async () => {
  await using host = await openAdminHost();
  host.api.answerPeers = () => Promise.resolve({ ok: false, reason: "away" });
  for (const path of ["/ui", "/ui/releases"]) {
    const first = await host.ask(path);
    const tag = first.headers.get("ETag")!;
    assert((await first.text()).includes("<main"));
    const again = await host.ask(path, { headers: { "If-None-Match": tag } });
    assertEquals([again.status, await again.text(), again.headers.get("ETag")], [304, "", tag], path);
    assertEquals(
      again.headers.get("Content-Security-Policy"),
      first.headers.get("Content-Security-Policy"),
    );
    const other = await host.ask(path, { headers: { "If-None-Match": `"${"A".repeat(43)}"` } });
    assertEquals([other.status, other.headers.get("ETag")], [200, tag], path);
    await other.body?.cancel();
  }
  const before = await host.ask("/ui");
  const status = await host.api.status();
  host.api.status = () => Promise.resolve({ ...status, version: "1.0.1" });
  const after = await host.ask("/ui", { headers: { "If-None-Match": before.headers.get("ETag")! } });
  assertEquals(after.status, 200);
  await Promise.all([before.body?.cancel(), after.body?.cancel()]);
});

Deno.test("a page that names a problem has no tag, so that it is sent each time", async () => {
  await using host = await openAdminHost();
  const answer = await host.ask("/ui/releases/diff?from=900&to=901", { headers: { "If-None-Match": "*" } });
  assert((await answer.text()).includes("<main"));
  assertEquals([answer.status >= 400, answer.headers.get("ETag")], [true, null]);
});

Deno.test("the script of an open page gets the parts of the view, and nothing that the page has already", async () => {
  await using host = await openAdminHost();
  for (const path of ["/ui", "/ui/releases", "/ui/host"]) {
    const whole = await (await host.ask(path)).text();
    const answer = await host.ask(path, { headers: { "X-Honua-Refresh": "1" } });
    const parts = await answer.text();
    assertEquals(answer.status, 200);
    assertEquals(partsOf(parts), partsOf(whole), path);
    assert(partsOf(whole).length > 0 && whole.includes("<style>"), path);
    assert(!/<style|<script|<header/.test(parts), path);
  }
});

/** The ids of the parts that the script replaces. */
function partsOf(text: string): string[] {
  return [...text.matchAll(/id="([^"]*)"[^>]* data-live/g)].map(([, id]) => id!);
}
