// When a watcher looks, tries again and gives up: at each bound and one before it, by a clock that the test turns.
import { assertEquals } from "@std/assert";
import type { FileSystemEvent, WatchDirectory } from "../../src/source/event_watch.ts";
import { type FileWatcherOptions, watchFiles } from "../../src/source/file_watcher.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeClock, fakeClock, turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { inDirectory } from "./watching.ts";

/** A watcher over a clock that a test turns, and its results. */
interface Timed extends FakeClock, AsyncDisposable {
  readonly hints: string[];
  readonly troubles: string[];
  /** When it looked at a file. */
  readonly looks: number[];
}

/** Files that are the same at each look unless `identify` says otherwise. */
async function timed(paths: readonly string[], options: Partial<FileWatcherOptions>): Promise<Timed> {
  const { clock, timers } = fakeClock();
  const [hints, troubles, looks]: [string[], string[], number[]] = [[], [], []];
  const { identify = () => Promise.resolve("same") } = options;
  const watcher = await watchFiles(paths, {
    events: false,
    pollMilliseconds: 0,
    onHint: (_, reason) => hints.push(`${reason} ${timers.now}`),
    onTrouble: (reason) => troubles.push(reason),
    clock,
    ...options,
    identify: (path) => {
      looks.push(timers.now);
      return identify(path);
    },
  });
  return { clock, timers, hints, troubles, looks, [Symbol.asyncDispose]: () => watcher[Symbol.asyncDispose]() };
}

/** Directories with events that a test makes; counts how often each was opened. */
function directed() {
  const emits = new Map<string, (event: FileSystemEvent) => void>();
  const opened: string[] = [];
  const watchDirectory: WatchDirectory = (directory) => {
    opened.push(directory);
    const queue: FileSystemEvent[] = [];
    let wake = Promise.withResolvers<void>();
    let isClosed = false;
    emits.set(directory, (event) => {
      queue.push(event);
      wake.resolve();
    });
    const close = () => {
      isClosed = true;
      wake.resolve();
    };
    const events = async function* () {
      while (!isClosed) {
        for (let event = queue.shift(); event !== undefined; event = queue.shift()) yield event;
        if (!isClosed) await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    };
    return Promise.resolve({ close, [Symbol.asyncIterator]: events });
  };
  const emit = async (directory: string, ...paths: string[]) => {
    emits.get(directory)!({ paths });
    await turn();
  };
  return { watchDirectory, opened, emit };
}

/** Turns the clock from poll to poll. */
async function poll(watch: Timed, milliseconds: number): Promise<void> {
  await eventually("the next poll is scheduled", () => watch.timers.countTimers() === 1);
  watch.timers.tick(milliseconds);
  await eventually("the poll is over", () => watch.timers.countTimers() === 1);
}

const refuse: WatchDirectory = () => Promise.reject(new Error("no"));

for (
  const [pollMilliseconds, attempts] of [
    [20_000, [0, 20, 60, 120, 180]],
    [90_000, [0, 90, 180, 270]],
  ] as const
) {
  Deno.test(`a refused watch is tried again after a minute at the most, or at each poll of ${pollMilliseconds} ms`, async () => {
    const at: number[] = [];
    let count = 0;
    await using watch = await timed(["/none/a.hcl"], {
      events: true,
      pollMilliseconds,
      watchDirectory: (directory) => {
        count++;
        return refuse(directory);
      },
    });
    at.push(0);
    while (watch.timers.now < attempts.at(-1)! * 1_000) {
      const before = count;
      await poll(watch, pollMilliseconds);
      if (count > before) at.push(watch.timers.now / 1_000);
    }
    assertEquals([at, watch.troubles], [[...attempts], ["no"]]);
  });
}

Deno.test("without polls a refused watch is tried again after a second, and then after two", async () => {
  let count = 0;
  await using watch = await timed(["/none/a.hcl"], {
    events: true,
    watchDirectory: (directory) => {
      count++;
      return refuse(directory);
    },
  });
  const first = count;
  for (const wait of [1_000, 2_000, 4_000]) {
    await eventually("the next attempt is scheduled", () => watch.timers.countTimers() === 1);
    const before = count;
    watch.timers.tick(wait - 1);
    await turn();
    assertEquals(count, before);
    watch.timers.tick(1);
    await eventually("the attempt", () => count === before + first);
  }
  await eventually("the look is over", () => watch.timers.countTimers() === 1);
});

Deno.test("events within a tenth of a second after a look share one look at its end", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, emit } = directed();
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    await using watch = await timed([path], { events: true, pollMilliseconds: 1_000_000, watchDirectory });
    // The poll after it is the only timer.
    const isOver = () => watch.timers.countTimers() === 1;
    await eventually("the first look is over", () => watch.looks.length === 1 && isOver());
    watch.timers.tick(100);
    await emit(directory, `${directory}/b`);
    await eventually("a look at once is over", () => watch.looks.length === 2 && isOver());
    for (const step of [10, 40, 49]) {
      watch.timers.tick(step);
      await emit(directory, `${directory}/b`);
    }
    assertEquals([watch.looks.length, watch.timers.now], [2, 199]);
    watch.timers.tick(1);
    await eventually("a look at the end is over", () => watch.looks.length === 3 && isOver());
    assertEquals(watch.looks, [0, 100, 200]);
    watch.timers.tick(10_000);
    await turn();
    assertEquals([watch.looks.length, watch.hints], [3, []]);
  });
});

Deno.test("an event hints at the file that it names, at once, and of other directories' names at none", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, emit, opened } = directed();
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    await using watch = await timed([path], { events: true, watchDirectory });
    await emit(directory, `${directory}/sub/a.hcl`, `${directory}/b.hcl`);
    assertEquals(watch.hints, []);
    const before = opened.length;
    await emit(directory, path);
    assertEquals(watch.hints, ["event 0"]);
    assertEquals(opened.length, before);
    // An event of the directory itself: it is watched again, because its watcher may be deaf.
    await emit(directory, directory);
    watch.timers.tick(100);
    await eventually("it is watched anew", () => opened.filter((one) => one === directory).length === 2);
    assertEquals(watch.hints, ["event 0"]);
  });
});

Deno.test("the way to a file is looked at again with every sixth poll, and by none before", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/links`);
    await Deno.writeTextFile(`${directory}/a.hcl`, "same");
    await Deno.symlink("../a.hcl", `${directory}/links/a.hcl`);
    const { watchDirectory, opened } = directed();
    const times = () => opened.filter((one) => one.endsWith("/links")).length;
    await using watch = await timed([`${directory}/links/a.hcl`], {
      events: true,
      pollMilliseconds: 1_000,
      watchDirectory,
    });
    await Deno.rename(`${directory}/links`, `${directory}/old`);
    await Deno.mkdir(`${directory}/links`);
    await Deno.symlink("../a.hcl", `${directory}/links/a.hcl`);
    for (let polls = 1; polls <= 5; polls++) await poll(watch, 1_000);
    assertEquals(times(), 1);
    await poll(watch, 1_000);
    assertEquals(times(), 2);
  });
});

Deno.test("directories that come and go under a look are tried eight times, and by the next look again", async () => {
  let count = 0;
  await using watch = await timed(["/a.hcl"], {
    events: true,
    pollMilliseconds: 1_000,
    watchDirectory: () => {
      count++;
      return Promise.reject(new Deno.errors.NotFound());
    },
  });
  assertEquals(count, 8);
  for (let polls = 1; polls <= 6; polls++) await poll(watch, 1_000);
  assertEquals([count, watch.troubles], [16, []]);
});

Deno.test("a look that ends after closing hints at nothing and is no trouble, and closing waits for it", async () => {
  const hanging = Promise.withResolvers<string>();
  let count = 0;
  const watch = await timed(["/none/a.hcl"], {
    pollMilliseconds: 1_000,
    identify: () => ++count === 1 ? Promise.resolve("first") : hanging.promise,
  });
  watch.timers.tick(1_000);
  await eventually("a look that hangs", () => count === 2);
  let isClosed = false;
  const closing = watch[Symbol.asyncDispose]().then(() => isClosed = true);
  watch.timers.tick(999);
  await turn();
  assertEquals(isClosed, false);
  hanging.resolve("another");
  await closing;
  assertEquals([watch.hints, watch.troubles, watch.timers.countTimers()], [[], [], 0]);
});

Deno.test("closing waits a second for a look that hangs, and no longer", async () => {
  let count = 0;
  const watch = await timed(["/none/a.hcl"], {
    pollMilliseconds: 1_000,
    identify: () => ++count === 1 ? Promise.resolve("first") : new Promise(() => {}),
  });
  watch.timers.tick(1_000);
  await eventually("a look that hangs", () => count === 2);
  let isClosed = false;
  const closing = watch[Symbol.asyncDispose]().then(() => isClosed = true);
  await turn();
  watch.timers.tick(999);
  await turn();
  assertEquals(isClosed, false);
  watch.timers.tick(1);
  await closing;
});

Deno.test("a first look that ends after closing hints at nothing", async () => {
  const hanging = Promise.withResolvers<string>();
  const watch = await timed(["/none/a.hcl"], {
    pollMilliseconds: 1_000,
    identify: () => hanging.promise,
    lookLimitMilliseconds: 1,
  });
  assertEquals(watch.troubles, ["the file system of a watched file does not answer"]);
  const closing = watch[Symbol.asyncDispose]();
  hanging.resolve("first");
  await closing;
  await turn();
  assertEquals(watch.hints, []);
});

Deno.test("a look may take ten seconds before that is trouble", async () => {
  await withFakeTimeouts(async (timeouts) => {
    const hanging = Promise.withResolvers<string>();
    const watching = timed(["/none/a.hcl"], { pollMilliseconds: 1_000, identify: () => hanging.promise });
    let isOpen = false;
    const opening = watching.then(() => isOpen = true);
    timeouts.tick(9_999);
    await turn();
    assertEquals(isOpen, false);
    timeouts.tick(1);
    await opening;
    await using watch = await watching;
    assertEquals(watch.troubles.length, 1);
    hanging.resolve("first");
    await turn();
  });
});

Deno.test("a directory that is refused is asked for once in a look, even if others were opened", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory } = directed();
    let asked = 0;
    await using watch = await timed([`${directory}/a.hcl`], {
      events: true,
      pollMilliseconds: 1_000,
      watchDirectory: (one) => {
        if (one !== directory) return watchDirectory(one);
        asked++;
        return refuse(one);
      },
    });
    assertEquals([asked, watch.troubles], [1, ["no"]]);
  });
});

Deno.test("without trouble no recovery is reported", async () => {
  await inDirectory(async (directory) => {
    let recoveries = 0;
    await using watch = await timed([`${directory}/a.hcl`], {
      events: true,
      pollMilliseconds: 1_000,
      watchDirectory: directed().watchDirectory,
      onRecovered: () => recoveries++,
    });
    for (let polls = 1; polls <= 6; polls++) await poll(watch, 1_000);
    assertEquals([recoveries, watch.troubles], [0, []]);
  });
});

Deno.test("a watcher that is closed between two looks leaves no timer", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, emit } = directed();
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    const watch = await timed([path], { events: true, pollMilliseconds: 1_000, watchDirectory });
    await eventually("the poll is scheduled", () => watch.timers.countTimers() === 1);
    watch.timers.tick(99);
    await emit(directory, `${directory}/b`);
    await eventually("a look is scheduled", () => watch.timers.countTimers() === 2);
    await watch[Symbol.asyncDispose]();
    assertEquals(watch.timers.countTimers(), 0);
  });
});

Deno.test("events during a look share one look, a tenth of a second after its end", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, emit } = directed();
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    const hanging = Promise.withResolvers<string>();
    let count = 0;
    const identify = () => ++count === 2 ? hanging.promise : Promise.resolve("same");
    await using watch = await timed([path], { events: true, watchDirectory, identify });
    watch.timers.tick(100);
    await emit(directory, `${directory}/b`);
    await eventually("a look that hangs", () => count === 2);
    for (let events = 0; events < 2; events++) {
      watch.timers.tick(100);
      await emit(directory, `${directory}/b`);
    }
    assertEquals([count, watch.timers.countTimers()], [2, 0]);
    hanging.resolve("same");
    await eventually("the next look is scheduled", () => watch.timers.countTimers() === 1);
    watch.timers.tick(99);
    await turn();
    assertEquals(count, 2);
    watch.timers.tick(1);
    await eventually("the next look", () => count === 3);
    await turn();
    watch.timers.tick(1_000);
    await turn();
    assertEquals([count, watch.timers.countTimers()], [3, 0]);
  });
});

Deno.test("only a change that a poll finds while events are wanted has the directories watched again, and at once", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, emit, opened } = directed();
    const path = `${directory}/a.hcl`;
    await Deno.writeTextFile(path, "");
    let identity = "0";
    const identify = () => Promise.resolve(identity);
    const options = { pollMilliseconds: 10_000, watchDirectory, identify };
    await using watch = await timed([path], { ...options, events: true });
    await eventually("the first look is over", () => watch.timers.countTimers() === 1);
    const times = () => opened.filter((one) => one === directory).length;
    watch.timers.tick(100);
    identity = "1";
    await emit(directory, `${directory}/b`);
    await eventually("a change", () => watch.hints.length === 1 && watch.timers.countTimers() === 1);
    watch.timers.tick(1_000);
    await turn();
    assertEquals([watch.hints, times(), watch.looks.length], [["change 100"], 1, 2]);
    identity = "2";
    watch.timers.tick(9_000);
    await eventually("a poll, and a look after it", () => watch.timers.countTimers() === 2);
    assertEquals([watch.hints.at(-1), times()], ["poll 10100", 1]);
    watch.timers.tick(100);
    await eventually("it is watched anew", () => times() === 2);

    await using polled = await timed([path], { ...options, events: false });
    identity = "3";
    await poll(polled, 10_000);
    polled.timers.tick(1_000);
    await turn();
    assertEquals([polled.hints, polled.looks], [["poll 10000"], [0, 10_000]]);
  });
});

Deno.test("an event that names a directory on the way, which is missing, is a reason to look and no hint", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory, emit } = directed();
    await using watch = await timed([`${directory}/none/a.hcl`], { events: true, watchDirectory });
    watch.timers.tick(100);
    await emit(directory, `${directory}/none`);
    await eventually("a look", () => watch.looks.length === 2);
    assertEquals(watch.hints, []);
  });
});

Deno.test("a look that throws is trouble", async () => {
  await using watch = await timed(["/a.hcl"], {
    identify: () => Promise.reject(new Error("a bug")),
    pollMilliseconds: 1,
  });
  assertEquals(watch.troubles, ["a bug"]);
});

Deno.test("a watcher that fails is opened again after a second, even if nothing is polled", async () => {
  await inDirectory(async (directory) => {
    const { watchDirectory } = directed();
    const broken = Promise.withResolvers<never>();
    let count = 0;
    await using watch = await timed([`${directory}/a.hcl`], {
      events: true,
      watchDirectory: (one) => {
        if (one !== directory || ++count > 1) return watchDirectory(one);
        const events = async function* () {
          yield await broken.promise;
        };
        return Promise.resolve({ close: () => {}, [Symbol.asyncIterator]: events });
      },
    });
    watch.timers.tick(100);
    broken.reject(new Error("broken"));
    await eventually("the next attempt is scheduled", () => watch.timers.countTimers() === 1);
    assertEquals([watch.troubles, watch.looks, count], [["broken"], [0, 100], 1]);
    watch.timers.tick(1_000);
    await eventually("it is open again", () => count === 2);
  });
});
