import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { temporaryDirectory } from "../support/temporary.ts";
import { hasProgram, listing, runProgram, writeStandIn } from "./stand_in.ts";

const INSTALL = "scripts/install.sh";

/** Runs install.sh below a DESTDIR. */
async function install(destination: string, ...args: string[]) {
  return await runProgram(["sh", INSTALL, ...args], { DESTDIR: destination });
}

const PLACES = [
  "etc/honua-configd/options.json",
  "etc/honua/config.hcl",
  "etc/polkit-1/rules.d/50-honua-configd-units.rules",
  "etc/polkit-1/rules.d/50-honua-configd.rules",
  "usr/local/bin/honua-configd",
  "usr/local/lib/systemd/system/honua-configd.service",
  "usr/local/lib/systemd/system/honua-configd@.service",
  "usr/local/lib/sysusers.d/honua-configd.conf",
  "usr/local/lib/tmpfiles.d/honua-configd.conf",
  "usr/local/share/bash-completion/completions/honua-configd",
  "usr/local/share/fish/vendor_completions.d/honua-configd.fish",
  "usr/local/share/man/man1/honua-configd.1",
  "usr/local/share/zsh/site-functions/_honua-configd",
];

Deno.test("an installation below DESTDIR has each file in its place, and the units name the program's path", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  const { code, text } = await install(directory.file("root"), "--binary", binary);
  assertEquals(code, 0, text);
  const paths = (await listing(directory.file("root"), "%y %P\\n")).filter((line) => line.startsWith("f "));
  const examples = (await listing("systemd/examples", "%y %P\\n")).filter((line) => line.startsWith("f "))
    .map((line) => `usr/local/share/doc/honua-configd/examples/${line.slice(2)}`);
  assertEquals(paths.map((line) => line.slice(2)).sort(), [...PLACES, ...examples].sort());
  const units = `${directory.file("root")}/usr/local/lib/systemd/system`;
  for (const name of ["honua-configd.service", "honua-configd@.service"]) {
    const unit = await Deno.readTextFile(`${units}/${name}`);
    assertStringIncludes(unit, "ExecStart=/usr/local/bin/honua-configd run ");
    assertStringIncludes(unit, "ExecReload=/usr/local/bin/honua-configd reload ");
    assert(!unit.includes("/usr/bin/honua-configd"));
  }
});

Deno.test("private files of the daemon's user have modes that keep others out", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  const { text } = await install(directory.file("root"), "--binary", binary);
  const modes = await listing(directory.file("root"), "%m %P\\n");
  // Below DESTDIR nobody is given anything, so no owner is named.
  assertStringIncludes(text, "/root/etc/honua-configd/options.json (640), which is yours");
  assert(!/\(\d+ \w+:/.test(text), text);
  const expected = [
    "640 etc/honua-configd/options.json",
    "640 etc/honua/config.hcl",
    "700 etc/honua-configd/credentials",
    "750 etc/honua-configd",
    "755 usr/local/bin/honua-configd",
  ];
  for (const line of expected) assert(modes.includes(line), line);
});

Deno.test("a second installation changes nothing, to the nanosecond, and says so", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  await install(directory.file("root"), "--binary", binary);
  const before = await listing(directory.file("root"));
  const { code, text } = await install(directory.file("root"), "--binary", binary);
  assertEquals([code, text], [0, "Nothing to change: all is as it should be\n"]);
  assertEquals(await listing(directory.file("root")), before);
});

Deno.test("a dry run lists the steps of an installation, and does nothing", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  await Deno.mkdir(directory.file("root"));
  const planned = await install(directory.file("root"), "--binary", binary, "--dry-run");
  assertEquals(await listing(directory.file("root")), []);
  const done = await install(directory.file("root"), "--binary", binary);
  const steps = (text: string) => text.split("\n").filter((line) => line.includes(directory.path));
  assertEquals(steps(planned.text), steps(done.text).map((line) => `Would ${line}`));
  const removal = await install(directory.file("root"), "uninstall", "--dry-run");
  assertStringIncludes(removal.text, `Would remove ${directory.file("root")}/usr/local/bin/honua-configd`);
  assertEquals((await install(directory.file("root"), "--binary", binary)).text.split("\n").length, 2);
});

Deno.test("an operator's files are not overwritten, by an upgrade neither", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  await install(directory.file("root"), "--binary", binary);
  const own = ["etc/honua-configd/options.json", "etc/honua/config.hcl"].map((path) => directory.file(`root/${path}`));
  for (const path of own) await Deno.writeTextFile(path, "mine");
  const newer = await writeStandIn(directory.file("newer"), { version: "2" });
  const { code, text } = await install(directory.file("root"), "upgrade", "--binary", newer);
  assertEquals(code, 0, text);
  for (const path of own) assertEquals(await Deno.readTextFile(path), "mine");
  const installed = directory.file("root/usr/local/bin/honua-configd");
  assertEquals(await Deno.readFile(installed), await Deno.readFile(newer));
});

Deno.test("no starter is made if the daemon's search would find another source", async () => {
  for (const name of ["honua.hcl", "honua.honua", "honua.production.hcl", "honua.config.honua"]) {
    await using directory = await temporaryDirectory();
    const binary = await writeStandIn(directory.file("binary"), { version: "1" });
    await Deno.mkdir(directory.file("root/etc/honua"), { recursive: true });
    await directory.write(`root/etc/honua/${name}`, "");
    await install(directory.file("root"), "--binary", binary);
    assertEquals(await listing(directory.file("root/etc/honua"), "%P\\n"), [name]);
  }
});

Deno.test("an uninstallation leaves configuration, and with --purge nothing of its own", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  await install(directory.file("root"), "--binary", binary);
  await install(directory.file("root"), "uninstall");
  assertEquals((await listing(directory.file("root"), "%y %P\\n")).filter((line) => line.startsWith("f ")), [
    "f etc/honua-configd/options.json",
    "f etc/honua/config.hcl",
    "f etc/polkit-1/rules.d/50-honua-configd-units.rules",
  ]);
  await install(directory.file("root"), "--binary", binary);
  await install(directory.file("root"), "uninstall", "--purge");
  assertEquals((await listing(directory.file("root"), "%y %P\\n")).filter((line) => line.startsWith("f ")), []);
});

Deno.test("a purge keeps a source that somebody edited", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  await install(directory.file("root"), "--binary", binary);
  await directory.write("root/etc/honua/config.hcl", "edited");
  const { text } = await install(directory.file("root"), "uninstall", "--purge");
  assertStringIncludes(text, "Kept: ");
  assertEquals(await Deno.readTextFile(directory.file("root/etc/honua/config.hcl")), "edited");
});

Deno.test("wrong usage exits with 2, an unusable file with 3, each with advice", async () => {
  await using directory = await temporaryDirectory();
  const root = directory.file("root");
  for (const args of [["--what"], ["--prefix"], ["--prefix", "usr"], ["--prefix", "/a b"], ["--prefix", "/a|b"]]) {
    const { code, text } = await install(root, ...args);
    assertEquals(code, 2, text);
  }
  const missing = await install(root, "--binary", directory.file("nowhere"));
  assertEquals([missing.code, missing.text.includes("name it with --binary")], [3, true]);
  const binary = await writeStandIn(directory.file("binary"), { version: "1" });
  const nothing = await install(root, "upgrade", "--binary", binary);
  assertEquals([nothing.code, nothing.text.includes("run install.sh install")], [3, true]);
});

Deno.test("a DESTDIR with blanks and a quotation mark is a directory like any other", async () => {
  await using directory = await temporaryDirectory();
  const binary = await writeStandIn(directory.file("the binary"), { version: "1" });
  const root = directory.file("it's a root");
  assertEquals((await install(root, "--binary", binary)).code, 0);
  assertEquals((await install(root, "--binary", binary)).text, "Nothing to change: all is as it should be\n");
  assertEquals((await Deno.stat(`${root}/usr/local/bin/honua-configd`)).isFile, true);
});

for (const [program, ...args] of [["dash", "-n"], ["shellcheck", "-s", "sh"]] as const) {
  Deno.test({
    name: `${program} finds nothing in the scripts of the installation`,
    ignore: !await hasProgram(program),
    async fn() {
      const maintainerScripts = ["preinst", "postinst", "prerm", "postrm"].map((name) => `scripts/deb/${name}`);
      for (const script of [INSTALL, ...maintainerScripts]) {
        assertEquals(await runProgram([program, ...args, script]), { code: 0, text: "" });
      }
    },
  });
}
