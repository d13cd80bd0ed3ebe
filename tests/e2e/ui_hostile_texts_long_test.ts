// Any text that a configuration, an instance's name, a hook or a person can write stays text on the page: it makes no
// element and runs no script.
import { assert, assertEquals } from "@std/assert";
import { HAS_BROWSER, openBrowser } from "../support/browser.ts";
import { type FleetInstance, openFleet } from "../support/fleet.ts";
import { sampleJson } from "../support/sample_source.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

/** Ends an attribute, a text and an element, and is a script in each of them. At most 64 characters, as an author. */
function hostile(place: string): string {
  return `"'></td></pre><img src=x onerror=pwned=1><i>${place}</i>`;
}

const HOOKS = {
  "Hooks:List:0:Name": hostile("hook"),
  "Hooks:List:0:Command:0": "/bin/sh",
  "Hooks:List:0:Command:1": "-c",
  "Hooks:List:0:Command:2": `printf '%s\\n' ${
    quoted(hostile("output"))
  } '<script>pwned=2</script>' '--><svg onload=pwned=3>'
exit 3`,
};

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The views, and the places whose texts each of them shows. */
const VIEWS: readonly (readonly [path: string, ...places: string[]])[] = [
  ["/ui", "name1", "name2", "hook", "value"],
  ["/ui/releases", "author", "reason", "ordered", "back"],
  ["/ui/releases/diff?from=1&to=2", "title"],
  ["/ui/releases/diff?from=1&to=%22%3E%3Cimg%20src=x%20onerror=pwned=4%3E"],
  ["/ui/%22%3E%3Cimg%20src=x%20onerror=pwned=5%3E"],
  ["/ui/host", "name1", "hook", "output", "source", "value"],
  ["/ui/actions/rollback", "name1"],
];

async function post({ admin }: FleetInstance, path: string, body: object): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const { status, text } = await admin(path, { method: "POST", headers, body: JSON.stringify(body) });
  assertEquals(status, 200, text);
}

Deno.test({
  name: "texts of people, configurations and hooks are text on every view, and never an element or a script",
  ignore: !HAS_BROWSER,
  fn: async () => {
    const still = { "ConfigurationWatcher:EnableFileWatching": "false" };
    await using fleet = await openFleet({
      count: 2,
      shared: true,
      sourceName: `${hostile("source").replaceAll("/", "\u2215")}.json`,
      settings: { ...still, ...HOOKS, "Admin:UiActions": "true" },
    });
    const [one, two] = fleet.instances as [FleetInstance, FleetInstance];
    one.start({ settings: { "HighAvailability:InstanceName": hostile("name1") } });
    two.start({ settings: { "HighAvailability:InstanceName": hostile("name2") } });
    await fleet.agrees("first", 1);
    const title = hostile("title");
    await one.put(sampleJson(title));
    await post(one, "/admin/metadata/reload", { author: hostile("author"), reason: hostile("reason") });
    await fleet.agrees(title, 2);
    await post(one, "/admin/rollback", { author: hostile("ordered"), reason: hostile("back") });
    await fleet.agrees("first", 3);
    // A reference to nothing, which the diagnostic quotes.
    await one.put(
      sampleJson("third").replace('"dataSource": "main"', `"dataSource": ${JSON.stringify(hostile("value"))}`),
    );
    assertEquals((await one.reload()).status, 422);

    await using tunnel = openTcpProxy({ path: `${one.directory}/admin.sock` });
    const origin = `http://${tunnel.host}:${tunnel.port}`;
    await using browser = await openBrowser();
    for (const [path, ...places] of VIEWS) {
      await using reader = await browser.visitor();
      const { page } = reader;
      await page.goto(`${origin}${path}`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => fold.open = true));
      for (const place of places) {
        const text = place === "source" ? hostile(place).replaceAll("/", "\u2215") : hostile(place);
        const shown = (await page.textContent("body") ?? "").includes(text);
        assert(shown, `${path} does not show ${place}:\n${await page.innerText("body")}`);
      }
      assertEquals(await page.evaluate(() => "pwned" in globalThis), false, path);
      assertEquals(await page.locator("img, i, main script, main svg[onload]").count(), 0, path);
      // The browser writes an answer of 404 to the console.
      assertEquals(reader.faults([origin]).filter((fault) => !/the server responded .* 4\d\d /.test(fault)), [], path);
    }
  },
});
