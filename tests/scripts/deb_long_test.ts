import { assertEquals } from "@std/assert";
import { temporaryDirectory } from "../support/temporary.ts";
import { hasProgram, runProgram } from "./stand_in.ts";
import { standInPackage } from "./stand_in_package.ts";

Deno.test({
  name: "lintian finds nothing in the Debian package",
  ignore: !await hasProgram("dpkg-deb") || !await hasProgram("lintian"),
  async fn() {
    await using directory = await temporaryDirectory();
    const path = await standInPackage(directory.path);
    const words = ["lintian", "--allow-root", "--fail-on", "error,warning,info", "--tag-display-limit", "0", path];
    assertEquals(await runProgram(words), { code: 0, text: "" });
  },
});
