// The page's actions with a real daemon, over the socket, as a browser sends its forms.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openReleaseHost, type ReleaseHost } from "../support/release_host.ts";

/** Confirms an action as the page offers it, and resolves with the text of the answer. */
async function confirm(
  { path }: ReleaseHost,
  action: string,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: path("admin.sock") } });
  const page = `http://localhost/ui/actions/${action}`;
  const ask = async (init: RequestInit = {}) =>
    await (await fetch(page, { ...init, client, signal: AbortSignal.timeout(20_000) })).text();
  const hidden = (await ask()).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  const body = new URLSearchParams({
    ...Object.fromEntries([...hidden].map(([, name, value]) => [name, value])),
    ...fields,
  });
  return await ask({ method: "POST", body, headers: { Origin: "http://localhost" } });
}

Deno.test("an action on the page is in the journal with the person's name and reason", async () => {
  await using host = await openReleaseHost([], { "Admin:UiActions": "true" });
  await host.follow("first", { args: host.args });
  await host.edit("bad");
  await host.shows("the second release", ({ release }) => release?.number === 2);
  const anna = { name: "Anna Öberg", reason: "tiles are empty" };
  assertStringIncludes(await confirm(host, "rollback", anna), "<h1>Rolled back</h1>");
  await host.hasSnapshot("first");
  assertStringIncludes(await confirm(host, "hold", { ...anna, reason: "the fair", hours: "4" }), "<h1>Held</h1>");
  assertStringIncludes(await confirm(host, "release-hold", { name: "Ben" }), "<h1>The hold has ended</h1>");
  await host.edit("third");
  await host.hasSnapshot("third");
  const journal = await host.ends(0, "journal", "--format", "json", "--set", `State:Directory=${host.state}`);
  const lines = journal.trim().split("\n").map((line): Record<"kind" | "who" | "why" | "outcome", string> =>
    JSON.parse(line)
  );
  const of = (kind: string) => lines.filter((line) => line.kind === kind);
  assertEquals(of("rolled-back").map(({ who, why }) => [who, why]), [["Anna Öberg", "tiles are empty"]]);
  assertEquals(of("hold").map(({ who, why }) => [who, why]), [["Anna Öberg", "the fair"]]);
  assertMatch(of("hold")[0]!.outcome, /^until /);
  assertEquals(of("hold-released").map(({ who }) => who), ["Ben"]);
});
