import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openGuard } from "../../src/admin/auth.ts";
import { eventually } from "../support/eventually.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openAdminHost, problemOf, TOKEN } from "./admin_host.ts";

function bearer(authorization: string): { headers: { Authorization: string } } {
  return { headers: { Authorization: authorization } };
}

Deno.test("over TCP everything but health needs the token, also an unknown path", async () => {
  await using host = await openAdminHost();
  for (const path of ["/admin/status", "/admin/snapshot", "/admin/events", "/metrics", "/nothing", "/livez/"]) {
    for (const method of ["GET", "HEAD", "POST"]) {
      const response = await host.askTcp(path, { method });
      await response.body?.cancel();
      assertEquals([path, method, response.status], [path, method, 401]);
      assertEquals(response.headers.get("WWW-Authenticate"), 'Bearer realm="honua-configd"');
    }
  }
  assertEquals(host.api.requests, []);
});

Deno.test("the token is taken with a scheme in any case and nothing else", async () => {
  await using host = await openAdminHost();
  for (const right of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}`, `Bearer ${TOKEN}  `]) {
    const response = await host.askTcp("/admin/status", bearer(right));
    await response.body?.cancel();
    assertEquals([right, response.status], [right, 200]);
  }
  const wrong = ["Bearer", "Bearer ", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(0, -1)}`];
  for (
    const one of [
      ...wrong,
      `Bearer x ${TOKEN}`,
      `Bearer ${TOKEN} x`,
      `Bearer${TOKEN}`,
      `Bearer ${TOKEN}, y`,
      `xBearer ${TOKEN}`,
      `x, Bearer ${TOKEN}`,
    ]
  ) {
    const response = await host.askTcp("/admin/status", bearer(one));
    assertEquals([one, response.status], [one, 401]);
    assertStringIncludes(response.headers.get("WWW-Authenticate")!, 'error="invalid_token"');
    assertEquals((await problemOf(response)).code, "admin/unauthorized");
  }
});

Deno.test("the socket needs no token", async () => {
  await using host = await openAdminHost();
  const response = await host.ask("/admin/status", bearer("Bearer wrong"));
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("a token that is replaced holds from then on, and the old one no longer", async () => {
  await using host = await openAdminHost();
  const status = async (token: string) => {
    const response = await host.askTcp("/admin/status", bearer(`Bearer ${token}`));
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status(TOKEN), 200);
  const next = "another-token-0123456789";
  await Deno.writeTextFile(`${host.tokenFile}.new`, next);
  await Deno.rename(`${host.tokenFile}.new`, host.tokenFile);
  assertEquals([await status(TOKEN), await status(next)], [401, 200]);
  await Deno.remove(host.tokenFile);
  assertEquals([await status(next), await status(next)], [401, 401]);
  assertEquals(host.logged.length, 1);
  assertStringIncludes(host.logged[0]!.message, "The token cannot be read from");
  await Deno.writeTextFile(host.tokenFile, TOKEN);
  assertEquals(await status(TOKEN), 200);
});

Deno.test("a file without a good token has a different answer from one with it", async () => {
  await using directory = await temporaryDirectory();
  const open = async (text: string) => {
    const opened = await openGuard(await directory.write("token", text), () => {});
    return opened.ok ? "good" : opened.message.replace(directory.path, "");
  };
  assertEquals(await open("a".repeat(16)), "good");
  assertEquals(await open(`${"a".repeat(16)}\r\n`), "good");
  assertEquals(await open(`${"a".repeat(4095)}\n`), "good");
  assertEquals(await open(`${"a".repeat(15)}\n`), "The token in /token is shorter than 16 characters");
  assertEquals(await open(""), "The token in /token is shorter than 16 characters");
  assertEquals(await open("a".repeat(4097)), "The token's file /token is larger than 4096 bytes");
  for (const text of ["a".repeat(16) + "\n\n", "two words of a token", "sésame-ouvre-toi!", " " + "a".repeat(16)]) {
    assertStringIncludes(await open(text), "must be one line of visible ASCII characters without spaces");
  }
  const missing = await openGuard(directory.file("none"), () => {});
  assertEquals(missing.ok ? "" : missing.message.endsWith("ENOENT"), true);
  const wrong = await openGuard(directory.path, () => {});
  assertStringIncludes(wrong.ok ? "" : wrong.message, "is not a file");
});

Deno.test("a token that others can read or replace is warned of", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("token", TOKEN);
  for (
    const [mode, count] of [
      ...[0o400, 0o600, 0o440, 0o640, 0o650, 0o700].map((mode) => [mode, 0] as const),
      ...[0o660, 0o620, 0o604, 0o602, 0o601, 0o644].map((mode) => [mode, 1] as const),
    ]
  ) {
    await Deno.chmod(file, mode);
    const opened = await openGuard(file, () => {});
    assertEquals([mode, opened.ok ? opened.warnings.length : -1], [mode, count]);
  }
});

Deno.test("while the file system of the token hangs all requests share one look at it, and are let in by none", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("token", TOKEN);
  const hung = Promise.withResolvers<string>();
  let looks = 0;
  const identify = () => ++looks === 1 ? Promise.resolve("as opened") : hung.promise;
  const guard = await openGuard(path, () => {}, { identify, limitMilliseconds: 1 });
  assert(guard.ok);
  const refused = await Promise.all([guard.authorize(`Bearer ${TOKEN}`), guard.authorize(`Bearer ${TOKEN}`)]);
  assertEquals(refused.map((problem) => problem?.status), [504, 504]);
  assertEquals(looks, 2);
  hung.resolve("as opened");
  await eventually("it lets in", async () => await guard.authorize(`Bearer ${TOKEN}`) === null);
});

Deno.test("a request waits two seconds for the file system of the token, and no longer", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("token", TOKEN);
  let looks = 0;
  const identify = () => ++looks === 1 ? Promise.resolve("as opened") : new Promise<string>(() => {});
  await withFakeTimeouts(async (timers) => {
    const guard = await openGuard(path, () => {}, { identify });
    assert(guard.ok);
    let status: number | null = null;
    const asking = guard.authorize(`Bearer ${TOKEN}`).then((problem) => status = problem!.status);
    timers.tick(1_999);
    await turn();
    assertEquals(status, null);
    timers.tick(1);
    assertEquals(await asking, 504);
  });
});

Deno.test("the token is read again if its file is another than it was before the last reading, and only then", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("token", TOKEN);
  const next = "another-token-0123456789";
  let state = "first";
  let onLook = () => Promise.resolve();
  const identify = async () => {
    const now = state;
    await onLook();
    return now;
  };
  const guard = await openGuard(path, () => {}, { identify });
  assert(guard.ok);
  const letsIn = async (token: string) => await guard.authorize(`Bearer ${token}`) === null;
  await Deno.writeTextFile(path, next);
  assertEquals([await letsIn(TOKEN), await letsIn(next)], [true, false]);
  state = "second";
  assertEquals([await letsIn(TOKEN), await letsIn(next)], [false, true]);
  // It changes once more after the look and before the reading, and again behind that.
  state = "third";
  onLook = async () => {
    onLook = () => Promise.resolve();
    await Deno.writeTextFile(path, TOKEN);
    state = "fourth";
  };
  assertEquals([await letsIn(TOKEN), await letsIn(TOKEN)], [true, true]);
  await Deno.writeTextFile(path, next);
  assertEquals(await letsIn(next), false);
  state = "fifth";
  assertEquals(await letsIn(next), true);
});
