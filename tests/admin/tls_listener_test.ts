import { assert, assertEquals, assertMatch } from "@std/assert";
import { openTlsListener } from "../../src/admin/tls_listener.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 0, isLoopback: true };

async function setOut(directory: TemporaryDirectory) {
  const authority = await makeAuthority(directory.path, "authority");
  const [one, two] = await Promise.all(
    ["one.test", "two.test"].map((name) => makeCertificate(authority, directory.path, name, [`DNS:${name}`])),
  );
  const files = { certificateFile: directory.file("tls.crt"), keyFile: directory.file("tls.key") };
  const put = async (certificate: string, key: string) => {
    await directory.write("tls.crt", certificate);
    await directory.write("tls.key", key);
  };
  await put(one!.certificate, one!.key);
  return { authority, one: one!, two: two!, files, put };
}

/** Whether the listener shows a certificate of that name. */
async function isShown(listener: { accept(): Promise<Deno.Conn> }, port: number, name: string, authority: Certificate) {
  const accepted = listener.accept();
  const plain = await Deno.connect({ hostname: "127.0.0.1", port });
  using connection = await Deno.startTls(plain, { hostname: name, caCerts: [authority.certificate] });
  using server = await accepted as Deno.TlsConn;
  const [shown] = await Promise.allSettled([connection.handshake(), server.handshake()]);
  return shown!.status === "fulfilled";
}

Deno.test("a failure to listen is reported by file, pair or port, and is not the address's fault", async () => {
  await using directory = await temporaryDirectory();
  const { one, two, files, put } = await setOut(directory);
  const { certificateFile } = files;
  const messageOf = async (given = files, address = ADDRESS) => {
    const opened = await openTlsListener(address, given);
    if (opened.ok) opened.listener.close();
    return opened.ok ? "opened" : [opened.message, opened.isOption];
  };
  await put(one.certificate.padEnd(1_048_576, "\n"), one.key);
  assertEquals(await messageOf(), "opened");
  await put(one.certificate.padEnd(1_048_577, "\n"), one.key);
  assertEquals(await messageOf(), [`${certificateFile} is larger than 1048576 bytes: name a file in PEM`, false]);
  await put(one.certificate, two.key);
  const [message, isOption] = await messageOf();
  assertMatch(
    String(message),
    / are no certificate and its key: keys may not be consistent: KeyMismatch: put a certificate and its key there, in PEM$/,
  );
  assertEquals(isOption, false);
  await put(one.certificate, one.key);
  const [cert, key] = [directory.file("none.crt"), directory.file("none.key")];
  const unread = (path: string) => {
    const reason = `ENOENT: no such file or directory`;
    return [`${path} cannot be read: ${reason}: let the daemon's user read it`, false];
  };
  assertEquals(await messageOf({ certificateFile: cert, keyFile: key }), unread(cert));
  assertEquals(await messageOf({ certificateFile, keyFile: key }), unread(key));
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const trouble = `Port ${port} of 127.0.0.1 cannot be listened on: Address already in use`;
  const advice = "free it, or name another with Admin:Listen";
  assertEquals(await messageOf(files, { ...ADDRESS, port }), [`${trouble}: ${advice}`, false]);
});

Deno.test("another pair is taken up at a look, and a fault of it is reported at the second", async () => {
  await using directory = await temporaryDirectory();
  const { authority, one, two, files, put } = await setOut(directory);
  const opened = await openTlsListener(ADDRESS, files);
  assert(opened.ok);
  const { listener, addr, look } = opened;
  const shows = (name: string) => isShown(listener, addr.port, name, authority);
  assertEquals([await look(), await shows("one.test")], [null, true]);
  // Written again, but the same.
  await put(one.certificate, one.key);
  assertEquals([await look(), await shows("one.test")], [null, true]);
  await put(two.certificate, one.key);
  assertEquals(await look(), null);
  await put(two.certificate, `${one.key}\n`);
  assertEquals(await look(), null);
  const reported = await look();
  assertEquals(reported?.level, "warning");
  assertMatch(
    reported!.message,
    /tls\.crt and \S+tls\.key are no certificate .*: the certificate of before stays in use$/,
  );
  assertEquals(reported?.lasts, true);
  assertEquals([await look(), await shows("one.test")], [reported, true]);
  await Deno.remove(files.keyFile);
  assertEquals(await look(), reported);
  const unread = await look();
  assertMatch(unread!.message, /tls\.key cannot be read: .*: the certificate of before stays in use$/);
  assertEquals(await look(), unread);
  await put(two.certificate, two.key);
  const message = `The certificate of the admin interface is another: ${files.certificateFile}`;
  assertEquals(await look(), { level: "information", lasts: false, message });
  assertEquals([await look(), await shows("two.test")], [null, true]);
  // A certificate of the same key is another, too; and so is a key that only looks otherwise.
  await put(`${two.certificate}\n`, two.key);
  assertEquals(await look(), { level: "information", lasts: false, message });
  await put(`${two.certificate}\n`, `${two.key}\n`);
  assertEquals(await look(), { level: "information", lasts: false, message });
  assertEquals(await shows("two.test"), true);
  listener.close();
});

Deno.test("a port that is lost at the change is tried a hundred times, and again at each look", async () => {
  await using directory = await temporaryDirectory();
  const { authority, two, files, put } = await setOut(directory);
  const { clock, timers } = fakeClock();
  const opened = await openTlsListener(ADDRESS, files, clock);
  assert(opened.ok);
  const { listener, addr, look } = opened;
  await put(two.certificate, two.key);
  const { listenTls } = Deno;
  let attempts = 0;
  let refused = 100;
  Deno.listenTls = (options) => {
    if (options.port === 0 || attempts++ >= refused) return listenTls(options);
    throw Object.assign(new Deno.errors.AddrInUse("Address already in use (os error 98)"), { code: "EADDRINUSE" });
  };
  const lookWithTime = async () => {
    attempts = 0;
    const begun = timers.now;
    let isOver = false;
    const looking = look().finally(() => isOver = true);
    while (!isOver) {
      await turn();
      timers.next();
    }
    return [await looking, attempts, timers.now - begun];
  };
  try {
    const trouble = `Port ${addr.port} of 127.0.0.1 cannot be listened on: Address already in use`;
    const error = {
      level: "error" as const,
      lasts: true,
      message: `${trouble}: free it, or name another with Admin:Listen`,
    };
    assertEquals(await lookWithTime(), [error, 100, 980]);
    assertEquals(await lookWithTime(), [error, 100, 980]);
    refused = 99;
    const again = `Port ${addr.port} of 127.0.0.1 is listened on again`;
    assertEquals(await lookWithTime(), [{ level: "information" as const, lasts: false, message: again }, 100, 980]);
    assertEquals(await lookWithTime(), [null, 0, 0]);
  } finally {
    Deno.listenTls = listenTls;
  }
  assertEquals(await isShown(listener, addr.port, "two.test", authority), true);
  listener.close();
});
