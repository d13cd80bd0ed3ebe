// The set of watched directories: which are opened, kept and closed, and the handling of one that fails or comes late.
import { assertEquals, assertRejects } from "@std/assert";
import { directoryWatches } from "../../src/source/directory_watches.ts";
import type { FileSystemEvent, WatchDirectory } from "../../src/source/event_watch.ts";
import { turn } from "../support/fake_clock.ts";

/** Watches with watchers that a test lets report, end and fail. */
function watching() {
  const log: string[] = [];
  const current = new Map<string, { emit(path: string): void; end(error?: Error): void }>();
  let onClose = () => {};
  const watchDirectory: WatchDirectory = (directory) => {
    log.push(`open ${directory}`);
    const queue: FileSystemEvent[] = [];
    let wake = Promise.withResolvers<void>();
    let ended: { error?: Error } | null = null;
    const end = (error?: Error) => {
      ended = error === undefined ? {} : { error };
      wake.resolve();
    };
    current.set(directory, {
      emit(path) {
        queue.push({ paths: [path] });
        wake.resolve();
      },
      end,
    });
    return Promise.resolve({
      close() {
        log.push(`close ${directory}`);
        end();
        onClose();
      },
      async *[Symbol.asyncIterator]() {
        for (;;) {
          yield* queue.splice(0);
          if (ended !== null) {
            if (ended.error !== undefined) throw ended.error;
            return;
          }
          await wake.promise;
          wake = Promise.withResolvers<void>();
        }
      },
    });
  };
  const open = (watch = watchDirectory) =>
    directoryWatches(
      watch,
      (directory, { paths }) => log.push(`event ${directory} ${paths}`),
      (reason) => log.push(`death ${reason}`),
    );
  return {
    open,
    watchDirectory,
    log: () => log.splice(0),
    of: (directory: string) => current.get(directory)!,
    onClose: (listener: () => void) => onClose = listener,
  };
}

Deno.test("a wanted directory is opened once, an unwanted one is closed, and another one under the path is opened again", async () => {
  const { open, log, of } = watching();
  const watches = open();
  assertEquals(await watches.align(new Map([["/a", "1"], ["/b", "1"]]), true), { isFresh: true, failure: null });
  assertEquals(log(), ["open /a", "open /b"]);
  assertEquals(await watches.align(new Map([["/a", "1"], ["/b", "1"]]), true), { isFresh: false, failure: null });
  of("/a").emit("/a/x");
  await turn();
  assertEquals(log(), ["event /a /a/x"]);
  const old = of("/a");
  assertEquals(await watches.align(new Map([["/a", "2"]]), true), { isFresh: true, failure: null });
  assertEquals(log(), ["close /a", "close /b", "open /a"]);
  old.emit("/a/late");
  await turn();
  assertEquals(log(), []);
  assertEquals(await watches.align(new Map([["/c", "1"]]), false), { isFresh: false, failure: null });
  assertEquals(log(), ["close /a"]);
  await watches.close();
});

Deno.test("a directory that has gone asks for another look, another failure is reported, and the others are opened anyway", async () => {
  const { open, log, watchDirectory } = watching();
  const errors: Record<string, unknown> = {
    "/gone": new Deno.errors.NotFound("gone"),
    "/full": new Error("full"),
    "/odd": "odd",
  };
  const watches = open((directory) =>
    errors[directory] === undefined ? watchDirectory(directory) : Promise.reject(errors[directory])
  );
  assertEquals(await watches.align(new Map([["/gone", "1"]]), true), { isFresh: true, failure: null });
  assertEquals(await watches.align(new Map([["/full", "1"], ["/a", "1"]]), true), { isFresh: true, failure: "full" });
  assertEquals(await watches.align(new Map([["/odd", "1"], ["/a", "1"]]), true), { isFresh: false, failure: "odd" });
  assertEquals(log(), ["open /a"]);
  await watches.close();
  assertEquals(log(), ["close /a"]);
});

Deno.test("a watcher that ends by itself is reported with its reason, and opened by the next look", async () => {
  const { open, log, of } = watching();
  const watches = open();
  const wanted = new Map([["/a", "1"]]);
  for (
    const [error, reason] of [[undefined, "the watcher ended"], [new Error("read failed"), "read failed"]] as const
  ) {
    await watches.align(wanted, true);
    of("/a").end(error);
    await turn();
    assertEquals(log(), ["open /a", "close /a", `death ${reason}`]);
  }
  await watches.align(wanted, true);
  log();
  watches.forget("/a");
  watches.forget("/none");
  await turn();
  assertEquals(log(), ["close /a"]);
  assertEquals(await watches.align(wanted, true), { isFresh: true, failure: null });
  await watches.close();
  assertEquals(log(), ["open /a", "close /a"]);
});

Deno.test("that a watcher is closed already is no failure, and another error of closing is one", async () => {
  const { open, onClose } = watching();
  const watches = open();
  await watches.align(new Map([["/a", "1"], ["/b", "1"]]), true);
  onClose(() => {
    throw new Deno.errors.BadResource("closed");
  });
  assertEquals(await watches.align(new Map([["/b", "1"]]), true), { isFresh: false, failure: null });
  onClose(() => {
    throw new Error("unforeseen");
  });
  await assertRejects(() => watches.align(new Map(), true), Error, "unforeseen");
  onClose(() => {});
  await watches.close();
});

Deno.test("a watcher that is there only after closing is closed, and nothing is opened after it", async () => {
  const { open, log, watchDirectory } = watching();
  const slow = Promise.withResolvers<void>();
  const watches = open(async (directory) => {
    await slow.promise;
    return await watchDirectory(directory);
  });
  const aligning = watches.align(new Map([["/a", "1"], ["/b", "1"]]), true);
  await watches.close();
  slow.resolve();
  await aligning;
  assertEquals(log(), ["open /a", "close /a"]);
  await watches.align(new Map([["/a", "1"]]), true);
  assertEquals(log(), []);
});

Deno.test("closing waits until no event can come any more", async () => {
  const ended = Promise.withResolvers<void>();
  const watches = directoryWatches(
    () =>
      Promise.resolve({
        close() {},
        // deno-lint-ignore require-yield
        async *[Symbol.asyncIterator]() {
          await ended.promise;
        },
      }),
    () => {},
    () => {},
  );
  await watches.align(new Map([["/a", "1"]]), true);
  let isClosed = false;
  const closing = watches.close().then(() => isClosed = true);
  await turn();
  assertEquals(isClosed, false);
  ended.resolve();
  await closing;
});
