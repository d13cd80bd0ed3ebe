import { assertEquals, assertThrows } from "@std/assert";
import { withSettings } from "../../scripts/options_page.ts";

const page = await Deno.readTextFile(new URL("../../docs/options.md", import.meta.url));

Deno.test("docs/options.md has the settings as scripts/options_page.ts makes them of the reference", () => {
  assertEquals(page, withSettings(page));
});

Deno.test("text around the settings stays, and a page without their places is refused", () => {
  const written = page.replaceAll(/(made by scripts\/options_page\.ts -->\n).*?(\n<!-- end of)/gs, "$1$2");
  assertEquals(withSettings(written), page);
  assertThrows(() => withSettings("# Options\n"), Error, "the page has no place for the settings");
});
