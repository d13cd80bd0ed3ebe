// A directory of a test's own, gone with the test.
import { join } from "node:path";

/** A directory that is removed when it is disposed of. */
export interface TemporaryDirectory extends AsyncDisposable {
  /** Its path. */
  readonly path: string;
  /** Writes a file in it and returns the file's path. */
  write(name: string, text: string): Promise<string>;
  /** The path of a file in it. */
  file(name: string): string;
}

/** Makes one. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await Deno.makeTempDir({ prefix: "honua-configd-" });
  const file = (name: string) => join(path, name);
  return {
    path,
    file,
    async write(name, text) {
      await Deno.writeTextFile(file(name), text);
      return file(name);
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
