// Real files: every way in which people and programs change a file, seen only by events and only by polling.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { identifyFile } from "../../src/source/source_file.ts";
import { eventually } from "../support/eventually.ts";
import { inDirectory, replace, watching } from "./watching.ts";

const modes = {
  "only events": { events: true, pollMilliseconds: 0 },
  "only polling": { events: false, pollMilliseconds: 5 },
};

/** Ways from `old` in `DIRECTORY/conf/a.hcl` to `new`; the directory `conf` is there to be replaced. */
const changes: Record<string, (directory: string, path: string) => Promise<void>> = {
  "an in-place write": (_, path) => Deno.writeTextFile(path, "new"),
  "a truncation and then a write": async (_, path) => {
    await Deno.truncate(path);
    await Deno.writeTextFile(path, "new");
  },
  "an atomic rename": (_, path) => replace(path, (temporary) => Deno.writeTextFile(temporary, "new")),
  "a removal and a new file": async (_, path) => {
    await Deno.remove(path);
    await Deno.writeTextFile(path, "new");
  },
  "a file that becomes a symbolic link to another directory": async (directory, path) => {
    await Deno.writeTextFile(`${directory}/other.hcl`, "new");
    await replace(path, (temporary) => Deno.symlink("../other.hcl", temporary));
  },
  "the directory removed and made again": async (directory, path) => {
    await Deno.remove(`${directory}/conf`, { recursive: true });
    await Deno.mkdir(`${directory}/conf`);
    await Deno.writeTextFile(path, "new");
  },
  "the directory moved away and another in its place": async (directory) => {
    await Deno.mkdir(`${directory}/next`);
    await Deno.writeTextFile(`${directory}/next/a.hcl`, "new");
    await Deno.rename(`${directory}/conf`, `${directory}/conf.old`);
    await Deno.rename(`${directory}/next`, `${directory}/conf`);
  },
};

for (const [mode, options] of Object.entries(modes)) {
  for (const [what, change] of Object.entries(changes)) {
    Deno.test(`${what} is seen by ${mode}, and so is the edit after it`, async () => {
      await inDirectory(async (directory) => {
        const path = `${directory}/conf/a.hcl`;
        await Deno.mkdir(`${directory}/conf`);
        await Deno.writeTextFile(path, "old");
        await watching([path], options, async ({ sees, troubles }) => {
          await change(directory, path);
          await sees(path, "new");
          await Deno.writeTextFile(path, "after");
          await sees(path, "after");
          assertEquals(troubles, []);
        });
      });
    });
  }

  Deno.test(`a chmod and a touch are hints by ${mode}`, async () => {
    await inDirectory(async (directory) => {
      const path = `${directory}/a.hcl`;
      await Deno.writeTextFile(path, "same");
      await watching([path], options, async ({ hints }) => {
        await Deno.chmod(path, 0o600);
        await eventually("a hint after chmod", () => hints.length > 0);
      });
      await watching([path], options, async ({ hints }) => {
        await Deno.utime(path, 1, 1);
        await eventually("a hint after touch", () => hints.length > 0);
      });
    });
  });

  Deno.test(`a Kubernetes volume that swaps its ..data link is seen by ${mode}, twice`, async () => {
    await inDirectory(async (directory) => {
      const path = `${directory}/a.hcl`;
      async function publish(content: string): Promise<void> {
        await Deno.mkdir(`${directory}/..${content}`);
        await Deno.writeTextFile(`${directory}/..${content}/a.hcl`, content);
        await replace(`${directory}/..data`, (temporary) => Deno.symlink(`..${content}`, temporary));
      }
      await publish("one");
      await Deno.symlink("..data/a.hcl", path);
      await watching([path], options, async ({ sees }) => {
        await publish("two");
        await sees(path, "two");
        await Deno.remove(`${directory}/..one`, { recursive: true });
        await publish("three");
        await sees(path, "three");
      });
    });
  });

  Deno.test(`behind two links the target's edit and each link's swap are seen by ${mode}`, async () => {
    await inDirectory(async (directory) => {
      for (const name of ["etc", "hop", "data"]) await Deno.mkdir(`${directory}/${name}`);
      await Deno.writeTextFile(`${directory}/data/a.hcl`, "one");
      await Deno.writeTextFile(`${directory}/data/b.hcl`, "three");
      await Deno.symlink(`${directory}/data/a.hcl`, `${directory}/hop/link`);
      const path = `${directory}/etc/a.hcl`;
      await Deno.symlink("../hop/link", path);
      await watching([path], options, async ({ sees }) => {
        await replace(`${directory}/data/a.hcl`, (temporary) => Deno.writeTextFile(temporary, "two"));
        await sees(path, "two");
        await replace(`${directory}/hop/link`, (temporary) => Deno.symlink("../data/b.hcl", temporary));
        await sees(path, "three");
        await Deno.writeTextFile(`${directory}/data/b.hcl`, "four");
        await sees(path, "four");
      });
    });
  });

  Deno.test(`a file that is missing, then there, then missing is seen by ${mode}`, async () => {
    await inDirectory(async (directory) => {
      const path = `${directory}/a.hcl`;
      await watching([path], options, async ({ sees }) => {
        await Deno.writeTextFile(path, "one");
        await sees(path, "one");
        await Deno.remove(path);
        await sees(path, null);
      });
    });
  });

  Deno.test(`a directory that appears later, two levels deep, is seen by ${mode}`, async () => {
    await inDirectory(async (directory) => {
      const path = `${directory}/etc/honua/a.hcl`;
      await watching([path], options, async ({ sees, troubles }) => {
        await Deno.mkdir(`${directory}/etc/honua`, { recursive: true });
        await Deno.writeTextFile(path, "one");
        await sees(path, "one");
        await Deno.writeTextFile(path, "two");
        await sees(path, "two");
        assertEquals(troubles, []);
      });
    });
  });

  Deno.test(`of two files in different directories the one that changed is named, by ${mode}`, async () => {
    await inDirectory(async (directory) => {
      const paths = [`${directory}/a/a.hcl`, `${directory}/b/secrets.env`];
      for (const path of paths) {
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
        await Deno.writeTextFile(path, "one");
      }
      await watching(paths, options, async ({ sees, hints }) => {
        await Deno.writeTextFile(paths[1]!, "two");
        await sees(paths[1]!, "two");
        assertEquals(hints.filter(({ path }) => path === paths[0]), []);
      });
    });
  });

  Deno.test(`a neighbour that is written and a file that is read are no hint, by ${mode}`, async () => {
    await inDirectory(async (directory) => {
      const path = `${directory}/a.hcl`;
      await Deno.writeTextFile(path, "same");
      let looks = 0;
      const counted = (one: string) => {
        looks++;
        return identifyFile(one);
      };
      await watching([path], { ...options, identify: counted }, async ({ hints }) => {
        const before = looks;
        await Deno.readTextFile(path);
        await replace(`${directory}/config.snapshot.json`, (temporary) => Deno.writeTextFile(temporary, "{}"));
        // The second look began after the first one's gap, so after every event of the step above.
        await eventually("a look", () => looks > before);
        await Deno.writeTextFile(`${directory}/config.snapshot.json`, "{ }");
        await eventually("another look", () => looks > before + 1);
        assertEquals(hints, []);
      });
    });
  });
}

Deno.test("a relative path is watched and named as it was given", async () => {
  await inDirectory(async (directory) => {
    const up = Deno.cwd().split("/").slice(1).map(() => "..").join("/");
    const path = `${up}${directory}/./a.hcl`;
    await watching([path], {}, async ({ sees }) => {
      await Deno.writeTextFile(`${directory}/a.hcl`, "one");
      await sees(path, "one");
    });
  });
});

Deno.test("a directory far above that is replaced without an event is found by the poll and watched again", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/top/middle/a.hcl`;
    await Deno.mkdir(`${directory}/top/middle`, { recursive: true });
    await Deno.writeTextFile(path, "old");
    await watching([path], { pollMilliseconds: 5 }, async ({ sees, hints }) => {
      await Deno.rename(`${directory}/top`, `${directory}/away`);
      await Deno.mkdir(`${directory}/top/middle`, { recursive: true });
      await Deno.writeTextFile(path, "new");
      await sees(path, "new");
      await eventually("an event from the new directory", async () => {
        await Deno.writeTextFile(path, "again");
        return hints.some(({ reason }) => reason === "event");
      });
    });
  });
});

Deno.test("after any change of a file, its last state is seen by events without polling", async () => {
  const steps = fc.array(fc.constantFrom(...Object.keys(changes)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(steps, async (names) => {
      await inDirectory(async (directory) => {
        const path = `${directory}/conf/a.hcl`;
        await Deno.mkdir(`${directory}/conf`);
        await Deno.writeTextFile(path, "old");
        await watching([path], {}, async ({ sees }) => {
          for (const name of names) {
            await Deno.remove(`${directory}/conf.old`, { recursive: true }).catch(() => {});
            await changes[name]!(directory, path);
          }
          await Deno.writeTextFile(path, "last");
          await sees(path, "last");
        });
      });
    }),
    { numRuns: 40 },
  );
});
