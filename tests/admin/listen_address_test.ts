import { assertEquals } from "@std/assert";
import { readListenAddress } from "../../src/admin/tcp_listener.ts";

Deno.test("an address is read with its port, and known for a loopback one however it is written", () => {
  const loopback = [
    "127.0.0.1:80",
    "127.255.0.9:0",
    "127.0.0.1:65535",
    "127.0.0.255:1",
    " 127.0.0.1:80 ",
    "localhost:1",
    "LocalHost:1",
    "[::1]:80",
    "[0:0:0:0:0:0:0:1]:80",
  ];
  for (const text of [...loopback, "[::ffff:127.0.0.1]:80", "[::FFFF:7f00:2]:80"]) {
    assertEquals([text, readListenAddress(text)?.isLoopback], [text, true]);
  }
  for (
    const text of [
      "0.0.0.0:80",
      "10.0.0.1:80",
      "128.0.0.1:80",
      "[::]:80",
      "[fe80::1]:80",
      "[::ffff:10.0.0.1]:1",
      "[1::ffff:7f00:1]:80",
    ]
  ) {
    assertEquals([text, readListenAddress(text)?.isLoopback], [text, false]);
  }
  assertEquals(readListenAddress("[2001:DB8::1]:8443"), { hostname: "2001:db8::1", port: 8443, isLoopback: false });
  assertEquals(readListenAddress("localhost:8080"), { hostname: "127.0.0.1", port: 8080, isLoopback: true });
});

Deno.test("a text that is no literal address is refused", () => {
  const names = ["example.org:80", "localhost.:80", "127.1:80", "2130706433:80", "0x7f.0.0.1:80", "127.0.0.01:80"];
  for (
    const text of [
      ...names,
      "[]:80",
      "::1:80",
      "[::1]",
      "[::1]:",
      "[1.2.3.4]:80",
      "[fe80::1%eth0]:80",
      "1.2.3.4:65536",
      "1.2.3.256:1",
      "1.2.3.1000:1",
      "1.2.3:1",
      "1.2.3.4.5:1",
      "1.2.3.4:123456",
      "x1.2.3.4:1",
      "x[::1]:80",
      "x:1.2.3.4:80",
      "",
    ]
  ) {
    assertEquals([text, readListenAddress(text)], [text, null]);
  }
});
