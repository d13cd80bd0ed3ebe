// The page of one host in a real browser, while three hosts on a real Redis change: all of it arrives without a reload.
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { accessibilityFaults, HAS_BROWSER, openBrowser } from "../support/browser.ts";
import { type FleetInstance, openFleet } from "../support/fleet.ts";
import { SAMPLE_CONNECTION, sampleJson } from "../support/sample_source.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

/** A variable that some hosts lack. */
const WITH_TITLE = { SAMPLE_CONNECTION, SAMPLE_TITLE: "third" };
const DEMANDING = sampleJson("third").replace('"third"', '"${env:SAMPLE_TITLE}"');

/** Waits until the row of a host has all these texts. */
async function rowShows(page: Page, host: string, ...texts: readonly string[]): Promise<void> {
  let row = page.locator("tr", { has: page.getByRole("rowheader", { name: new RegExp(`^${host}\\b`) }) });
  for (const text of texts) row = row.filter({ hasText: text });
  try {
    await row.waitFor();
  } catch (error) {
    throw new Error(`no row ${host} with ${texts.join(", ")} in:\n${await page.innerText("main")}`, { cause: error });
  }
}

/** Undoes the newest release, as a person does on the page. */
async function rollBack(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/ui/releases`);
  await page.getByRole("link", { name: "Roll back", exact: true }).click();
  await page.locator(".consequence", { hasText: "release 2" }).waitFor();
  assertEquals(await accessibilityFaults(page), []);
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Reason").fill("tiles are empty");
  await page.getByRole("button", { name: /^Roll back/ }).click();
  await page.getByRole("heading", { level: 1, name: "Rolled back", exact: true }).waitFor();
}

Deno.test({
  name: "an edit, a rejection with its reason, and a rollback arrive on an open page, which says when it is cut off",
  ignore: !HAS_BROWSER,
  fn: async () => {
    await using fleet = await openFleet({ count: 3, shared: true, settings: { "Admin:UiActions": "true" } });
    const [one, two, three] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
    for (const able of [one, two]) able.start({ env: WITH_TITLE });
    three.start();
    const first = await fleet.agrees("first", 1);
    await using tunnel = openTcpProxy({ path: `${one.directory}/admin.sock` });
    const origin = `http://${tunnel.host}:${tunnel.port}`;
    await using browser = await openBrowser();
    await using reader = await browser.visitor();
    const { page } = reader;
    await page.goto(`${origin}/ui`);
    await page.evaluate(() => Object.assign(globalThis, { isSameDocument: true }));
    for (const { name } of fleet.instances) await rowShows(page, name, first.slice(0, 8));

    // Nothing happens: the page asks, and is not sent again.
    await page.waitForResponse((answer) => answer.status() === 304);

    await one.edit("second");
    const second = await fleet.agrees("second", 2);
    for (const { name } of fleet.instances) await rowShows(page, name, second.slice(0, 8));

    await one.put(DEMANDING);
    const third = await fleet.agrees("third", 3, [one, two]);
    for (const { name } of [one, two]) await rowShows(page, name, third.slice(0, 8));
    await rowShows(page, three.name, second.slice(0, 8), "SAMPLE_TITLE");
    await page.locator(".verdict", { hasText: "SAMPLE_TITLE" }).waitFor();

    await rollBack(await reader.context.newPage(), origin);
    for (const { name } of fleet.instances) await rowShows(page, name, second.slice(0, 8));
    assertEquals((await one.admin("/admin/releases/4")).json.author, "Anna");
    assertEquals(reader.faults([origin]), []);
    assert(!(await page.content()).includes(SAMPLE_CONNECTION));

    await one.stop();
    await page.getByRole("status").filter({ hasText: /^Cut off since .*this page may be out of date/ }).waitFor();
    await rowShows(page, two.name, second.slice(0, 8));
    one.start({ env: WITH_TITLE });
    await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
    assert(await page.evaluate(() => "isSameDocument" in globalThis), "the page was loaded again");
  },
});
