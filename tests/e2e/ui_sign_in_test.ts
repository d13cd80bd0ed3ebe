// The page over TCP in a real browser: a person signs in with the token, which is never in an address, and has to do so
// again once the token was replaced.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { HAS_BROWSER, openBrowser } from "../support/browser.ts";
import { isReadOnAnyScreen } from "../support/screens.ts";
import { openEdgeHost, replaceFile } from "../support/edge_host.ts";

const TOKEN = "the-right-token-of-this-test";
const NEW_TOKEN = "another-token-of-this-test";

/** Fills the form in and sends it. */
async function signIn(page: Page, token: string, name = "Anna"): Promise<void> {
  await page.getByLabel(/token/i).fill(token);
  await page.getByLabel(/name/i).fill(name);
  await page.getByRole("button", { name: /sign in/i }).click();
}

async function putToken(path: string, token: string): Promise<void> {
  await replaceFile(path, `${token}\n`);
  await Deno.chmod(path, 0o600);
}

Deno.test({
  name: "a person signs in with the token, is refused with another, and is asked again after it was replaced",
  ignore: !HAS_BROWSER,
  fn: async () => {
    await using host = await openEdgeHost("honua.json");
    const tokenFile = `${host.directory}/token`;
    await putToken(tokenFile, TOKEN);
    const settings = ["Admin:Listen=127.0.0.1:0", `Admin:TokenFile=${tokenFile}`];
    const daemon = host.start({ args: settings.flatMap((setting) => ["--set", setting]) });
    const { at } = await daemon.logged("Admin interface answers");
    const origin = String(at);
    await using browser = await openBrowser();
    await using reader = await browser.visitor();
    const { page, context } = reader;
    const addresses: string[] = [];
    page.on("request", (request) => void addresses.push(request.url()));

    await page.goto(`${origin}/ui/releases`);
    assertEquals(new URL(page.url()).pathname, "/ui/sign-in");
    await isReadOnAnyScreen(page, "sign-in");
    assertEquals(await context.cookies(), []);

    const hostile = `"'><img src=x onerror=pwned=1>`;
    await signIn(page, "a-wrong-token-of-this-test", hostile);
    await page.getByRole("alert").waitFor();
    assertEquals(await page.getByLabel(/name/i).inputValue(), hostile);
    assert(!(await page.content()).includes("a-wrong-token-of-this-test"));
    assertEquals(await context.cookies(), []);
    // Chromium writes each answer of 401 to the console.
    assertMatch(reader.faults([origin]).join("\n"), /^console: Failed to load resource:.* 401 .*$/);

    await signIn(page, TOKEN);
    await page.getByRole("heading", { level: 1, name: "Fleet" }).waitFor();
    const cookies = await context.cookies();
    assertEquals(
      cookies.map(({ name, httpOnly, sameSite, path, expires }) => [name, httpOnly, sameSite, path, expires]),
      [
        ["honua_configd", true, "Strict", "/ui", -1],
      ],
    );
    assert(!cookies[0]!.value.includes(TOKEN));
    await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
    assertEquals(await page.evaluate(async () => (await fetch("/admin/status")).status), 401);

    await putToken(tokenFile, NEW_TOKEN);
    await page.getByRole("status").filter({ hasText: "session has ended" }).waitFor();
    await page.getByRole("link", { name: "Sign in again" }).click();
    await signIn(page, TOKEN);
    await page.getByRole("alert").waitFor();
    await signIn(page, NEW_TOKEN);
    await page.getByRole("heading", { level: 1, name: "Fleet" }).waitFor();

    await page.getByRole("button", { name: /sign out/i }).click();
    await page.goto(`${origin}/ui`);
    assertEquals(new URL(page.url()).pathname, "/ui/sign-in");
    assertEquals(await context.cookies(), []);
    for (const token of [TOKEN, NEW_TOKEN]) assertEquals(addresses.filter((url) => url.includes(token)), []);
    assert(!daemon.output().includes(TOKEN));
  },
});
