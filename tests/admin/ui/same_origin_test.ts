import { assertEquals, assertNotEquals } from "@std/assert";
import { formTokens, isFromOwnPage, isLoopbackHost, originOf } from "../../../src/admin/ui/same_origin.ts";

function asked(url: string, headers: Record<string, string>) {
  return { url, headers: new Headers(headers) };
}

Deno.test("on the socket only the names of the reader's own host are taken, with any port", () => {
  const own = [null, "localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"];
  assertEquals(own.map((host) => isLoopbackHost(host)), own.map(() => true));
  const others = ["evil.example", "localhost.evil.example", "localhost:8080.evil.example", "127.0.0.1.evil.example"];
  others.push("xlocalhost", "127.0.0.10", "10.0.0.1", "127-0-0-1", "[::2]", "[::1", "", "localhost:", "localhost:x");
  assertEquals(others.filter((host) => isLoopbackHost(host)), []);
});

Deno.test("the origin of a page has the scheme of its listener and the host of the request", () => {
  assertEquals(originOf(asked("http://127.0.0.1:8080/ui", { Host: "127.0.0.1:8080" })), "http://127.0.0.1:8080");
  assertEquals(originOf(asked("https://edge-1:8443/ui", { Host: "Edge-1:8443" })), "https://edge-1:8443");
  assertEquals(originOf(asked("http+unix://localhost:9000/ui", { Host: "localhost:9000" })), "http://localhost:9000");
  assertEquals(originOf(asked("http+unix:///run/admin.sock/ui", {})), null);
});

Deno.test("a request is from an own page only if Origin is there and is the page's own", () => {
  const from = (origin: string | null, url = "http://edge-1:8080/ui", host: string | null = "edge-1:8080") =>
    isFromOwnPage(asked(url, { ...host !== null && { Host: host }, ...origin !== null && { Origin: origin } }));
  assertEquals([from("http://edge-1:8080"), from("http://Edge-1:8080")], [true, true]);
  assertEquals(from("https://edge-1:8080", "https://edge-1:8080/ui"), true);
  const others = ["https://edge-1:8080", "http://edge-1", "http://edge-1:80801", "http://evil.example", "null", ""];
  for (const one of [null, ...others, "http://edge-1:8080/", "edge-1:8080"]) {
    assertEquals([one, from(one)], [one, false]);
  }
  assertEquals(from("http://edge-1:8080", "https://edge-1:8080/ui"), false);
  assertEquals([from(null, "http+unix:///x/ui", null), from("null", "http+unix:///x/ui", null)], [false, false]);
});

Deno.test("the token of a form counts for its owner and this process only", () => {
  const key = new Uint8Array(32).fill(1);
  const tokens = formTokens(key);
  const owners = [
    { kind: "session", id: "a" },
    { kind: "session", id: "b" },
    // Not to be confused with the places of these names.
    { kind: "session", id: "socket" },
    { kind: "socket" },
    { kind: "bearer" },
    { kind: "sign-in" },
  ] as const;
  for (const owner of owners) {
    const right = owners.filter((one) => tokens.isRight(owner, tokens.make(one)));
    assertEquals(right, [owner]);
    const token = tokens.make(owner);
    for (const wrong of ["", token.slice(1), `${token}A`, `${token.slice(0, -1)}é`, token.toLowerCase()]) {
      assertEquals([wrong, tokens.isRight(owner, wrong)], [wrong, false]);
    }
  }
  const other = formTokens(new Uint8Array(32).fill(2));
  assertNotEquals(other.make({ kind: "socket" }), tokens.make({ kind: "socket" }));
  assertEquals(formTokens(key).make({ kind: "socket" }), tokens.make({ kind: "socket" }));
});
