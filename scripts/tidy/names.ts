// A file is named for the one thing it is, never for a collection that anything fits into, and no folder is empty.
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const VAGUE_WORDS: ReadonlySet<string> = new Set([
  "common",
  "helper",
  "helpers",
  "manager",
  "managers",
  "misc",
  "types",
  "util",
  "utils",
  "utilities",
]);

/** Checks the names of all files and folders of any format. */
export function checkNames(tree: Tree): Violation[] {
  const vague = tree.paths.flatMap((path) => {
    const vagueWord = path.split("/").map(lastWord).find((word) => VAGUE_WORDS.has(word));
    if (vagueWord === undefined) return [];
    return [{ path, line: 1, message: `"${vagueWord}" in its name, a file is named for the one thing it is` }];
  });
  const empty = tree.emptyFolders.map((path) => {
    return { path, line: 1, message: "a folder without a file, no folder is made before its first file" };
  });
  return [...vague, ...empty];
}

/** `string_utils_test.ts` → `utils`: the word for the thing itself, without its format and the mark of a test. */
function lastWord(name: string): string {
  const stem = name.split(".")[0]!.replace(/[_-]test$/, "");
  return stem.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[_-]/).at(-1)!;
}
