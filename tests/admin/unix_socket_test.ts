import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openUnixSocket } from "../../src/admin/unix_socket.ts";
import { temporaryDirectory } from "../support/temporary.ts";

async function refusalOf(path: string): Promise<[string, boolean]> {
  const opened = await openUnixSocket(path);
  if (!opened.ok) return [opened.message, opened.isOption];
  opened.socket.listener.close();
  return ["opened", false];
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name);
}

Deno.test("the socket is for its owner and group, with any umask, which stays unchanged", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("admin.sock");
  const before = Deno.umask(0o000);
  try {
    const opened = await openUnixSocket(path);
    assert(opened.ok);
    const { mode } = Deno.lstatSync(path);
    assertEquals([(mode! & 0o777).toString(8), Deno.umask()], ["660", 0]);
    await opened.socket.remove();
    opened.socket.listener.close();
  } finally {
    Deno.umask(before);
  }
  assertEquals(namesIn(directory.path), []);
});

Deno.test("a socket that a dead daemon left is replaced", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("admin.sock");
  const dead = await openUnixSocket(path);
  assert(dead.ok);
  dead.socket.listener.close();
  assertEquals(namesIn(directory.path), ["admin.sock"]);
  const opened = await openUnixSocket(path);
  assert(opened.ok);
  using _connection = await Deno.connect({ transport: "unix", path });
  await opened.socket.remove();
  opened.socket.listener.close();
  assertEquals(namesIn(directory.path), []);
});

Deno.test("a socket with an answering server is kept", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("admin.sock");
  using living = Deno.listen({ transport: "unix", path });
  assertEquals(await refusalOf(path), [
    `Another process answers on the admin socket ${path}: end it, or name another path`,
    false,
  ]);
  const accepted = living.accept();
  using _connection = await Deno.connect({ transport: "unix", path });
  (await accepted).close();
  assertEquals(namesIn(directory.path), ["admin.sock"]);
});

Deno.test("of many that start at the same moment one gets the socket", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("admin.sock");
  const opened = await Promise.all(Array.from({ length: 10 }, () => openUnixSocket(path)));
  const winners = opened.filter((one) => one.ok);
  assertEquals(winners.length, 1);
  using _connection = await Deno.connect({ transport: "unix", path });
  for (const { socket } of winners) socket.listener.close();
  assertEquals(namesIn(directory.path), ["admin.sock"]);
});

Deno.test("a file that is no socket is never removed", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("admin.sock", "precious");
  assertEquals(await refusalOf(path), [`${path} is not a socket, and is left in place: name another path`, true]);
  assertEquals(await Deno.readTextFile(path), "precious");
  assertEquals(namesIn(directory.path), ["admin.sock"]);
});

Deno.test("a file that took the socket's place is kept", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("admin.sock");
  const opened = await openUnixSocket(path);
  assert(opened.ok);
  await Deno.remove(path);
  await Deno.writeTextFile(path, "another's");
  await opened.socket.remove();
  opened.socket.listener.close();
  assertEquals(await Deno.readTextFile(path), "another's");
});

Deno.test("a missing directory is reported and not made, and a path that is too long is refused", async () => {
  await using directory = await temporaryDirectory();
  const missing = directory.file("none/admin.sock");
  assertEquals(await refusalOf(missing), [
    `There is no directory ${directory.file("none")} for the admin socket admin.sock: make it`,
    false,
  ]);
  const [message, isOption] = await refusalOf(directory.file("é".repeat(50)));
  assertStringIncludes(message, "is too long: it may have at most 107 bytes, and its directory 97");
  assertEquals([isOption, namesIn(directory.path)], [true, []]);
});

Deno.test("a path, and the name that it is bound under, may have 107 bytes, and not one more", async () => {
  await using directory = await temporaryDirectory();
  const deep = async (bytes: number) => {
    const path = `${directory.path}/${"d".repeat(bytes - directory.path.length - 1)}`;
    await Deno.mkdir(path);
    return path;
  };
  const [fits, isTooLong] = [await deep(97), await deep(98)];
  const isOpened = async (path: string) => (await refusalOf(path))[0] === "opened";
  assertEquals([await isOpened(`${fits}/s`), await isOpened(`${isTooLong}/s`)], [true, false]);
  const named = (bytes: number) => `${directory.path}/${"n".repeat(bytes - directory.path.length - 1)}`;
  assertEquals([await isOpened(named(107)), await isOpened(named(108))], [true, false]);
});

Deno.test("a directory that is another kind of file is the host's fault, and is named", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("file", "");
  assertEquals(await refusalOf(`${file}/admin.sock`), [
    `The admin socket ${file}/admin.sock cannot be made: Not a directory: let the daemon's user write to ${file}`,
    false,
  ]);
});
