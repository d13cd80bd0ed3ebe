// An examiner's memory of a file: at the bound of a clock's tick, and while the file changes under its eyes.
import { assertEquals, assertRejects } from "@std/assert";
import { stat } from "node:fs/promises";
import {
  type ExaminerSettings,
  identify,
  isSame,
  openExaminer,
  readSealedFile,
  verdictOn,
} from "../../src/snapshot/examiner.ts";
import type { Sha256Hex } from "../../src/snapshot/canonical.ts";
import type { Proof, SealedFile, SealedHeader, Verified } from "../../src/snapshot/sealed_file.ts";
import { MAX_SNAPSHOT_BYTES } from "../../src/snapshot/snapshot.ts";
import { withFakeDate } from "../support/fake_clock.ts";
import { withDirectory } from "./temporary_directory.ts";

/** The text of a file is its hash here; `damaged` is no whole file. */
function headerOf(text: string): SealedHeader {
  return { hash: text as Sha256Hex, contentHash: text as Sha256Hex };
}

function verify(bytes: Uint8Array): Promise<Verified<Proof>> {
  const text = new TextDecoder().decode(bytes);
  return Promise.resolve(
    text === "damaged" ? { ok: false, reason: "not-json" } : { ok: true, header: headerOf(text) },
  );
}

function fileOf(text: string): SealedFile<SealedHeader> {
  const bytes = new TextEncoder().encode(text);
  return { header: headerOf(text), pieces: [bytes], byteLength: bytes.length };
}

function examinerOf(path: string, settings: Partial<ExaminerSettings<Proof>> = {}) {
  return openExaminer({ path, verify, first: null, written: () => [], ...settings });
}

async function withFile(text: string, run: (path: string, changedAt: number) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/snapshot.json`;
    await Deno.writeTextFile(path, text);
    await run(path, Math.floor((await stat(path)).ctimeMs));
  });
}

Deno.test("a file is verified again until a stat would tell of its next change, and then no more", async () => {
  for (const text of ["one", "damaged"]) {
    await withFile(text, async (path, changedAt) => {
      const examiner = examinerOf(path);
      const verified: number[] = [];
      await withFakeDate(async (set) => {
        for (const later of [0, 10, 1_010, 1_011, 1_011, 60_000]) {
          set(changedAt + later);
          assertEquals((await examiner.examine())?.header.hash, text === "damaged" ? undefined : text);
          verified.push(examiner.verified);
        }
      });
      assertEquals(verified, [1, 2, 3, 4, 4, 4], text);
    });
  }
});

Deno.test("a file that a stat does not distinguish from the verified one is verified anyway", async () => {
  await withFile("one", async (path) => {
    const examiner = examinerOf(path);
    for (const text of ["one", "two", "red", "sea"]) {
      await Deno.writeTextFile(path, text);
      // As a copy that keeps times does it: only the time of the last change of status tells, and it has seconds only.
      await Deno.utime(path, 5, 5);
      assertEquals((await examiner.examine())?.header.hash, text);
    }
  });
});

Deno.test("a file that was just changed at opening is forgotten, and one at rest is remembered", async () => {
  for (const [later, isKnown] of [[1_010, false], [1_011, true]] as const) {
    for (const text of ["one", "damaged"]) {
      await withFile(text, async (path, changedAt) => {
        await withFakeDate(async (set) => {
          set(changedAt + later);
          const found = await readSealedFile(path, verify);
          const verdict = verdictOn(found);
          assertEquals(verdict === null, !isKnown);
          const examiner = examinerOf(path, { first: verdict });
          assertEquals((await examiner.examine())?.header.hash, text === "one" ? "one" : undefined);
          assertEquals(examiner.verified, isKnown ? 0 : 1);
        });
      });
    }
  }
});

Deno.test("a known file that changes while it is read has the content that was read", async () => {
  await withFile("known", async (path) => {
    const first = {
      identity: identify(await stat(path)),
      /** Is looked at when the file was found to be the known one, and before it is read. */
      get header() {
        Deno.writeTextFileSync(path, "other");
        return headerOf("known");
      },
    };
    const found = await examinerOf(path, { first }).examine();
    assertEquals([found?.header.hash, found?.isLasting], ["other", false]);
    assertEquals(new TextDecoder().decode(found?.bytes), "other");
  });
});

Deno.test("a file that was written just before a read or during it is not verified, whichever of them is read", async () => {
  for (const [before, meanwhile] of [["here", "later"], ["earlier", "here"]] as const) {
    await withFile("here", async (path) => {
      const written = [[fileOf(before)], [fileOf(meanwhile)]];
      const examiner = examinerOf(path, { written: () => written.shift() ?? [] });
      assertEquals([(await examiner.examine())?.header.hash, examiner.verified], ["here", 0]);
      assertEquals(written, []);
    });
  }
});

Deno.test("a known file is not read for a caller that asks for another, and an unknown one is", async () => {
  await withFile("one", async (path, changedAt) => {
    await withFakeDate(async (set) => {
      set(changedAt + 1_011);
      const examiner = examinerOf(path);
      assertEquals(await examiner.examine("other"), null);
      assertEquals(examiner.verified, 1);
      let asked = 0;
      const known = examinerOf(path, {
        first: verdictOn(await readSealedFile(path, verify)),
        written: () => (asked++, []),
      });
      assertEquals(await known.examine("other"), null);
      assertEquals(asked, 1, "the written files are compared only with the read ones");
      assertEquals([(await known.examine("one"))?.header.hash, asked, known.verified], ["one", 3, 0]);
    });
  });
});

Deno.test("a file is read to the bound of a write, and one byte more shows that it is larger", async () => {
  await withFile("", async (path) => {
    const lengths: number[] = [];
    const measure = (bytes: Uint8Array) => {
      lengths.push(bytes.length);
      return Promise.resolve({ ok: false, reason: "too-large" } as const);
    };
    for (const size of [0, 1, MAX_SNAPSHOT_BYTES, MAX_SNAPSHOT_BYTES + 2]) {
      await Deno.truncate(path, size);
      await readSealedFile(path, measure);
    }
    assertEquals(lengths, [0, 1, MAX_SNAPSHOT_BYTES, MAX_SNAPSHOT_BYTES + 1]);
  });
});

Deno.test("a missing file is none, and one that cannot be read is the system's error", async () => {
  await withDirectory(async (directory) => {
    assertEquals(await readSealedFile(`${directory}/missing`, verify), { state: "none" });
    assertEquals(verdictOn<Proof>({ state: "none" }), null);
    assertEquals(await examinerOf(`${directory}/missing`).examine(), null);
    await assertRejects(() => readSealedFile(directory, verify), Error, "is a directory");
    await assertRejects(() => examinerOf(directory).examine(), Error, "is a directory");
  });
});

Deno.test("two stats are of one file if they say the same of all that tells files apart", async () => {
  await withFile("one", async (path) => {
    const info = await stat(path);
    const identity = identify(info);
    const others = { dev: 1, ino: 1, size: 1, gid: 1, mode: 0o1000, mtimeMs: 1, ctimeMs: 1 };
    for (const [name, more] of Object.entries(others)) {
      const other = identify({ ...info, [name]: Reflect.get(info, name) ^ more } as typeof info);
      assertEquals([isSame(identity, other), isSame(other, identity)], [false, false], name);
    }
    // The kind of the file does not count, but the bits that change its user or group do.
    assertEquals(identify({ ...info, mode: 0o104640 } as typeof info).mode, 0o4640);
    assertEquals([isSame(identity, { ...identity }), isSame(identity, null)], [true, false]);
  });
});
