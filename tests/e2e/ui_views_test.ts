// Each view of the page in a real browser, of a fleet in which much goes on: what the browser is allowed to do, and how
// people with other screens, without a mouse or without scripts read it. The pictures of the views are left in dist/ui/.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { accessibilityFaults, HAS_BROWSER, openBrowser, type TestBrowser } from "../support/browser.ts";
import { openBusyFleet } from "../support/busy_fleet.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

const PICTURES = new URL("../../dist/ui/", import.meta.url).pathname;
const NARROW = { width: 360, height: 740 };
const WIDE = { width: 1280, height: 800 };

/** The most that a view may weigh, in bytes. */
const MAX_BYTES = 120 * 1024;

/** A view of a host, and a text that it has. */
interface View {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** A diff never changes. */
  readonly isLive: boolean;
}

const VIEWS: readonly View[] = [
  { name: "fleet", path: "/ui", text: "DATABASE_URL", isLive: true },
  { name: "releases", path: "/ui/releases", text: "rails have no tiles", isLive: true },
  { name: "diff", path: "/ui/releases/diff?from=2&to=3", text: "Roads, paths and rails", isLive: false },
  { name: "host", path: "/ui/host", text: "purged 1,204 tiles", isLive: true },
];

/** Waits for a text anywhere, also in a fold that is closed. */
async function has(page: Page, text: string): Promise<void> {
  await page.locator("main", { hasText: text }).waitFor();
}

/** Opens a view, and waits until its script has done what it does at first. */
async function open(page: Page, origin: string, { path, text, isLive }: View): Promise<void> {
  await page.goto(`${origin}${path}`);
  await has(page, text);
  if (isLive) await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
}

async function isInBounds(page: Page, view: string): Promise<void> {
  const [needed, there] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  assert(needed <= there, `${view} needs ${needed} pixels of ${there}`);
}

async function isReadByAll(browser: TestBrowser, origin: string, view: View) {
  const { name } = view;
  for (const scheme of ["light", "dark"] as const) {
    await using reader = await browser.visitor({ colorScheme: scheme, viewport: WIDE });
    const { page } = reader;
    await open(page, origin, view);
    await page.screenshot({ path: `${PICTURES}${name}-${scheme}.png`, fullPage: true });
    assertEquals(
      await accessibilityFaults(page, scheme === "dark" ? ["color-contrast"] : null),
      [],
      `${name} ${scheme}`,
    );
    await isInBounds(page, name);
    if (scheme === "light") {
      const bytes = await reader.bytes();
      assert(bytes > 2_000 && bytes <= MAX_BYTES, `${name} weighs ${bytes} bytes`);
      await page.setViewportSize(NARROW);
      await isInBounds(page, `${name} on a narrow screen`);
      assertEquals(await accessibilityFaults(page), [], `${name} on a narrow screen`);
      await page.screenshot({ path: `${PICTURES}${name}-narrow.png`, fullPage: true });
    }
    assertEquals(reader.faults([origin]), [], name);
    assert(!(await page.content()).includes(SAMPLE_CONNECTION), name);
  }
}

async function isUsedByKeyboard(browser: TestBrowser, origin: string) {
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
}

Deno.test({
  name: "each view keeps its policy, and is read on any screen, by keyboard, with a screen reader and without script",
  ignore: !HAS_BROWSER,
  fn: async (t) => {
    await Deno.mkdir(PICTURES, { recursive: true });
    await using busy = await openBusyFleet(["edge-ams", "edge-fra", "edge-osl"]);
    await using tunnel = openTcpProxy({ path: `${busy.first.directory}/admin.sock` });
    const origin = `http://${tunnel.host}:${tunnel.port}`;
    await using browser = await openBrowser();
    for (const view of VIEWS) {
      await t.step(
        `${view.name}: axe finds nothing, no policy is violated, and nothing is wider than the screen`,
        () => isReadByAll(browser, origin, view),
      );
    }
    await t.step("the keyboard reaches all", () => isUsedByKeyboard(browser, origin));
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
