// Each view of the page in a real browser, of a busy fleet: the browser's permissions, and the page for people with
// other screens, without a mouse or without scripts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { HAS_BROWSER, openBrowser, type TestBrowser } from "../support/browser.ts";
import { openBusyFleet } from "../support/busy_fleet.ts";
import type { FleetInstance } from "../support/fleet.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";
import { isReadOnAnyScreen } from "../support/screens.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

/** The most that a view may weigh, in bytes. */
const MAX_BYTES = 120 * 1024;

/** A view of a host, and a text that it has. */
interface View {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** A diff and a form stay unchanged. */
  readonly isLive: boolean;
}

const VIEWS: readonly View[] = [
  { name: "fleet", path: "/ui", text: "DATABASE_URL", isLive: true },
  { name: "releases", path: "/ui/releases", text: "rails have no tiles", isLive: true },
  { name: "diff", path: "/ui/releases/diff?from=2&to=3", text: "Roads, paths and rails", isLive: false },
  { name: "host", path: "/ui/host", text: "purged 1,204 tiles", isLive: true },
  { name: "confirmation", path: "/ui/actions/rollback", text: "1 of 3 hosts goes back", isLive: false },
];

/** Waits for a text anywhere, also in a fold that is closed. */
async function has(page: Page, text: string): Promise<void> {
  await page.locator("main", { hasText: text }).waitFor();
}

/** Opens a view, and waits until its script has done its first work. */
async function open(page: Page, origin: string, { path, text, isLive }: View): Promise<void> {
  await page.goto(`${origin}${path}`);
  await has(page, text);
  if (isLive) await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
}

async function isServedWell(browser: TestBrowser, origin: string, view: View) {
  await using reader = await browser.visitor();
  const { page } = reader;
  await open(page, origin, view);
  const bytes = await reader.bytes();
  assert(bytes > 2_000 && bytes <= MAX_BYTES, `${view.name} weighs ${bytes} bytes`);
  await isReadOnAnyScreen(page, view.name);
  assertEquals(reader.faults([origin]), [], view.name);
  assert(!(await page.content()).includes(SAMPLE_CONNECTION), view.name);
}

async function isUsedByKeyboard(browser: TestBrowser, origin: string, host: FleetInstance) {
  await using reader = await browser.visitor();
  const { page } = reader;
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim());
  await page.goto(`${origin}/ui`);
  await page.keyboard.press("Tab");
  assertMatch(await focused() ?? "", /^Skip to /);
  await page.keyboard.press("Enter");
  assertEquals(await focused(), "main");
  await page.goto(`${origin}/ui`);
  const reached: unknown[] = [];
  for (let at = 0; at < 4; at++) {
    await page.keyboard.press("Tab");
    reached.push(await focused());
  }
  assertEquals(reached.slice(1), ["Fleet", "Releases", "This host"]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "This host" }).waitFor();
  const fold = page.locator("details", { hasText: "purged 1,204 tiles" });
  await fold.locator("summary").focus();
  await page.keyboard.press("Enter");
  await page.getByText("purged 1,204 tiles").waitFor({ state: "visible" });
  await page.route("**/ui/host", async (route) => {
    const { text } = await host.admin("/ui/host");
    await route.fulfill({
      contentType: "text/html",
      body: text.replaceAll("purged 1,204 tiles", "purged 1,205 tiles"),
    });
  });
  // The part is another one now, and neither the fold nor the place of the keyboard is lost.
  await page.getByText("purged 1,205 tiles").waitFor({ state: "visible" });
  assertEquals(await focused(), "Output of tiles in its last run");
}

async function isReadWithoutScript(browser: TestBrowser, origin: string) {
  await using reader = await browser.visitor({ javaScriptEnabled: false });
  const { page } = reader;
  for (const { path, text } of VIEWS) {
    await page.goto(`${origin}${path}`);
    await has(page, text);
  }
  await page.goto(`${origin}/ui`);
  await page.getByRole("status").filter({ hasText: "Not live" }).waitFor();
  assertEquals(await page.getByRole("row", { name: /edge-/ }).count(), 3);
  assertEquals(reader.faults([origin]), []);
}

async function hasTimesOfReader(browser: TestBrowser, origin: string) {
  await using reader = await browser.visitor({ timezoneId: "Asia/Tokyo" });
  const { page } = reader;
  await page.goto(`${origin}/ui`);
  await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
  const { exact, shown } = await page.locator("time").first().evaluate((element) => ({
    exact: element.getAttribute("title") ?? "",
    shown: element.textContent ?? "",
  }));
  assertMatch(exact, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  const there = new Date(exact).toLocaleTimeString("en-GB", { timeZone: "Asia/Tokyo" });
  assert(shown.includes(there), `${exact} is shown as ${shown}, in Tokyo it is ${there}`);
  const age = page.locator("time[data-age]").first();
  assertMatch(await age.innerText(), /^(?:just now|\d+ min ago)$/);
  assertEquals(await age.getAttribute("title"), await age.getAttribute("datetime"));
}

Deno.test({
  name: "each view keeps its policy, and is read on any screen, by keyboard, with a screen reader and without script",
  ignore: !HAS_BROWSER,
  fn: async (t) => {
    await using busy = await openBusyFleet(["edge-ams", "edge-fra", "edge-osl"], { "Admin:UiActions": "true" });
    await using tunnel = openTcpProxy({ path: `${busy.first.directory}/admin.sock` });
    const origin = `http://${tunnel.host}:${tunnel.port}`;
    await using browser = await openBrowser();
    for (const view of VIEWS) {
      await t.step(
        `${view.name}: axe finds nothing, no policy is violated, and nothing is wider than the screen`,
        () => isServedWell(browser, origin, view),
      );
    }
    await t.step("the keyboard reaches all", () => isUsedByKeyboard(browser, origin, busy.first));
    await t.step(
      "without script all is there but live updates, and the page says so",
      () => isReadWithoutScript(browser, origin),
    );
    await t.step(
      "times are those of the reader's zone, with the exact one beside",
      () => hasTimesOfReader(browser, origin),
    );
  },
});
