// The admin socket on a host that refuses, hangs or changes under it: faults that tests cannot cause for real.
import { assert, assertEquals } from "@std/assert";
import { openUnixSocket } from "../../src/admin/unix_socket.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";

/** Sets functions of `Deno` until it is disposed of. */
function replaced(functions: { readonly [Name in keyof typeof Deno]?: unknown }): Disposable {
  const before = Object.fromEntries(Object.keys(functions).map((name) => [name, Deno[name as keyof typeof Deno]]));
  Object.assign(Deno, functions);
  return { [Symbol.dispose]: () => void Object.assign(Deno, before) };
}

async function refusalOf(path: string): Promise<string> {
  const opened = await openUnixSocket(path);
  if (opened.ok) opened.socket.listener.close();
  assertEquals(!opened.ok && opened.isOption, false);
  return opened.ok ? "opened" : opened.message;
}

/** Makes a socket on which nobody answers. */
function leaveSocket(directory: TemporaryDirectory, name: string): string {
  const bound = directory.file("bound");
  const listener = Deno.listen({ transport: "unix", path: bound });
  Deno.linkSync(bound, directory.file(name));
  listener.close();
  return directory.file(name);
}

Deno.test("a socket that takes two seconds to answer counts as living", async () => {
  await using directory = await temporaryDirectory();
  const path = leaveSocket(directory, "admin.sock");
  using _silent = replaced({ connect: () => new Promise<never>(() => {}) });
  await withFakeTimeouts(async (timers) => {
    const refusal = refusalOf(path);
    while (timers.countTimers() === 0) await turn();
    assertEquals(await timers.nextAsync(), 2_000);
    assertEquals(
      await refusal,
      `Another process answers on the admin socket ${path}: end it, or name another path`,
    );
  });
});

Deno.test("a socket is kept if it is not known whether it is in use, and one that went meanwhile is not", async () => {
  await using directory = await temporaryDirectory();
  const path = leaveSocket(directory, "admin.sock");
  const failing = (error: Error) => replaced({ connect: () => Promise.reject(error) });
  {
    using _refused = failing(new Deno.errors.PermissionDenied("not permitted"));
    const what = "is another's, and whether it is in use is unknown (not permitted): remove it if not";
    assertEquals(await refusalOf(path), `The socket ${path} ${what}`);
    assert(Deno.lstatSync(path).isSocket);
  }
  using _gone = failing(new Deno.errors.NotFound("gone"));
  assertEquals(await refusalOf(path), "opened");
});

Deno.test("nothing is bound and no name removed before the file system answers, and one name is left meanwhile", async () => {
  await using directory = await temporaryDirectory();
  const names = () => [...Deno.readDirSync(directory.path)].map(({ name }) => name);
  const asked: (() => void)[] = [];
  const answers = () => new Promise<void>((resolve) => asked.push(resolve));
  const opening = openUnixSocket(directory.file("admin.sock"), answers);
  await turn();
  assertEquals([asked.length, names()], [1, []]);
  asked[0]!();
  const opened = await opening;
  assert(opened.ok);
  assertEquals(names(), ["admin.sock"]);
  const removing = opened.socket.remove();
  await turn();
  assertEquals([asked.length, names()], [2, ["admin.sock"]]);
  asked[1]!();
  await removing;
  opened.socket.listener.close();
  assertEquals(names(), []);
});

Deno.test("a path that others take again and again is tried three times", async () => {
  await using directory = await temporaryDirectory();
  let attempts = 0;
  using _taken = replaced({
    linkSync: () => {
      attempts++;
      throw new Deno.errors.AlreadyExists("File exists (os error 17)");
    },
  });
  const path = directory.file("admin.sock");
  const advice = `let the daemon's user write to ${directory.path}`;
  assertEquals(await refusalOf(path), `The admin socket ${path} cannot be made: File exists: ${advice}`);
  assertEquals([attempts, [...Deno.readDirSync(directory.path)]], [3, []]);
});

Deno.test("a socket that a daemon left is removed among the first ten thousand entries, if its user is the same", async () => {
  for (
    const [before, isAnothers, isRemoved] of [[9_999, false, true], [10_000, false, false], [0, true, false]] as const
  ) {
    await using directory = await temporaryDirectory();
    const left = leaveSocket(directory, ".0123abcd");
    const { lstat } = Deno;
    using _host = replaced({
      async *readDir() {
        const entry = { isFile: true, isDirectory: false, isSymlink: false };
        for (let at = 0; at < before; at++) yield { ...entry, name: `entry-${at}` };
        yield { ...entry, name: ".0123abcd" };
      },
      async lstat(path: string) {
        const found = await lstat(path);
        return path === left && isAnothers ? { ...found, uid: found.uid! + 1 } : found;
      },
    });
    const opened = await openUnixSocket(directory.file("admin.sock"));
    assert(opened.ok);
    opened.socket.listener.close();
    assertEquals(opened.socket.leftovers, isRemoved ? [left] : []);
    assertEquals([...Deno.readDirSync(directory.path)].some(({ name }) => name === ".0123abcd"), !isRemoved);
  }
});
