// A person's file is replaced with mode, owner and group, by root and by others.
import { assertEquals, assertRejects } from "@std/assert";
import { AtomicWriteError, type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import { replaceFile } from "../../src/host/replace_file.ts";
import { namesIn, withDirectory } from "../snapshot/temporary_directory.ts";

const bytes = new TextEncoder().encode("new\n");

function ownershipOf(path: string): [number | null, number | null, string] {
  const { uid, gid, mode } = Deno.statSync(path);
  return [uid, gid, (mode! & 0o7777).toString(8)];
}

/** The host's file system for a user that is not root and is a member of only these groups. */
function asAnotherUser(groups: readonly number[]): FileSystem {
  return {
    ...hostFileSystem,
    chown(path, uid, gid) {
      if ((uid ?? Deno.uid()) === Deno.uid() && groups.includes(gid!)) return hostFileSystem.chown(path, uid, gid);
      return Promise.reject(Object.assign(new Error("injected"), { code: "EPERM" }));
    },
  };
}

Deno.test("a file that root replaces keeps owner, group and mode, also behind a link", async () => {
  if (Deno.uid() !== 0) return console.log("not looked at: only root can give a file to another user");
  await withDirectory(async (directory) => {
    const path = `${directory}/config.hcl`;
    await Deno.writeTextFile(path, "old\n");
    await Deno.chown(path, 1234, 4321);
    await Deno.chmod(path, 0o640);
    await Deno.symlink("config.hcl", `${directory}/link.hcl`);
    assertEquals(await replaceFile(`${directory}/link.hcl`, bytes), null);
    assertEquals([await Deno.readFile(path), ownershipOf(path)], [bytes, [1234, 4321, "640"]]);
    assertEquals(await Deno.readLink(`${directory}/link.hcl`), "config.hcl");
  });
});

Deno.test("another user keeps the group if it is one of their own, and without it no other group can read what others cannot", async () => {
  if (Deno.uid() !== 0) return console.log("not looked at: only root can give a file to another user");
  await withDirectory(async (directory) => {
    const path = `${directory}/config.hcl`;
    for (
      const [mode, owner, groups, what, after] of [
        [0o640, 1234, [4321], ["owner"], [0, 4321, "640"]],
        [0o664, 1234, [], ["owner", "group"], [0, 0, "644"]],
        [0o640, 0, [], ["group"], [0, 0, "600"]],
      ] as const
    ) {
      await Deno.writeTextFile(path, "old\n");
      await Deno.chown(path, owner, 4321);
      await Deno.chmod(path, mode);
      const lost = await replaceFile(path, bytes, asAnotherUser(groups));
      assertEquals(lost, { what, old: { uid: owner, gid: 4321, mode } });
      assertEquals([await Deno.readFile(path), ownershipOf(path)], [bytes, after]);
    }
    assertEquals(namesIn(directory), ["config.hcl"]);
  });
});

Deno.test("a new file is its writer's only, and a failure is no reason to try without the owner", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/config.hcl`;
    assertEquals(await replaceFile(path, bytes), null);
    assertEquals(ownershipOf(path), [Deno.uid(), Deno.gid(), "600"]);
    const full = { ...hostFileSystem, create: () => Promise.reject(Object.assign(new Error(), { code: "ENOSPC" })) };
    const error = await assertRejects(() => replaceFile(path, bytes, full), AtomicWriteError);
    assertEquals([error.step, error.code], ["create", "ENOSPC"]);
  });
});
