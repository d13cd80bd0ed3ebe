// The same faults from the operating system itself: full, read-only and mounted file systems, other users, symlinks. If
// this machine does not allow a mount, the reason is printed and atomic_write_test.ts's injected faults are the only
// test.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { atomicWrite, AtomicWriteError } from "../../src/host/atomic_write.ts";
import { namesIn, withDirectory } from "../snapshot/temporary_directory.ts";
import { mounting } from "../support/mounting.ts";

const bytes = new TextEncoder().encode("new\n");
const child = new URL("../snapshot/write_child.ts", import.meta.url).pathname;

async function output(command: string, args: string[], env: Record<string, string> = {}): Promise<[boolean, string]> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
    const text = new TextDecoder().decode(success ? stdout : stderr);
    return [success, text.trim()];
  } catch (error) {
    return [false, String(error)];
  }
}

/** Runs with a mount in place; if it is refused, says so and does not run. */
async function withMount(args: string[], target: string, run: () => Promise<void>): Promise<void> {
  const refused = await mounting("mount", ...args, target);
  if (refused !== null) return console.warn(`not tried on a real mount: ${refused}`);
  try {
    await run();
  } finally {
    assertEquals(await mounting("umount", target), null);
  }
}

function rejected(path: string, content: Uint8Array = bytes): Promise<AtomicWriteError> {
  return assertRejects(() => atomicWrite(path, content, { mode: 0o640 }), AtomicWriteError);
}

Deno.test("a full file system is ENOSPC, and the old file stays", async () => {
  await withDirectory((directory) =>
    withMount(["-t", "tmpfs", "-o", "size=64k", "tmpfs"], directory, async () => {
      await atomicWrite(`${directory}/a`, bytes, { mode: 0o640 });
      const error = await rejected(`${directory}/a`, new Uint8Array(100_000));
      assertEquals([error.step, error.code, error.replaced], ["write", "ENOSPC", false]);
      assertEquals(await Deno.readFile(`${directory}/a`), bytes);
      assertEquals(namesIn(directory), ["a"]);
      await atomicWrite(`${directory}/a`, new Uint8Array(10_000), { mode: 0o640 });
    })
  );
});

Deno.test("a read-only file system is EROFS, and a write succeeds once it is writable", async () => {
  await withDirectory((directory) =>
    withMount(["-t", "tmpfs", "tmpfs"], directory, async () => {
      await Deno.writeTextFile(`${directory}/a`, "old\n");
      assertEquals(await mounting("mount", "-o", "remount,ro", directory), null);
      const error = await rejected(`${directory}/a`);
      assertEquals([error.step, error.code], ["create", "EROFS"]);
      assertEquals(await mounting("mount", "-o", "remount,rw", directory), null);
      await atomicWrite(`${directory}/a`, bytes, { mode: 0o640 });
      assertEquals(await Deno.readFile(`${directory}/a`), bytes);
    })
  );
});

Deno.test("a file that is its own mount point is EBUSY with the way out, and is not written in place", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/inner`, "old\n");
    await Deno.writeTextFile(`${directory}/a`, "");
    await withMount(["--bind", `${directory}/inner`], `${directory}/a`, async () => {
      const error = await rejected(`${directory}/a`);
      assertEquals([error.step, error.code, error.replaced], ["rename", "EBUSY", false]);
      assertStringIncludes(error.message, "mount its directory instead");
      assertEquals(await Deno.readTextFile(`${directory}/a`), "old\n");
      assertEquals(namesIn(directory), ["a", "inner"]);
    });
  });
});

Deno.test("a directory of somebody else is EACCES", async () => {
  await withDirectory(async (directory) => {
    await Deno.chmod(directory, 0o755);
    await Deno.mkdir(`${directory}/cache`);
    await Deno.chmod(`${directory}/cache`, 0o777);
    const run = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", child, `${directory}/a`];
    const unprivileged = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    const [ran, text] = Deno.uid() === 0
      ? await output("setpriv", [...unprivileged, ...run], { DENO_DIR: `${directory}/cache` })
      : [false, "only root can become another user"];
    if (!ran) return console.warn(`not tried as another user: ${text.split("\n")[0]}`);
    assertEquals(text, "create EACCES");
    assertEquals(namesIn(directory), ["cache"]);
  });
});

Deno.test("the mode is the one asked for, with any umask", async () => {
  await withDirectory(async (directory) => {
    const [ran, text] = await output(Deno.execPath(), ["run", "-A", "--no-lock", child, `${directory}/a`, "777"]);
    assertEquals([ran, text], [true, "ok"]);
    assertEquals((await Deno.stat(`${directory}/a`)).mode! & 0o7777, 0o664);
  });
});

Deno.test("the file belongs to the group asked for, before it has its mode", async () => {
  await withDirectory(async (directory) => {
    const gid = Deno.uid() === 0 ? 65534 : Deno.gid()!;
    await atomicWrite(`${directory}/a`, bytes, { mode: 0o640, gid });
    const info = await Deno.stat(`${directory}/a`);
    assertEquals([info.gid, info.mode! & 0o7777], [gid, 0o640]);
  });
});

Deno.test("a symlink stays a symlink: its target is replaced, relative and dangling links included", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/real`);
    await Deno.mkdir(`${directory}/links`);
    await Deno.symlink("../real/a", `${directory}/links/middle`);
    await Deno.symlink("links/middle", `${directory}/link`);
    for (const content of ["first\n", "second\n"]) {
      await atomicWrite(`${directory}/link`, new TextEncoder().encode(content), { mode: 0o640 });
      assertEquals(await Deno.readTextFile(`${directory}/real/a`), content);
    }
    assertEquals(await Deno.readLink(`${directory}/link`), "links/middle");
    assertEquals(namesIn(`${directory}/real`), ["a"]);
    assertEquals(namesIn(`${directory}/links`), ["middle"]);
  });
});

Deno.test("anything but a regular file is refused: a directory, a device, a pipe, a circle of links", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/directory`);
    await Deno.symlink("circle", `${directory}/circle`);
    await Deno.symlink("/dev/null", `${directory}/device`);
    assert((await output("mkfifo", [`${directory}/pipe`]))[0]);
    const codes = { directory: "EISDIR", circle: "ELOOP", device: "NOT_A_FILE", pipe: "NOT_A_FILE" };
    const names = namesIn(directory);
    for (const [name, code] of Object.entries(codes)) {
      const error = await rejected(`${directory}/${name}`);
      assertEquals([error.step, error.code], ["resolve", code], name);
    }
    assertEquals(namesIn(directory), names);
    assert((await Deno.stat("/dev/null")).isCharDevice);
  });
});

Deno.test("a directory that is missing, has vanished or is a file is reported as such", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    assertEquals((await rejected(`${directory}/missing/a`)).code, "ENOENT");
    assertEquals((await rejected(`${directory}/file/a`)).code, "ENOTDIR");
    assertEquals((await rejected(`${directory}/${"n".repeat(250)}`)).code, "ENAMETOOLONG");
    assertEquals(namesIn(directory), ["file"]);
  });
});

Deno.test("a path relative to the working directory works", async () => {
  await withDirectory(async (directory) => {
    const run = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-lock", child, "a"], cwd: directory });
    const { stdout } = await run.output();
    assertEquals(new TextDecoder().decode(stdout), "ok\n");
    assertEquals(await Deno.readTextFile(`${directory}/a`), "new\n");
  });
});

Deno.test("the kernel sees fsync of the file, rename, fsync of the directory, in this order", async () => {
  await withDirectory(async (directory) => {
    const trace = ["-f", "-y", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", "-o", `${directory}/trace`];
    const run = [Deno.execPath(), "run", "-A", "--no-lock", child, `${directory}/a`];
    const [traced, reason] = await output("strace", [...trace, ...run]);
    if (!traced) return console.warn(`not traced: ${reason.split("\n")[0]}`);
    const calls = (await Deno.readTextFile(`${directory}/trace`)).split("\n")
      .filter((line) => line.includes(directory))
      .map((line) =>
        /(f(?:data)?sync|rename)[a-z0-9]*\(/.exec(line)?.[1] + (line.includes(".tmp") ? " file" : " directory")
      );
    assertEquals(calls, ["fsync file", "rename file", "fsync directory"]);
  });
});
