// The way of a path, name by name, compared with the kernel's resolution of the same path.
import { assertEquals } from "@std/assert";
import { tracePath } from "../../src/source/path_trace.ts";
import { inDirectory } from "./watching.ts";

/** The names looked up below a directory, and how the way ends. */
async function traced(directory: string, path: string) {
  const { lookups, target, outcome } = await tracePath(path);
  const below = lookups.filter((lookup) => lookup.directory.startsWith(directory));
  const shown = below.map(({ directory: at, name, kind }) => `${kind} ${at.slice(directory.length)}/${name}`);
  return { shown, target: target.replace(directory, ""), outcome };
}

Deno.test("as many links are followed as the kernel follows, and no more", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/0`, "end");
    for (let link = 1; link <= 41; link++) await Deno.symlink(`${link - 1}`, `${directory}/${link}`);
    const reads = (path: string) => Deno.readTextFile(path).then(() => true, () => false);
    assertEquals([await reads(`${directory}/40`), await reads(`${directory}/41`)], [true, false]);
    const [bound, beyond] = [await tracePath(`${directory}/40`), await tracePath(`${directory}/41`)];
    assertEquals([bound.outcome, bound.target], ["found", `${directory}/0`]);
    assertEquals([beyond.outcome, beyond.target], ["loop", `${directory}/1`]);
  });
});

Deno.test("each name that could lead elsewhere is looked up once on the way, and `.`, `..` and slashes are none", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/a/b`, { recursive: true });
    await Deno.writeTextFile(`${directory}/a/f`, "");
    await Deno.symlink("./b//", `${directory}/a/link`);
    await Deno.symlink(`${directory}/a/f`, `${directory}/whole`);
    assertEquals(await traced(directory, `${directory}/./a//link/../f`), {
      shown: ["link /a/link", "file /a/f"],
      target: "/a/f",
      outcome: "found",
    });
    assertEquals(await traced(directory, `${directory}/whole`), {
      shown: ["link /whole", "file /a/f"],
      target: "/a/f",
      outcome: "found",
    });
    assertEquals(await traced(directory, `${directory}/a/none`), {
      shown: ["file /a/none"],
      target: "/a/none",
      outcome: "missing",
    });
    assertEquals(await traced(directory, `${directory}/none/f`), {
      shown: ["directory /none"],
      target: "/none",
      outcome: "missing",
    });
    assertEquals(await traced(directory, `${directory}/a/f/g`), {
      shown: ["directory /a/f"],
      target: "/a/f",
      outcome: "missing",
    });
    assertEquals(await traced(directory, `${directory}/a/${"x".repeat(256)}`), {
      shown: [`file /a/${"x".repeat(256)}`],
      target: `/a/${"x".repeat(256)}`,
      outcome: "unreadable",
    });
    assertEquals(await traced(directory, `${directory}/a/b/..`), { shown: [], target: "/a", outcome: "found" });
    for (const path of ["/../..", "/proc/.."]) assertEquals((await tracePath(path)).target, "/", path);
    assertEquals((await tracePath("no such directory/f")).target, `${Deno.cwd()}/no such directory`);
    assertEquals((await tracePath("/../tmp")).lookups.map(({ directory: at, name }) => [at, name]), [["/", "tmp"]]);
  });
});

Deno.test("a file system that tells no time of birth is gone through like any other", async () => {
  const { lookups, outcome } = await tracePath("/proc/1/status");
  assertEquals([lookups.length, outcome], [1, "found"]);
});

Deno.test("a directory that is made again under its path is another one", async () => {
  await inDirectory(async (directory) => {
    const identity = async () => (await tracePath(`${directory}/a/f`)).lookups.at(-1)!.directoryIdentity;
    await Deno.mkdir(`${directory}/a`);
    const first = await identity();
    assertEquals(await identity(), first);
    await Deno.writeTextFile(`${directory}/a/neighbour`, "");
    assertEquals(await identity(), first);
    await Deno.rename(`${directory}/a`, `${directory}/b`);
    await Deno.mkdir(`${directory}/a`);
    assertEquals(await identity() === first, false);
  });
});
