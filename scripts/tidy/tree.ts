// The checkout as the house rules read it: every file's name, every TypeScript file parsed once, every page. No rule
// applies to fixtures, the input of tests.
import ts from "typescript";
import { listEmptyFolders, listFiles } from "../file_list.ts";

export interface CodeFile {
  /** From the checkout's root, with `/`. */
  readonly path: string;
  /** As it was read; `syntax` points into it. */
  readonly text: string;
  /** With the parents of its nodes set. */
  readonly syntax: ts.SourceFile;
}

export interface MarkdownFile {
  /** From the checkout's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Tree {
  /** All files, also those that are not TypeScript. */
  readonly paths: readonly string[];
  /** Folders without a file in them or below. */
  readonly emptyFolders: readonly string[];
  /** The TypeScript files among `paths`. */
  readonly code: readonly CodeFile[];
  readonly markdown: readonly MarkdownFile[];
}

const FOLDERS = ["src", "scripts", "tests", "bench"];
const FOLDERS_OF_PAGES = ["docs", "src"];
const PAGES = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"];
const FIXTURES = "tests/fixtures/";

/** Reads and parses the checkout at `root`. */
export async function readTree(root: string): Promise<Tree> {
  const paths: string[] = [];
  const emptyFolders: string[] = [];
  for (const folder of FOLDERS) {
    paths.push(...await listFiles(root, folder));
    emptyFolders.push(...(await listEmptyFolders(root, folder)).filter((empty) => empty !== folder));
  }
  for await (const entry of Deno.readDir(root)) if (entry.isFile && entry.name.endsWith(".ts")) paths.push(entry.name);
  const ours = paths.filter((path) => !path.startsWith(FIXTURES));
  const code = await Promise.all(ours.filter((path) => path.endsWith(".ts")).map((path) => readCode(root, path)));
  return { paths: ours, emptyFolders, code, markdown: await readPages(root) };
}

/** The 1-based line of an offset. */
export function lineOf(file: CodeFile, offset: number): number {
  return file.syntax.getLineAndCharacterOfPosition(offset).line + 1;
}

async function readCode(root: string, path: string): Promise<CodeFile> {
  const text = await Deno.readTextFile(`${root}/${path}`);
  return { path, text, syntax: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS) };
}

async function readPages(root: string): Promise<MarkdownFile[]> {
  const inFolders = (await Promise.all(FOLDERS_OF_PAGES.map((folder) => listFiles(root, folder)))).flat();
  const inRoot = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).filter((name) =>
    PAGES.includes(name)
  );
  const paths = [...inRoot, ...inFolders.filter((path) => path.endsWith(".md"))];
  return await Promise.all(paths.map(async (path) => ({ path, text: await Deno.readTextFile(`${root}/${path}`) })));
}
