// A temporary directory for a test.
import { join } from "node:path";

/** A temporary directory. Disposing of it removes it. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
  /** Writes a file in it and returns the file's path. */
  write(name: string, text: string): Promise<string>;
  /** Returns the path of a file in it. */
  file(name: string): string;
}

/** Makes an empty directory. */
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
