// The route of a request, byte for byte: that of the request line, or none.
import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { requestPath } from "../../src/admin/request_target.ts";
import { openAdminHost } from "./admin_host.ts";

const NORMAL = "Host: x\r\n";

Deno.test("a request whose host is not one host and port, or whose path can be read in two ways, is refused", async () => {
  await using host = await openAdminHost();
  const statusOf = async (target: string, headers: string, method = "GET") => {
    const answer = await host.say(`${method} ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
    return `${headers.trim()} ${target}: ${answer.slice(9, 12)}`;
  };
  const hosts = [
    "x/admin/status?",
    "x/admin/status#",
    "x\\admin",
    "user@x",
    "u:p@x",
    "x:99999",
    "x:y",
    "a b",
    "",
    "[::1",
  ];
  for (const one of hosts) {
    const headers = `Host: ${one}\r\n`;
    assertEquals(await statusOf("/livez", headers), `${headers.trim()} /livez: 400`);
  }
  assertEquals(await statusOf("/livez", "Host: x\r\nHost: x\r\n"), "Host: x\r\nHost: x /livez: 400");
  const targets = [
    "http://other/livez",
    "http://u@x/livez",
    "/a/../livez",
    "/a/%2e%2e/livez",
    "/./livez",
  ];
  for (const target of targets) assertEquals(await statusOf(target, NORMAL), `Host: x ${target}: 400`);
  assertEquals(await statusOf("x:80", NORMAL, "CONNECT"), "Host: x x:80: 400");
  assertEquals(host.logged, []);
});

Deno.test("a path is served as the request line spells it, and no other spelling of it is", async () => {
  await using host = await openAdminHost();
  const statusOf = async (target: string, headers = NORMAL, version = "1.1") =>
    (await host.say(`GET ${target} HTTP/${version}\r\n${headers}Connection: close\r\n\r\n`)).slice(9, 12);
  for (
    const target of [
      "/admin%2Fstatus",
      "/%61dmin/status",
      "http://x?/livez",
      "/livez/",
      "//livez",
      "//x/livez",
      "/*",
      "/livez%3F",
    ]
  ) {
    assertEquals([target, await statusOf(target)], [target, "404"]);
  }
  for (const target of ["/livez", "/livez?a=/admin/status", "http://x/livez"]) {
    assertEquals([target, await statusOf(target)], [target, "200"]);
  }
  for (const one of ["localhost", "my_host:8443", "10.0.0.1:1", "[::1]:80", "EDGE-1.example."]) {
    assertEquals([one, await statusOf("/livez", `Host: ${one}\r\n`)], [one, "200"]);
  }
  assertEquals(await statusOf("/livez", "", "1.0"), "200");
});

Deno.test("over TCP, too, no Host leads from a path without a token to one that needs it", async () => {
  await using host = await openAdminHost();
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(host.server.addresses().at(-1)!).port),
  });
  await connection.write(
    new TextEncoder().encode("GET /livez HTTP/1.1\r\nHost: x/admin/status?\r\nConnection: close\r\n\r\n"),
  );
  assertStringIncludes(await new Response(connection.readable).text(), "HTTP/1.1 400 ");
});

Deno.test("the path is that of the request line or none, for any Host", () => {
  const parts = fc.array(fc.constantFrom("x", "/", "\\", "?", "#", "@", ":", "80", ".", "%2f", "[", "]", "a")).map((
    some,
  ) => some.join(""));
  fc.assert(fc.property(parts, parts, (host, rest) => {
    const target = `/${rest}`;
    const path = requestPath({ url: `http://${host}${target}`, headers: new Headers({ Host: host }) });
    assertEquals(path === null || path === target.split(/[?#]/)[0], true);
  }));
});

Deno.test("a path begins right behind the authority, and a Host has its bounds", () => {
  const path = (url: string, host: string | null) =>
    requestPath({ url, headers: new Headers(host === null ? {} : { host }) });
  assertEquals(path("http://x?y/z", null), null);
  assertEquals(path("http://x#y/z", null), null);
  assertEquals(path("xhttp://x/z", null), null);
  assertEquals(path("ftp://x/z", null), null);
  assertEquals(path("http+unix://%2Frun%2Fa.sock/z?q", null), "/z");
  assertEquals(path("https://x:12345/z", "x:12345"), "/z");
  assertEquals(path("http://x:123456/z", "x:123456"), null);
  assertEquals(path("http://[::1]:80/z", "[::1]:80"), "/z");
  assertEquals(path("http://y/z", "x"), null);
});
