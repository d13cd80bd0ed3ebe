import { assertEquals } from "@std/assert";
import { proxyOf } from "../../src/host/proxy.ts";

/** The proxy's name for a URL; "" for none. */
function nameFor(url: string, environment: Record<string, string>): string {
  const choice = proxyOf(new URL(url), (name) => environment[name]);
  return choice.ok ? choice.proxy?.name ?? "" : `not understood: ${choice.variable}`;
}

Deno.test("this host is never asked through a proxy, however its name or address is written", () => {
  const environment = { HTTP_PROXY: "http://proxy:3128", HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "other" };
  const own =
    "127.0.0.1 127.8.9.10 2130706433 127.1 localhost LOCALHOST localhost. a.localhost [::1] [0:0:0:0:0:0:0:1] " +
    "[::ffff:127.0.0.1] [::ffff:7f12:3] 0.0.0.0 [::]";
  for (const scheme of ["http", "https"]) {
    for (const host of own.split(" ")) assertEquals(nameFor(`${scheme}://${host}:8080/`, environment), "", host);
    for (const host of ["126.0.0.1", "128.0.0.1", "[::2]", "localhost.example", "notlocalhost", "[::ffff:1.2.3.4]"]) {
      assertEquals(nameFor(`${scheme}://${host}:8080/`, environment), "proxy:3128", host);
    }
  }
});

Deno.test("the proxy of the scheme comes before the one for all, and capitals before small letters", () => {
  const all = {
    ALL_PROXY: "all:1",
    all_proxy: "none",
    HTTP_PROXY: "plain:2",
    http_proxy: "none",
    https_proxy: "tls:3",
  };
  assertEquals(nameFor("http://edge.test/", all), "plain:2");
  assertEquals(nameFor("https://edge.test/", all), "tls:3");
  assertEquals(nameFor("https://edge.test/", { HTTP_PROXY: "plain:2", ALL_PROXY: "all:1" }), "all:1");
  assertEquals(nameFor("https://edge.test/", { HTTP_PROXY: "plain:2" }), "");
  assertEquals(nameFor("http://edge.test/", { HTTP_PROXY: "", http_proxy: "small:4" }), "small:4");
});

Deno.test("NO_PROXY lists names with those below them, addresses and networks", () => {
  const asked = (host: string, NO_PROXY: string) => nameFor(`http://${host}/`, { HTTP_PROXY: "proxy:3128", NO_PROXY });
  const list = " edge.test, .inner.test,*.star.test,10.0.0.0/8,192.0.2.7,2001:db8::/32,[2001:dba::1],,x/y,1.2.3.4/99";
  const direct =
    "edge.test EDGE.test a.edge.test inner.test b.inner.test star.test c.star.test 10.1.2.3 192.0.2.7 [2001:db8:1::2] [2001:dba::1]";
  for (const host of direct.split(" ")) assertEquals(asked(host, list), "", host);
  for (const host of ["edge.test.example", "sedge.test", "11.0.0.1", "192.0.2.70", "[2001:db9::1]", "1.2.3.4"]) {
    assertEquals(asked(host, list), "proxy:3128", host);
  }
  assertEquals(asked("10.1.2.3", "*"), "");
  assertEquals(asked("edge.test", ""), "proxy:3128");
  assertEquals(nameFor("http://edge.test/", { HTTP_PROXY: "proxy:3128", no_proxy: "test" }), "");
});

Deno.test("a proxy is named without its credentials, and a wrong one is reported with its variable", () => {
  const read = (text: string) =>
    proxyOf(new URL("http://edge.test/"), (name) => name === "http_proxy" ? text : undefined);
  assertEquals(read("http://us:p%40w@proxy:3128/x"), {
    ok: true,
    proxy: { url: "http://us:p%40w@proxy:3128", name: "proxy:3128" },
  });
  assertEquals(read("token@proxy"), { ok: true, proxy: { url: "http://token:@proxy:80", name: "proxy:80" } });
  assertEquals(read("socks5://[2001:db8::1]"), {
    ok: true,
    proxy: { url: "socks5://[2001:db8::1]:1080", name: "[2001:db8::1]:1080" },
  });
  for (const text of ["http://", "ftp://proxy:21", "a b", "http://proxy:99999"]) {
    assertEquals(read(text), { ok: false, variable: "http_proxy" });
  }
});
