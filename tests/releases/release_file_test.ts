// The list of releases survives a restart; a fault in it costs only the faulty entries, and no damaged file is lost.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import { historyDirectory } from "../../src/releases/history_directory.ts";
import type { KeptReleases } from "../../src/releases/release.ts";
import { openReleaseFile, type ReleaseFile } from "../../src/releases/release_file.ts";
import { type Faults, faultyFileSystem } from "../snapshot/faulty_file_system.ts";
import { namesIn, withDirectory } from "../snapshot/temporary_directory.ts";

const HASH = "ab".repeat(32);
const AT = "2026-11-30T03:00:00.000Z";
const NONE: KeptReleases = {
  list: [],
  nextNumber: 1,
  skips: [],
  pinned: null,
  hold: null,
  bake: null,
  confirmation: null,
  overruled: [],
  undone: [],
};

function release(number: number, text = "why"): KeptReleases["list"][number] {
  const changes = { added: 1, removed: 0, changed: 2 };
  const who = { cause: "rollback", author: text, reason: text, halted: text.slice(0, 200) } as const;
  return { number, hash: HASH, format: "hcl", digest: HASH, at: AT, until: AT, ...who, state: "rolled-back", changes };
}

function everything(text: string, releases: number): KeptReleases {
  const health = { cause: "health", author: null } as const;
  return {
    list: Array.from({ length: releases }, (_, index) => release(index + 1, text)),
    nextNumber: releases + 1,
    skips: Array.from({ length: 64 }, () => ({ hash: HASH, by: text, at: AT, reason: text, scope: "fleet" as const })),
    overruled: Array.from({ length: 32 }, () => ({ hash: HASH, by: text, at: AT, reason: text })),
    pinned: { hash: HASH, scope: "host", undoes: Array(32).fill(HASH), ...health, reason: text, isFollowed: true },
    hold: { until: 2 ** 45, since: 0, author: text, reason: text },
    bake: { hash: HASH, phase: "checking", endsAt: 2 ** 45, failures: 3, isBlamed: true },
    confirmation: { hash: HASH, deadline: 2 ** 45, author: text },
    undone: Array(32).fill(HASH),
  };
}

function open(directory: string, fileSystem?: FileSystem): Promise<ReleaseFile> {
  const now = () => new Date(AT);
  return openReleaseFile({ directory: historyDirectory(directory, "", fileSystem), onTrouble: () => {}, now });
}

/** A directory whose file has this content. */
async function withFile(content: string, test: (directory: string, path: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/history`);
    await Deno.writeTextFile(`${directory}/history/releases.json`, content);
    await test(directory, `${directory}/history/releases.json`);
  });
}

Deno.test("the most that a host keeps is read again as it was written", async () => {
  await withDirectory(async (directory) => {
    await using file = await open(directory);
    assertEquals([file.found, file.trouble], [null, null]);
    for (const kept of [NONE, everything("\u0001".repeat(500), 1_003)]) {
      assertEquals(await file.write(kept), { ok: true });
      await using again = await open(directory);
      assertEquals([again.found, again.trouble], [kept, null]);
    }
    assertEquals((Deno.statSync(`${directory}/history/releases.json`).mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test("of more releases than a host keeps the newest are written, and a long text is cut", async () => {
  await withDirectory(async (directory) => {
    await using file = await open(directory);
    await file.write(everything("x".repeat(501), 1_004));
    assertEquals(JSON.parse(await Deno.readTextFile(`${directory}/history/releases.json`)).list.length, 1_003);
    await using again = await open(directory);
    assertEquals([again.found?.list[0]?.number, again.found?.list.length, again.trouble], [2, 1_003, null]);
    assertEquals(again.found?.list[0]?.reason, "x".repeat(500));
  });
});

Deno.test("an impossible value costs its entry or its member, and is named", async () => {
  const kept = everything("why", 3);
  const cases: readonly (readonly [name: keyof KeptReleases, value: unknown, expected: unknown])[] = [
    ["list", [release(1), { ...release(2), hash: "x" }, release(3)], [release(1), release(3)]],
    ["list", [release(2), release(2), release(1), release(3)], [release(2), release(3)]],
    ["list", [{ ...release(1), state: "fine" }, { ...release(2), at: "today" }], []],
    ["list", {}, []],
    ["nextNumber", 0, 4],
    ["skips", [{ ...kept.skips[0], scope: "all" }, kept.skips[1]], [kept.skips[1]]],
    ["pinned", { ...kept.pinned, undoes: ["x"] }, null],
    ["hold", { ...kept.hold, until: AT }, null],
    ["bake", 1, null],
    ["confirmation", { ...kept.confirmation, deadline: -1 }, null],
    ["overruled", [{ ...kept.overruled[0], hash: 1 }, kept.overruled[1]], [kept.overruled[1]]],
    ["undone", [HASH, 1], [HASH]],
  ];
  for (const [name, value, expected] of cases) {
    await withFile(JSON.stringify({ format: 1, ...kept, [name]: value }), async (directory, path) => {
      await using file = await open(directory);
      assertEquals<unknown>(file.found, { ...kept, [name]: expected }, name);
      assertEquals(file.trouble, `${path} has an impossible value (${name})`);
    });
  }
});

Deno.test("the number of the next release is never one that was given, and an older file has no fault", async () => {
  await withFile(JSON.stringify({ format: 1, list: [release(7)], nextNumber: 3 }), async (directory) => {
    await using file = await open(directory);
    assertEquals([file.found, file.trouble], [{ ...NONE, list: [release(7)], nextNumber: 8 }, null]);
  });
});

Deno.test("the release of a file that does not say whether it is followed stays pinned, and is not", async () => {
  const { isFollowed: _, ...older } = everything("why", 1).pinned!;
  await withFile(JSON.stringify({ format: 1, pinned: older }), async (directory) => {
    await using file = await open(directory);
    assertEquals([file.found?.pinned, file.trouble], [{ ...older, isFollowed: false }, null]);
  });
});

Deno.test("a damaged file, one of another version and one that is too large are set aside and never deleted", async () => {
  for (const content of ["{", "", '{"format":2}', "[]", " ".repeat(8 * 1024 * 1024 + 1)]) {
    await withFile(content, async (directory) => {
      await using file = await open(directory);
      assertEquals(file.found, null);
      const [aside, ...others] = namesIn(`${directory}/history`);
      assertEquals(others, []);
      assertMatch(aside ?? "", /^releases\.json\.damaged-20261130T030000Z-[0-9a-f]{8}$/);
      assertStringIncludes(file.trouble ?? "", `; it is now ${directory}/history/${aside}`);
      assertEquals(await Deno.readTextFile(`${directory}/history/${aside}`), content);
    });
  }
});

Deno.test("nothing is written over a damaged file that cannot be set aside", async () => {
  await withFile("{", async (directory, path) => {
    const faults: Faults = { rename: "EBUSY" };
    await using file = await open(directory, faultyFileSystem(faults).fileSystem);
    assertEquals(file.trouble, `${path} is damaged or of another version`);
    assertEquals((await file.write(NONE)).ok, false);
    assertEquals(await Deno.readTextFile(path), "{");
    delete faults.rename;
    assertEquals(await file.write(NONE), { ok: true });
    assertEquals(namesIn(`${directory}/history`).length, 2);
  });
});

Deno.test("a full disk is a result, and the file stays as it was", async () => {
  await withDirectory(async (directory) => {
    const faults: Faults = {};
    await using file = await open(directory, faultyFileSystem(faults).fileSystem);
    await file.write(NONE);
    faults.write = "ENOSPC";
    const result = await file.write(everything("why", 9));
    assert(!result.ok);
    assertStringIncludes(result.message, "the file system is full");
    await using again = await open(directory, hostFileSystem);
    assertEquals(again.found, NONE);
  });
});
