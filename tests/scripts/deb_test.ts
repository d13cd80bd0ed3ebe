import { assert, assertEquals } from "@std/assert";
import { makePackage } from "../../scripts/deb.ts";
import { changelog } from "../../scripts/deb/control.ts";
import { VERSION } from "../../src/cli/version.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { hostTest } from "./private_host.ts";
import { hasProgram, listing, runProgram } from "./stand_in.ts";
import { EPOCH_SECONDS, standInPackage } from "./stand_in_package.ts";

const ignore = !await hasProgram("dpkg-deb");

/** The package's paths of files that install.sh puts elsewhere, and its additional files. */
const MOVED = new Map([
  ["usr/share/zsh/site-functions/_honua-configd", "usr/share/zsh/vendor-completions/_honua-configd"],
  ["etc/honua/config.hcl", "usr/share/honua-configd/config.hcl"],
  ["usr/share/man/man1/honua-configd.1", "usr/share/man/man1/honua-configd.1.gz"],
]);
const ADDED = [
  "usr/share/doc/honua-configd/changelog.gz",
  "usr/share/doc/honua-configd/copyright",
  "usr/share/lintian/overrides/honua-configd",
];

Deno.test({
  name: "the package's digest is beside it, with those of the binaries that are there",
  ignore,
  async fn() {
    await using directory = await temporaryDirectory();
    await Deno.mkdir(directory.file("out"));
    await directory.write("out/honua-configd", "a binary");
    const name = (await standInPackage(directory.path)).split("/").at(-1);
    const { code, text } = await runProgram([
      "sh",
      "-c",
      'cd "$0" && sha256sum --check SHA256SUMS',
      directory.file("out"),
    ]);
    assertEquals([code, text], [0, `honua-configd: OK\n${name}: OK\n`]);
  },
});

Deno.test({
  name: "the Debian package has the files of install.sh, and those that Debian asks for",
  ignore,
  async fn() {
    await using directory = await temporaryDirectory();
    const path = await standInPackage(directory.path);
    const binary = directory.file("runnable");
    const words = ["sh", "scripts/install.sh", "--prefix", "/usr", "--binary", binary];
    assertEquals((await runProgram(words, { DESTDIR: directory.file("root") })).code, 0);
    await runProgram(["dpkg-deb", "--extract", path, directory.file("package")]);
    const filesOf = async (root: string) => {
      return (await listing(directory.file(root), "%y %P\\n")).filter((line) => line.startsWith("f ")).map((line) =>
        line.slice(2)
      );
    };
    const expected = (await filesOf("root")).map((file) => MOVED.get(file) ?? file);
    assertEquals(await filesOf("package"), [...expected, ...ADDED].sort());
    for (const file of await filesOf("root")) {
      if (file === "usr/bin/honua-configd" || file.endsWith(".1")) continue;
      const packaged = await Deno.readFile(directory.file(`package/${MOVED.get(file) ?? file}`));
      assertEquals(packaged, await Deno.readFile(directory.file(`root/${file}`)), file);
    }
  },
});

Deno.test({
  name: "all in the Debian package belongs to root, has one time and the digest that it says",
  ignore,
  async fn() {
    await using directory = await temporaryDirectory();
    const path = await standInPackage(directory.path);
    const { text } = await runProgram(["dpkg-deb", "--contents", path], { TZ: "UTC" });
    for (const line of text.trim().split("\n")) {
      assert(/^[d-](rwxr-xr-x|rw-r--r--) root\/root +\d+ 2023-11-14 22:13 /.test(line), line);
    }
    await runProgram(["dpkg-deb", "--raw-extract", path, directory.file("package")]);
    const check = 'cd "$0" && md5sum --check --quiet DEBIAN/md5sums && cat DEBIAN/conffiles';
    assertEquals(await runProgram(["sh", "-c", check, directory.file("package")]), {
      code: 0,
      text: "/etc/honua-configd/options.json\n/etc/polkit-1/rules.d/50-honua-configd-units.rules\n",
    });
    const control = await Deno.readTextFile(directory.file("package/DEBIAN/control"));
    assert(control.includes(`\nVersion: ${VERSION}\n`), control);
    const scripts = (await listing(directory.file("package/DEBIAN"), "%m %P\\n")).filter((line) => /^755/.test(line));
    assertEquals(scripts, ["755 postinst", "755 postrm", "755 preinst", "755 prerm"]);
    const starter = await runProgram(["sha256sum", directory.file("package/usr/share/honua-configd/config.hcl")]);
    const postrm = await Deno.readTextFile(directory.file("package/DEBIAN/postrm"));
    assert(postrm.includes(`starter=${starter.text.split(" ")[0]}\n`), postrm);
  },
});

Deno.test({
  name: "two packages of one program are equal byte by byte",
  ignore,
  async fn() {
    await using one = await temporaryDirectory();
    await using other = await temporaryDirectory();
    const [first, second] = [await standInPackage(one.path), await standInPackage(other.path)];
    assertEquals(await Deno.readFile(first), await Deno.readFile(second));
  },
});

Deno.test({
  name: "a program that prints no completions makes no package, and the reason is printed",
  ignore,
  async fn() {
    await using directory = await temporaryDirectory();
    const made = await makePackage({
      root: Deno.cwd(),
      binary: "/bin/true",
      target: Deno.build.target,
      output: directory.path,
      epochSeconds: EPOCH_SECONDS,
      runnable: "/bin/false",
    });
    assertEquals(made, { ok: false, trouble: "Left out: /bin/false does not answer to `man`" });
  },
});

hostTest(
  "the Debian package refuses a host whose units install.sh laid, and says what to do",
  `mount -t tmpfs tmpfs /usr/local/lib
   mkdir -p /usr/local/lib/systemd/system
   sh scripts/deb/preinst install && echo "nothing in the way"
   : >/usr/local/lib/systemd/system/honua-configd@.service
   sh scripts/deb/preinst install || echo "exit $?"
   sh scripts/deb/preinst abort-upgrade 0.1.0`,
  (text) => {
    assert(text.startsWith("nothing in the way\nexit 1\n"), text);
    assert(text.includes("run `install.sh uninstall` first"), text);
  },
);

hostTest(
  "a purge of the Debian package removes the drop-ins of all its units, and no others",
  `cd /etc/systemd/system
   mkdir honua-configd.service.d honua-configd@.service.d honua-configd@a.service.d honua-server.service.d
   : >honua-server.service.d/own.conf
   DPKG_MAINTSCRIPT_PACKAGE=honua-configd sh "$OLDPWD/scripts/deb/postrm" purge
   ls -d honua*`,
  (text) => assertEquals(text, "honua-server.service.d\n"),
);

Deno.test("the changelog of the Debian package is the newest entry of CHANGELOG.md, wrapped", () => {
  const markdown = `# Changelog

## 0.2.0

### Added

- One.
- Two, which is told in words that are many more than would fit into a single line of
  a file.

## 0.1.0

- Old.
`;
  assertEquals(
    changelog(markdown, { version: "0.2.0", epochSeconds: EPOCH_SECONDS }).split("\n").slice(0, 6),
    [
      "honua-configd (0.2.0) unstable; urgency=medium",
      "",
      "  * One.",
      "  * Two, which is told in words that are many more than would fit into a single",
      "    line of a file.",
      "",
    ],
  );
});
