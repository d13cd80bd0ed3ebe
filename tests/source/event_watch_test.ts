// Real directories with files that others may put into them: named pipes, links to them, names that are not UTF-8.
import * as FakeTimers from "@sinonjs/fake-timers";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { dirname } from "node:path";
import { eventWatch, type FileSystemEvents, type WatchFs } from "../../src/source/event_watch.ts";
import { eventually } from "../support/eventually.ts";
import { turn } from "../support/fake_clock.ts";
import { inDirectory } from "./watching.ts";

async function shell(directory: string, script: string): Promise<void> {
  await new Deno.Command("bash", { args: ["-c", script], cwd: directory }).output();
}

/** Collects the paths of all events while the body runs. */
async function following(events: FileSystemEvents, body: (paths: string[]) => Promise<void>): Promise<void> {
  const paths: string[] = [];
  const pump = (async () => {
    for await (const event of events) paths.push(...event.paths.length > 0 ? event.paths : ["?"]);
  })();
  try {
    await body(paths);
  } finally {
    events.close();
    await pump;
  }
}

Deno.test("events come beside a named pipe, and beside a link to one, and more directories can be watched", async () => {
  await inDirectory(async (directory) => {
    for (const name of ["one", "two"]) await Deno.mkdir(`${directory}/${name}`);
    const watch = eventWatch();
    await following(await watch(`${directory}/one`), async (paths) => {
      await shell(directory, "mkfifo one/pipe; ln -s pipe one/link; touch one/pipe");
      await eventually("an event of the pipe", () => paths.includes(`${directory}/one/pipe`));
      await following(await watch(`${directory}/two`), async (others) => {
        await shell(directory, "chmod 600 one/pipe; echo a > one/a; echo b > two/b");
        await eventually(
          "events of both",
          () => paths.includes(`${directory}/one/a`) && others.includes(`${directory}/two/b`),
        );
        assertEquals([...paths, ...others].filter((path) => !path.startsWith(directory)), []);
        assertEquals(paths.filter((path) => path.includes("/two")), []);
      });
    });
  });
});

Deno.test("a name that is not UTF-8 is an event of no path, and the next event is reported", async () => {
  await inDirectory(async (directory) => {
    await following(await eventWatch()(directory), async (paths) => {
      await shell(directory, "touch $'\\xff\\xfe'; echo a > a");
      await eventually("the event after it", () => paths.includes(`${directory}/a`));
      assertEquals(paths[0], "?");
    });
  });
});

Deno.test("watching leaves no temporary file, and says so if there can be none", async () => {
  const before = Deno.env.get("TMPDIR");
  await inDirectory(async (directory) => {
    try {
      const watch = eventWatch();
      Deno.env.set("TMPDIR", `${directory}/none`);
      await assertRejects(() => watch(directory), Error, "watching needs a directory for temporary files (TMPDIR)");
      await Deno.mkdir(`${directory}/temporary`);
      Deno.env.set("TMPDIR", `${directory}/temporary`);
      await assertRejects(() => watch(`${directory}/none`), Deno.errors.NotFound);
      await following(await watch(directory), () => Promise.resolve());
      assertEquals(await Array.fromAsync(Deno.readDir(`${directory}/temporary`)), []);
    } finally {
      if (before === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", before);
    }
  });
});

Deno.test("a watcher that was caught by a named pipe is not asked again before it is free", async () => {
  await inDirectory(async (directory) => {
    await shell(directory, "mkfifo pipe");
    let asked = 0;
    // Somebody touches the pipe in the moment before the link is removed.
    const unlucky: WatchFs = (path, options) => {
      const watcher = Deno.watchFs(path, options);
      if (++asked !== 2) return watcher;
      Deno.utimeSync(`${directory}/pipe`, 1, 1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      return watcher;
    };
    const watch = eventWatch(unlucky, 300);
    await assertRejects(() => watch(directory), Error, "was held");
    await assertRejects(() => watch(directory), Error, "is held by a named pipe");
    assertEquals(asked, 2);
    await shell(directory, "echo > pipe");
    const free = await eventually("a watch", () => watch(directory).catch(() => null));
    await following(free, async (paths) => {
      await shell(directory, "echo a > a");
      await eventually("an event", () => paths.includes(`${directory}/a`));
    });
  });
});

/** A watcher of Deno's: after an event that is not UTF-8 come the given events, and then the end. */
function fakeWatcher(end: Promise<never> | null, onClose: () => void): ReturnType<WatchFs> {
  const steps: Promise<never>[] = [Promise.reject(new TypeError("not UTF-8")), ...end === null ? [] : [end]];
  for (const step of steps) step.catch(() => {});
  const events: AsyncIterableIterator<Deno.FsEvent> = {
    next: () => steps.shift() ?? Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => events,
  };
  return { close: onClose, [Symbol.asyncIterator]: () => events };
}

Deno.test("a directory is watched when its file system has answered, and the reason why it is not names it", async () => {
  await inDirectory(async (directory) => {
    for (const refused of [1, 2, 3, 4]) {
      const answer = Promise.withResolvers<void>();
      const asked: string[] = [];
      const closed: string[] = [];
      const watchFs: WatchFs = (path) => {
        if (asked.push(path) === refused) throw new Error(`refused: ${path}`);
        const end = refused === 4 ? Promise.reject(new Error("broken")) : null;
        return fakeWatcher(end, () => closed.push(path));
      };
      const waitedFor: string[] = [];
      const watching = eventWatch(watchFs, 1_000, (path) => {
        waitedFor.push(path);
        return answer.promise;
      })(directory);
      await eventually("the question", () => waitedFor.length > 0);
      await turn();
      assertEquals([waitedFor, asked], [[directory], []]);
      answer.resolve();
      const error = await assertRejects(() => watching, Error);
      const reason = refused === 4 ? "broken" : "Deno's watcher ended by itself";
      assertEquals(error.message, refused < 3 ? `refused: ${directory}` : reason);
      assertEquals([asked.length, closed.length], [Math.min(refused, 2), refused === 2 ? 1 : 0]);
    }
  });
});

Deno.test("a sign of life is made every tenth of a second, and waited for for two seconds", async () => {
  await inDirectory(async (directory) => {
    const timers = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    try {
      const asked: string[] = [];
      const closed: string[] = [];
      const silent: WatchFs = (path, options) => {
        asked.push(path);
        assertEquals([options, Deno.statSync(path).isDirectory], [{ recursive: false }, true]);
        Deno.utimeSync(path, 0, 0);
        return fakeWatcher(new Promise(() => {}), () => closed.push(path));
      };
      let reason = "";
      const watching = eventWatch(silent, undefined, () => Promise.resolve())(directory)
        .catch((error) => reason = error.message);
      for (let turns = 0; turns < 1_000 && timers.countTimers() < 2; turns++) await turn();
      const [own, link] = asked as [string, string];
      assertEquals((await Array.fromAsync(Deno.readDir(dirname(own)))).map(({ name }) => name), ["own"]);
      const touchedAt = () => Deno.statSync(own).mtime!.getTime();
      for (let beats = 1; beats <= 3; beats++) {
        for (let turns = 0; turns < 1_000 && touchedAt() === 0; turns++) await turn();
        assertNotEquals(touchedAt(), 0);
        if (beats === 3) break;
        Deno.utimeSync(own, 0, 0);
        timers.tick(99);
        await turn();
        assertEquals(touchedAt(), 0);
        timers.tick(1);
      }
      // A file that is gone already need not be removed.
      await Deno.remove(dirname(own), { recursive: true });
      timers.tick(1_799);
      await turn();
      assertEquals([reason, closed], ["", []]);
      timers.tick(1);
      await watching;
      assertEquals([reason, closed], [`Deno's watcher was held when ${directory} was to be watched`, [link]]);
      assertEquals(timers.countTimers(), 0);
    } finally {
      timers.uninstall();
    }
  });
});
