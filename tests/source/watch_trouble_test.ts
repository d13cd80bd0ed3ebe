// The reaction of a watcher if the system refuses it events: faults come in through `watchDirectory`, the files are
// real.
import * as FakeTimers from "@sinonjs/fake-timers";
import { assert, assertEquals } from "@std/assert";
import { eventWatch, type FileSystemEvents, type WatchDirectory } from "../../src/source/event_watch.ts";
import { watchFiles } from "../../src/source/file_watcher.ts";
import { identifyFile } from "../../src/source/source_file.ts";
import { eventually } from "../support/eventually.ts";
import { inDirectory, watching } from "./watching.ts";

const LIMIT = 'OS file watch limit reached. about ["/etc/honua"]';

/** The system's events while `isRefused` says no; counts the requests. */
function refusing(isRefused: () => boolean): { watchDirectory: WatchDirectory; attempts: () => number } {
  const watch = eventWatch();
  let attempts = 0;
  const watchDirectory: WatchDirectory = (directory) => {
    attempts++;
    return isRefused() ? Promise.reject(new Error(LIMIT)) : watch(directory);
  };
  return { watchDirectory, attempts: () => attempts };
}

Deno.test("at the watch limit polling carries on, trouble and recovery are each reported once, and events come again", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "old");
    let refused = true;
    const { watchDirectory, attempts } = refusing(() => refused);
    await watching([path], { pollMilliseconds: 5, watchDirectory }, async (watch) => {
      assertEquals(watch.troubles, [LIMIT]);
      await Deno.writeTextFile(path, "new");
      await watch.sees(path, "new");
      await eventually("a third attempt", () => attempts() >= 3);
      assertEquals([watch.troubles.length, watch.recoveries], [1, 0]);
      refused = false;
      await eventually("recovery", () => watch.recoveries > 0);
      await eventually("an event", async () => {
        await Deno.writeTextFile(path, "event");
        return watch.hints.some(({ reason }) => reason === "event");
      });
      assertEquals([watch.troubles.length, watch.recoveries], [1, 1]);
    });
  });
});

Deno.test("attempts to watch again come at polls and twice as far apart each time", async () => {
  await inDirectory(async (directory) => {
    const timers = FakeTimers.createClock();
    const { watchDirectory, attempts } = refusing(() => true);
    await using _ = await watchFiles([`${directory}/a.hcl`], {
      events: true,
      pollMilliseconds: 1000,
      onHint: () => {},
      onTrouble: () => {},
      watchDirectory,
      clock: {
        now: () => timers.now,
        schedule(milliseconds, callback) {
          const timer = timers.setTimeout(callback, milliseconds);
          return () => timers.clearTimeout(timer);
        },
      },
    });
    const attemptsAt: number[] = [0];
    for (let second = 1; second <= 16; second++) {
      const before = attempts();
      await eventually("the next poll is scheduled", () => timers.countTimers() === 1);
      timers.tick(1000);
      await eventually("the poll is over", () => timers.countTimers() === 1);
      if (attempts() > before) attemptsAt.push(second);
    }
    assertEquals(attemptsAt, [0, 1, 3, 7, 15]);
  });
});

Deno.test("a refused watcher without polls still tries again, and compares when it does", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    let refused = true;
    const { watchDirectory } = refusing(() => refused);
    await watching([path], { watchDirectory }, async (watch) => {
      await Deno.writeTextFile(path, "unseen");
      refused = false;
      await watch.sees(path, "unseen");
      await eventually("recovery", () => watch.recoveries === 1);
    });
  });
});

Deno.test("a watcher that fails or ends by itself is reported and opened again", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    let opened = 0;
    const watch = eventWatch();
    const broken = () => Promise.resolve(endless(Promise.reject(new Error("read failed"))));
    const watchDirectory: WatchDirectory = (watched) => opened++ === 0 ? broken() : watch(watched);
    await watching([path], { pollMilliseconds: 5, watchDirectory }, async (watch) => {
      await eventually("recovery", () => watch.recoveries === 1);
      assertEquals(watch.troubles, ["read failed"]);
      await Deno.writeTextFile(path, "new");
      await watch.sees(path, "new");
    });
  });
});

Deno.test("a watcher that went deaf silently is opened again when a poll finds a change that it did not report", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    const { promise, resolve } = Promise.withResolvers<void>();
    let opened = 0;
    const watch = eventWatch();
    const watchDirectory: WatchDirectory = (watched) =>
      opened++ === 0 ? Promise.resolve({ ...endless(promise), close: resolve }) : watch(watched);
    await watching([path], { pollMilliseconds: 5, watchDirectory }, async (watch) => {
      await Deno.writeTextFile(path, "unseen");
      await watch.sees(path, "unseen");
      await eventually("an event", async () => {
        await Deno.writeTextFile(path, "event");
        return watch.hints.some(({ reason }) => reason === "event");
      });
      assertEquals(watch.troubles, []);
    });
  });
});

Deno.test("a file system that gives no events is polled", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    const { promise, resolve } = Promise.withResolvers<void>();
    const watchDirectory: WatchDirectory = () => Promise.resolve({ ...endless(promise), close: resolve });
    await watching([path], { pollMilliseconds: 5, watchDirectory }, async (watch) => {
      await Deno.writeTextFile(path, "new");
      await watch.sees(path, "new");
      assertEquals(watch.troubles, []);
    });
  });
});

/** Events that do not come, and end as the promise does. */
function endless(end: Promise<void>): FileSystemEvents {
  return {
    close() {},
    // deno-lint-ignore require-yield
    async *[Symbol.asyncIterator]() {
      await end;
    },
  };
}

Deno.test("with neither events nor polls nothing is opened and nothing is looked at", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, attempts } = refusing(() => false);
    let looks = 0;
    const counted = (path: string) => {
      looks++;
      return identifyFile(path);
    };
    const options = { events: false, watchDirectory, identify: counted };
    await watching([`${directory}/a.hcl`], options, async ({ hints }) => {
      await Deno.writeTextFile(`${directory}/a.hcl`, "new");
      assertEquals([hints.length, attempts(), looks], [0, 0, 0]);
    });
  });
});

Deno.test("no hint comes after a watcher was closed", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    await watching([path], { pollMilliseconds: 5 }, async ({ hints, close }) => {
      const closed = close();
      using witness = Deno.watchFs(directory, { recursive: false });
      const ended = (async () => {
        for await (const _ of witness) return;
      })();
      await Deno.writeTextFile(path, "new");
      await ended;
      await closed;
      assertEquals(hints, []);
    });
  });
});

Deno.test("a look that hangs is trouble, once, and polling goes on when it has ended", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    const hanging = Promise.withResolvers<string>();
    let looks = 0;
    const hang = (one: string) => ++looks === 2 ? hanging.promise : identifyFile(one);
    await watching([path], { pollMilliseconds: 5, identify: hang, lookLimitMilliseconds: 50 }, async (watch) => {
      await eventually("trouble", () => watch.troubles.length > 0);
      assertEquals([watch.troubles, looks], [["the file system of a watched file does not answer"], 2]);
      await Deno.writeTextFile(path, "new");
      hanging.resolve("missing");
      await watch.sees(path, "new");
      await eventually("recovery", () => watch.recoveries === 1);
      assertEquals(watch.troubles.length, 1);
    });
  });
});

Deno.test("a first look that hangs holds nobody up, and every file is hinted at when it has ended", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    const hanging = Promise.withResolvers<string>();
    await Deno.writeTextFile(path, "old");
    await watching([path], { identify: () => hanging.promise, lookLimitMilliseconds: 50 }, async (watch) => {
      assertEquals([watch.troubles.length, watch.hints.length], [1, 0]);
      hanging.resolve("same");
      await watch.sees(path, "old");
    });
  });
});

Deno.test("closing does not wait for a look that hangs for ever", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.hcl`;
    let looks = 0;
    const hang = () => ++looks === 1 ? Promise.resolve("first") : new Promise<string>(() => {});
    await watching([path], { events: false, pollMilliseconds: 5, identify: hang }, async () => {
      await eventually("a look that hangs", () => looks === 2);
    });
    assert(looks === 2);
  });
});

Deno.test("a directory on the way that was replaced without an event is watched again after a poll", async () => {
  await inDirectory((quiet) =>
    inDirectory(async (directory) => {
      await Deno.mkdir(`${directory}/links`);
      await Deno.writeTextFile(`${directory}/a.hcl`, "same");
      const path = `${directory}/links/a.hcl`;
      await Deno.symlink("../a.hcl", path);
      const opened: string[] = [];
      const watch = eventWatch();
      const watchDirectory: WatchDirectory = (watched) => {
        opened.push(watched);
        return watch(quiet);
      };
      await watching([path], { pollMilliseconds: 5, watchDirectory }, async (watch) => {
        const timesOpened = () => opened.filter((one) => one.endsWith("/links")).length;
        assertEquals(timesOpened(), 1);
        await Deno.rename(`${directory}/links`, `${directory}/old`);
        await Deno.mkdir(`${directory}/new`);
        await Deno.symlink("../a.hcl", `${directory}/new/a.hcl`);
        await Deno.rename(`${directory}/new`, `${directory}/links`);
        await eventually("the new directory being watched", () => timesOpened() >= 2);
        await Deno.writeTextFile(path, "other");
        await watch.sees(path, "other");
      });
    })
  );
});
