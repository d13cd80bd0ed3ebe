// The ways into the admin interface if the host changes: a socket that is removed, certificates that rotate.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openUnixSocket } from "../../src/admin/unix_socket.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { replaceFile } from "../support/edge_host.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openAdminHost, sayOn } from "./admin_host.ts";

const GET = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const limits = { lookMilliseconds: 10 };

const isAnswering = (socket: string) => sayOn(socket, GET).then((reported) => reported.includes("200 OK"), () => false);

Deno.test("a socket that is taken away is bound again and reported, and connections to the old one go on", async () => {
  await using host = await openAdminHost({ limits });
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: host.socket } });
  const events = await fetch("http://localhost/admin/events", { client });
  for (const round of [1, 2]) {
    await Deno.remove(host.socket);
    await eventually("it answers again", () => isAnswering(host.socket));
    assertEquals((Deno.lstatSync(host.socket).mode! & 0o777).toString(8), "660");
    const reported = `The admin socket ${host.socket} was taken away: it is there again`;
    await eventually("that is said", () => host.logged.filter(({ message }) => message === reported).length === round);
  }
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  host.api.events.add("activated", { hash: "still-followed" });
  let text = "";
  while (!text.includes("still-followed")) text += (await reader.read()).value;
  await reader.cancel();
  client.close();
});

Deno.test("a socket that another process has bound meanwhile is left to it, reported once, and taken when that is gone", async () => {
  await using host = await openAdminHost({ limits: { lookMilliseconds: 60_000 } });
  await Deno.remove(host.socket);
  const other = await openUnixSocket(host.socket);
  assert(other.ok);
  const taken = () =>
    host.logged.filter(({ message }) => message.includes("Another process answers on the admin socket"));
  const looksTold = async () => {
    host.server.lookAgain();
    (await other.socket.listener.accept()).close();
  };
  await looksTold();
  await eventually("that is said", () => taken().length === 1);
  await looksTold();
  await other.socket.remove();
  other.socket.listener.close();
  await eventually("it answers again", () => {
    host.server.lookAgain();
    return isAnswering(host.socket);
  });
  assertEquals(taken().length, 1);
});

Deno.test("an interface that is closed while its socket is bound again leaves no socket behind", async () => {
  await using directory = await temporaryDirectory();
  const socket = directory.file("admin.sock");
  for (let round = 0; round < 20; round++) {
    await using host = await openAdminHost({ socket, listen: null, limits: { lookMilliseconds: 60_000 } });
    await Deno.remove(socket);
    host.server.lookAgain();
    for (let turns = round % 5; turns > 0; turns--) await new Promise((resolve) => setTimeout(resolve, 0));
    await host.server[Symbol.asyncDispose]();
    assertEquals([...Deno.readDirSync(directory.path)].map(({ name }) => name), []);
  }
});

Deno.test("sockets that killed daemons left beside it are removed at the start, and nothing else is", async () => {
  await using directory = await temporaryDirectory();
  const dead = directory.file(".0123abcd");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", `Deno.listen({ transport: "unix", path: "${dead}" }); Deno.kill(Deno.pid, "SIGKILL")`],
    stderr: "null",
  });
  await child.output();
  const alive = Deno.listen({ transport: "unix", path: directory.file(".89abcdef") });
  await directory.write(".fedcba98", "a file");
  // Names as near as can be, of sockets on which nobody answers.
  const others = [".0123abc", ".0123abcde", ".0123abcg", "x0123abcd", ".x.0123abcd"];
  for (const name of others) await Deno.link(dead, directory.file(name));
  await using host = await openAdminHost({ socket: directory.file("admin.sock") });
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name).sort();
  alive.close();
  assertEquals(names, [...others, ".89abcdef", ".fedcba98", "admin.sock"].sort());
  assertEquals(host.logged.map(({ message }) => message), [`Removed a socket that a killed daemon had left: ${dead}`]);
});

Deno.test("a rotated certificate is taken up without a restart, and an invalid pair leaves the old one in use", async () => {
  await using directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const [first, second, third] = await Promise.all(
    ["one.test", "two.test", "three.test"].map((name) =>
      makeCertificate(authority, directory.path, name, [`DNS:${name}`])
    ),
  );
  const files = { certificateFile: directory.file("tls.crt"), keyFile: directory.file("tls.key") };
  const put = async (certificate: string, key: string) => {
    await replaceFile(files.certificateFile, certificate);
    await replaceFile(files.keyFile, key);
  };
  await put(first!.certificate, first!.key);
  await using host = await openAdminHost({ tls: files, limits });
  const { port } = new URL(host.server.addresses().at(-1)!);
  const shows = (name: string) => isShown(Number(port), name, authority);
  assert(await shows("one.test"));
  await put(second!.certificate, second!.key);
  await eventually("the second is shown", () => shows("two.test"));
  const listenerTroubles = async () => (await (await host.ask("/admin/status")).json()).listenerTroubles;
  assertEquals(await listenerTroubles(), []);
  const trouble = () => host.logged.map(({ message }) => message).filter((one) => one.includes("stays in use"));
  await put(third!.certificate, second!.key);
  await eventually("that is said", () => trouble().length === 1);
  assertStringIncludes(trouble()[0]!, `${files.certificateFile} and ${files.keyFile} are no certificate and its key: `);
  assert(await shows("two.test"));
  await Deno.remove(files.keyFile);
  await eventually("that is said", () => trouble().length === 2);
  assertStringIncludes(trouble()[1]!, `${files.keyFile} cannot be read: `);
  assertEquals(await listenerTroubles(), [trouble()[1]]);
  assert(await shows("two.test"));
  await put(third!.certificate, third!.key);
  await eventually("the third is shown", () => shows("three.test"));
  await eventually("nothing is wrong any more", async () => (await listenerTroubles()).length === 0);
  assertEquals(host.server.addresses().at(-1), `https://127.0.0.1:${port}`);
});

/** Whether a client that trusts the authority gets a certificate of that name. */
async function isShown(port: number, name: string, authority: Certificate): Promise<boolean> {
  try {
    const plain = await Deno.connect({ hostname: "127.0.0.1", port });
    using connection = await Deno.startTls(plain, { hostname: name, caCerts: [authority.certificate] });
    await connection.handshake();
    return true;
  } catch {
    return false;
  }
}
