import { assertEquals } from "@std/assert";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { run } from "./sample_hook.ts";

/** A proxy that remembers the first lines of requests, and always gives the same answer. */
function startProxy(answer: string) {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) {
      const bytes = new Uint8Array(65_536);
      const length = await connection.read(bytes) ?? 0;
      asked.push(new TextDecoder().decode(bytes.subarray(0, length)).split("\r\n")[0]!);
      await connection.write(new TextEncoder().encode(answer));
      connection.close();
    }
  })();
  return {
    asked,
    name: `127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

/** A proxy that opens a tunnel to this address for any request. */
function startTunnel(port: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using client = await listener.accept();
    using server = await Deno.connect({ hostname: "127.0.0.1", port });
    await client.read(new Uint8Array(65_536));
    await client.write(new TextEncoder().encode("HTTP/1.1 200 Connected\r\n\r\n"));
    await Promise.allSettled([client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)]);
  })();
  return {
    name: `127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

function ask(url: string, environment: Record<string, string>) {
  const action = { kind: "http", method: "POST", url, headers: {}, headerFiles: {} } as const;
  return run(action, { surroundings: { environment: (name) => environment[name] } });
}

const BAD_GATEWAY = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy";

/** Names of the variables, as the process has them while a test runs: Deno itself reads them too. */
function withEnvironment(variables: Record<string, string>): Disposable {
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return { [Symbol.dispose]: () => Object.keys(variables).forEach((name) => Deno.env.delete(name)) };
}

Deno.test("a request to this host goes to no proxy, over TLS neither, and its credentials with it", async () => {
  await using proxy = startProxy(BAD_GATEWAY);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("server"));
  const variables = Object.fromEntries(
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, `http://us3r:pr0xypw@${proxy.name}`]),
  );
  using _environment = withEnvironment(variables);
  const { port } = server.addr;
  for (const host of ["127.0.0.1", "localhost", "127.9.9.9", "0.0.0.0"]) {
    const expected = host === "127.9.9.9" ? "could not be reached: connection refused" : "";
    const ending = await ask(`http://us3r:s3cret@${host}:${port}/`, variables);
    assertEquals(ending.ok ? "" : ending.reason, expected, host);
  }
  const ending = await ask(`https://us3r:s3cret@127.0.0.1:${port}/`, variables);
  assertEquals(ending.ok || ending.reason, "could not be reached: no TLS could be agreed on");
  assertEquals(proxy.asked, []);
});

Deno.test("a failure on the way through a proxy names the proxy without its credentials", async () => {
  await using proxy = startProxy(BAD_GATEWAY);
  const variables = {
    HTTP_PROXY: `http://us3r:pr0xypw@${proxy.name}`,
    https_proxy: `http://us3r:pr0xypw@${proxy.name}`,
  };
  assertEquals(await ask("http://192.0.2.1:8080/x", variables), {
    ok: false,
    reason: `answered 502 through the proxy ${proxy.name}, which may have answered itself`,
    output: "proxy",
  });
  assertEquals(await ask("https://192.0.2.1/x", variables), {
    ok: false,
    reason: `could not be reached through the proxy ${proxy.name}: the proxy opens no tunnel to it`,
    output: "",
  });
  assertEquals(proxy.asked, ["POST http://192.0.2.1:8080/x HTTP/1.1", "CONNECT 192.0.2.1:443 HTTP/1.1"]);
  assertEquals(await ask("http://192.0.2.1:8080/x", { HTTP_PROXY: "http://us3r:pr0xypw@127.9.9.9:9" }), {
    ok: false,
    reason: "could not be reached through the proxy 127.9.9.9:9: connection refused",
    output: "",
  });
  assertEquals(await ask("http://192.0.2.1:8080/x", { HTTP_PROXY: "ftp://us3r:pr0xypw@proxy" }), {
    ok: false,
    reason: "cannot use the proxy that HTTP_PROXY names: it is no URL of http, https or socks5",
    output: "",
  });
});

Deno.test("a proxy that asks for credentials, and one whose credentials are taken, are used as the environment says", async () => {
  await using asking = startProxy("HTTP/1.1 407 Proxy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  const ending = await ask("http://192.0.2.1/", { HTTP_PROXY: asking.name });
  assertEquals(
    ending.ok || ending.reason,
    `answered 407 through the proxy ${asking.name}, which asks for credentials: put them into its URL`,
  );
  const tunnel = await ask("https://192.0.2.1/", { HTTPS_PROXY: asking.name });
  assertEquals(
    tunnel.ok || tunnel.reason,
    `could not be reached through the proxy ${asking.name}: the proxy asks for credentials`,
  );
  const reported: (string | null)[] = [];
  await using taking = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    reported.push(request.headers.get("proxy-authorization"));
    return new Response(`seen: ${reported.at(-1)} p@w0rd`);
  });
  const proxied = await ask("http://192.0.2.1/", { ALL_PROXY: `http://us3r:p%40w0rd@127.0.0.1:${taking.addr.port}` });
  assertEquals(reported, [`Basic ${btoa("us3r:p@w0rd")}`]);
  assertEquals(proxied, { ok: true, output: "seen: Basic [masked] [masked]" });
  using _environment = withEnvironment({ HTTP_PROXY: asking.name, NO_PROXY: "192.0.2.1" });
  await ask("http://192.0.2.1/", { ALL_PROXY: `http://127.0.0.1:${taking.addr.port}` });
  assertEquals(reported.length, 2);
});

Deno.test("an answer over TLS is the server's, also through a proxy", async () => {
  await using directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const { certificate, key } = await makeCertificate(authority, directory.path, "server", ["IP:192.0.2.1"]);
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, cert: certificate, key };
  await using server = Deno.serve(options, () => new Response("no", { status: 407 }));
  await using tunnel = startTunnel(server.addr.port);
  const variables = { HTTPS_PROXY: tunnel.name, SSL_CERT_FILE: authority.certificateFile };
  assertEquals(await ask("https://192.0.2.1/", variables), { ok: false, reason: "answered 407", output: "no" });
});
