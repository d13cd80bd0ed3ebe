import { assertEquals } from "@std/assert";
import { singleMounts } from "../../src/host/single_mount.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const mountsAt = (...points: string[]) => () =>
  Promise.resolve(points.map((point) => ({ point, type: "ext4", readOnly: false })));

Deno.test("a file is mounted by itself if its real path is a mount point, and no directory is", async () => {
  await using directory = await temporaryDirectory();
  const [file, other] = [await directory.write("a.hcl", ""), await directory.write("b.hcl", "")];
  await Deno.symlink(file, directory.file("link.hcl"));
  const paths = [directory.file("link.hcl"), other, directory.path, directory.file("missing.hcl")];
  const real = await Deno.realPath(directory.path);
  const found = await singleMounts(paths, mountsAt("/", real, `${real}/a.hcl`, `${real}/missing.hcl`));
  assertEquals(found, [{
    path: directory.file("link.hcl"),
    isReplaced: false,
    what: `${directory.file("link.hcl")} is mounted as a single file: a file that replaces it is not seen`,
    todo: "Mount its directory in place of the file",
  }]);
  assertEquals(await singleMounts(paths, mountsAt()), []);
});
