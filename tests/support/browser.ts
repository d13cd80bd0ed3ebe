// A real browser for the page: Debian's chromium without a window, led by playwright-core. Every visitor is its own
// context, as a person with a new profile, and records violations that no page of ours may cause. Disposing of the
// browser ends all.
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import axe from "axe-core";
import { missing } from "../../scripts/test_setup.ts";

const lacking = await missing([{ program: "chromium", debianPackage: "chromium" }], Deno.env.get("PATH") ?? "");

/** Whether there is a browser; if not, the tests that need it are ignored. */
export const HAS_BROWSER = lacking.length === 0;

if (!HAS_BROWSER) console.error("chromium is not installed, so the tests of the page in a browser are ignored");

/** The limit of each wait for a state of the page. */
const WAIT_MILLISECONDS = 30_000;

/** A running browser. */
export interface TestBrowser extends AsyncDisposable {
  /** Opens a page in a new context, at no address yet. */
  visitor(options?: BrowserContextOptions): Promise<Visitor>;
}

/** A person at a page. Disposing closes the context. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /**
   * The violations so far: errors of scripts and on the console, violations of the content security policy, dialogs,
   * and requests to an origin other than `origins`.
   */
  faults(origins: readonly string[]): string[];
  /** The bytes of all answers so far, as they came over the wire, without event streams and repetitions of the page. */
  bytes(): Promise<number>;
}

/** Starts a browser. */
export async function openBrowser(): Promise<TestBrowser> {
  // Root has no sandbox, and a container no large /dev/shm.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--disable-lcd-text"];
  const browser = await chromium.launch({ executablePath: programPath(), args });
  return {
    visitor: (options = {}) => openVisitor(browser, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Playwright searches no `PATH`. */
function programPath(): string {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${directory}/chromium`;
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not in this directory.
    }
  }
  throw new Error("there is no chromium along the PATH");
}

async function openVisitor(browser: Browser, options: BrowserContextOptions): Promise<Visitor> {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...options });
  context.setDefaultTimeout(WAIT_MILLISECONDS);
  const noted: string[] = [];
  const requested: string[] = [];
  const sizes: Promise<number>[] = [];
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  context.on("console", (message) => {
    if (message.type() === "error") noted.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => void noted.push(`script: ${error.error()}`));
  context.on("dialog", (dialog) => {
    noted.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  context.on("request", (request) => void requested.push(request.url()));
  context.on("requestfinished", (request) => {
    if (request.headers()["x-honua-refresh"] !== undefined) return;
    const size = request.sizes().then((all) => all.responseBodySize + all.responseHeadersSize);
    sizes.push(size.catch(() => 0));
  });
  const page = await context.newPage();
  return {
    page,
    context,
    faults(origins) {
      const foreign = requested.filter((url) => !url.startsWith("data:") && !origins.includes(new URL(url).origin));
      return [...noted, ...foreign.map((url) => `request: ${url}`)];
    },
    bytes: async () => (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** The findings of axe on the page that is shown, one line for each rule and place; `rules`: only these. */
export async function accessibilityFaults(page: Page, rules: readonly string[] | null = null): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  try {
    // By the protocol, since a script element would need another content security policy than that of the page.
    const evaluate = async (expression: string): Promise<unknown> => {
      const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(`axe: ${JSON.stringify(exceptionDetails)}`);
      return result.value;
    };
    if (await evaluate("typeof axe") === "undefined") await evaluate(`${axe.source}; undefined`);
    const options = rules === null ? {} : { runOnly: { type: "rule", values: rules } };
    const found = await evaluate(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => JSON.stringify(
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, html }) =>
        id + ": " + help + ": " + target.join(" ") + " " + html.slice(0, 200)))))`);
    return JSON.parse(String(found));
  } finally {
    await session.detach();
  }
}
