// A page as people see it: in light and dark, and on a screen of 360 pixels. Each leaves a picture in dist/ui/.
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { accessibilityFaults } from "./browser.ts";

const PICTURES = new URL("../../dist/ui/", import.meta.url).pathname;
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

/** Checks the page that is shown: axe finds nothing, and nothing is wider than the screen. */
export async function isReadOnAnyScreen(page: Page, name: string): Promise<void> {
  const picture = (kind: string) => page.screenshot({ path: `${PICTURES}${name}-${kind}.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
  await picture("light");
  assertEquals(await accessibilityFaults(page), [], name);
  await isInBounds(page, name);

  await page.emulateMedia({ colorScheme: "dark" });
  await picture("dark");
  assertEquals(await accessibilityFaults(page, ["color-contrast"]), [], `${name} in the dark`);

  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(NARROW);
  await picture("narrow");
  assertEquals(await accessibilityFaults(page), [], `${name} on a narrow screen`);
  await isInBounds(page, `${name} on a narrow screen`);
}

async function isInBounds(page: Page, name: string): Promise<void> {
  const [needed, there] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  assert(needed <= there, `${name} needs ${needed} pixels of ${there}`);
}
