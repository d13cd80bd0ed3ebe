import { assertEquals, assertStringIncludes } from "@std/assert";
import { openAdminHost, problemOf, TOKEN } from "./admin_host.ts";

const PATHS = ["/admin/status", "/admin/snapshot", "/admin/events", "/admin/metadata/reload", "/admin/rollback"];

Deno.test("over the socket nothing is done or shown for the page of another site", async () => {
  await using host = await openAdminHost();
  for (const path of PATHS) {
    for (const origin of ["http://evil.example", "null", "https://localhost", "http://localhost:8080"]) {
      const method = path.endsWith("reload") || path.endsWith("rollback") ? "POST" : "GET";
      const response = await host.ask(path, { method, headers: { Origin: origin } });
      assertEquals([path, origin, response.status], [path, origin, 403]);
      assertEquals((await problemOf(response)).code, "admin/foreign-site");
    }
  }
  // As a website sends it without asking first: no Content-Type, so that no preflight is needed.
  const body = new Blob(['{ "reason": "x" }']);
  const sent = await host.ask("/admin/rollback", { method: "POST", body, headers: { Origin: "http://evil.example" } });
  assertEquals((await problemOf(sent)).code, "admin/foreign-site");
  assertEquals([host.api.requests, host.api.orders], [[], []]);
  const own = await host.ask("/admin/metadata/reload", { method: "POST", headers: { Origin: "http://localhost" } });
  assertEquals((await own.json()).status, "reloaded");
});

Deno.test("over the socket a name that a website can own shows nothing, and the names of programs do", async () => {
  await using host = await openAdminHost();
  const under = async (name: string | null, path = "/admin/status") => {
    const line = name === null ? `GET ${path} HTTP/1.0\r\n` : `GET ${path} HTTP/1.1\r\nHost: ${name}\r\n`;
    return await host.say(`${line}Connection: close\r\n\r\n`);
  };
  for (
    const name of ["evil.example", "evil.example:8080", "x.localhost", "1.2.3.4.evil.example", "localhost.", "a.1"]
  ) {
    const answer = await under(name);
    assertEquals([name, answer.slice(9, 12), answer.includes("edge-1")], [name, "403", false]);
    assertStringIncludes(answer, "admin/foreign-site");
  }
  for (
    const name of [null, "localhost", "x", "admin:8080", "127.0.0.1:8080", "10.11.12.13", "[::1]:8080", "[fe80::1]"]
  ) {
    assertEquals([name, (await under(name)).slice(9, 12)], [name, "200"]);
  }
  // Neither has a secret, and probes and scrapers may use any name.
  for (const path of ["/livez", "/metrics"]) assertEquals((await under("edge-1.example", path)).slice(9, 12), "200");
});

Deno.test("over TCP the token decides, for any name and page of a request", async () => {
  await using host = await openAdminHost();
  const headers = { Authorization: `Bearer ${TOKEN}`, Origin: "http://evil.example" };
  const response = await host.askTcp("/admin/status", { headers });
  await response.body?.cancel();
  assertEquals(response.status, 200);
});
