// The ways into the admin interface on hosts that do not let them be opened: each by itself, reported, and tried again.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type AdminSettings, openAdminServer } from "../../src/admin/server.ts";
import { makeAuthority } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { sayOn, TOKEN } from "./admin_host.ts";
import { fakeDaemonApi } from "./fake_daemon_api.ts";

const GET = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/** Opens the interface with retries after milliseconds, and keeps its log lines. */
async function open(directory: TemporaryDirectory, settings: Partial<AdminSettings>) {
  const logged: string[] = [];
  const note = (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void logged.push(
      `${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`.replaceAll(directory.path, ""),
    );
  const opened = await openAdminServer({
    socket: null,
    listen: null,
    tokenFile: await writeToken(directory, "token"),
    tls: { certificateFile: null, keyFile: null },
    api: fakeDaemonApi(),
    log: { information: note, warning: note, error: note },
    backoff: { firstMilliseconds: 5, capMilliseconds: 20 },
    ...settings,
  });
  assert(opened.ok, JSON.stringify(opened));
  return { server: opened.server, logged };
}

async function writeToken(directory: TemporaryDirectory, name: string): Promise<string> {
  const path = await directory.write(name, TOKEN);
  await Deno.chmod(path, 0o600);
  return path;
}

async function isAlive(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/livez`);
  await response.body?.cancel();
  return response.ok;
}

Deno.test("a port that is taken keeps nobody from the socket, and is listened on when it is free", async () => {
  await using directory = await temporaryDirectory();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const socket = directory.file("admin.sock");
  const { server, logged } = await open(directory, { socket, listen: `127.0.0.1:${port}` });
  await using _server = server;
  assertStringIncludes(await sayOn(socket, GET), "HTTP/1.1 200 OK");
  assertEquals(server.addresses(), [socket]);
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const troubles = async () => {
    const answer = await fetch("http://localhost/admin/status", { client });
    return (await answer.json()).listenerTroubles.length;
  };
  assertEquals(await troubles(), 1);
  taken.close();
  await eventually("it answers", () => isAlive(port).catch(() => false));
  assertEquals(await troubles(), 0);
  client.close();
  assertEquals(server.addresses(), [socket, `http://127.0.0.1:${port}`]);
  assertEquals(logged, [
    `The admin interface is not there: Port ${port} of 127.0.0.1 cannot be listened on: Address already in use: ` +
    'free it, or name another with Admin:Listen {"next":"it is tried again"}',
    'Admin interface answers {"at":"/admin.sock"}',
    `Admin interface answers {"at":"http://127.0.0.1:${port}"}`,
  ]);
});

Deno.test("a socket with a missing directory does not affect the port, and is there when the directory is", async () => {
  await using directory = await temporaryDirectory();
  const socket = directory.file("late/admin.sock");
  const { server, logged } = await open(directory, { socket, listen: "127.0.0.1:0" });
  await using _server = server;
  const { port } = new URL(server.addresses()[0]!);
  assert(await isAlive(Number(port)));
  await Deno.mkdir(directory.file("late"));
  await eventually("it answers", async () => (await sayOn(socket, GET).catch(() => "")).includes("200 OK"));
  assertEquals(logged.filter((line) => line.includes("not there")), [
    "The admin interface is not there: There is no directory /late for the admin socket admin.sock: make it " +
    '{"next":"it is tried again"}',
  ]);
});

Deno.test("a loopback address whose token cannot be read waits for the token", async () => {
  await using directory = await temporaryDirectory();
  const tokenFile = directory.file("late-token");
  const { server, logged } = await open(directory, { listen: "127.0.0.1:0", tokenFile });
  await using _server = server;
  assertEquals(server.addresses(), []);
  await eventually("that is reported", () => logged.length === 1);
  await directory.write("late-token", "too short");
  await eventually("that is reported", () => logged.some((line) => line.includes("is shorter than 16 characters")));
  await writeToken(directory, "late-token");
  await eventually("it is open", () => server.addresses().length === 1);
  assertStringIncludes(logged[0]!, "The token cannot be read from /late-token: ENOENT: Admin:TokenFile must name");
});

Deno.test("certificates and keys that are invalid or do not match are named, and nothing of them is shown", async () => {
  await using directory = await temporaryDirectory();
  const [first, second] = [await makeAuthority(directory.path, "first"), await makeAuthority(directory.path, "second")];
  const garbage = await directory.write("garbage", "SECRET PEM");
  const troubleWith = async (tls: AdminSettings["tls"]) => {
    const { server, logged } = await open(directory, { listen: "127.0.0.1:0", tls });
    await server[Symbol.asyncDispose]();
    assertEquals(logged.some((line) => line.includes("SECRET")), false);
    return logged[0]!;
  };
  const pairs = [[garbage, first.keyFile], [first.certificateFile, garbage], [first.certificateFile, second.keyFile]];
  for (const [certificateFile, keyFile] of pairs) {
    const reported = await troubleWith({ certificateFile: certificateFile!, keyFile: keyFile! });
    const names = [certificateFile, keyFile].map((path) => path!.replace(directory.path, "")).join(" and ");
    assertStringIncludes(reported, `The admin interface is not there: ${names} are no certificate and its key: `);
  }
  const reported = await troubleWith({ certificateFile: directory.file("none"), keyFile: first.keyFile });
  assertStringIncludes(reported, "/none cannot be read: ENOENT: no such file or directory: let");
});

Deno.test("an interface that closes while it tries leaves nothing behind", async () => {
  await using directory = await temporaryDirectory();
  const socket = directory.file("late/admin.sock");
  const { server, logged } = await open(directory, {
    socket,
    backoff: { firstMilliseconds: 60_000, capMilliseconds: 60_000 },
  });
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  assertEquals(logged.length, 1);
});
