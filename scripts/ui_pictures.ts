// Makes the two pictures of the page that the docs show, of a real fleet of eight hosts with a rollout under way. It
// needs chromium and redis-server: `scripts/deno run -A scripts/ui_pictures.ts`, after a change of how the page looks.
import { smallPng } from "./ui_pictures/small_png.ts";
import { openBrowser } from "../tests/support/browser.ts";
import { openBusyFleet } from "../tests/support/busy_fleet.ts";
import { openTcpProxy } from "../tests/support/tcp_proxy.ts";

const IMAGES = new URL("../docs/images/", import.meta.url).pathname;

/** Of a picture; a page of the docs is read over slow links too. */
const MAX_BYTES = 150_000;

const HOSTS = [
  "edge-ams-1",
  "edge-ams-2",
  "edge-fra-1",
  "edge-fra-2",
  "edge-lon-1",
  "edge-osl-1",
  "edge-par-1",
  "edge-waw-1",
];

const PICTURES = [
  { name: "fleet-light.png", path: "/ui", scheme: "light" },
  { name: "releases-dark.png", path: "/ui/releases", scheme: "dark" },
] as const;

await Deno.mkdir(IMAGES, { recursive: true });
await using busy = await openBusyFleet(HOSTS);
await using tunnel = openTcpProxy({ path: `${busy.first.directory}/admin.sock` });
await using browser = await openBrowser();
for (const { name, path, scheme } of PICTURES) {
  await using reader = await browser.visitor({ colorScheme: scheme, viewport: { width: 1200, height: 720 } });
  await reader.page.goto(`http://${tunnel.host}:${tunnel.port}${path}`);
  await reader.page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
  const picture = smallPng(await reader.page.screenshot({ fullPage: true }));
  await Deno.writeFile(`${IMAGES}${name}`, picture);
  console.log(`${IMAGES}${name}: ${picture.length} bytes`);
  if (picture.length > MAX_BYTES) throw new Error(`${name} is larger than ${MAX_BYTES} bytes`);
}
