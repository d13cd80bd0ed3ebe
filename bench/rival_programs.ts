// How each of the other programs is found, prepared and started on a file. Nothing of them stays: downloads go into the
// temporary directory of the bench.
import { join } from "node:path";

/** The paths of a rival. */
export interface RivalPlace {
  /** The directory that `prepare` filled. */
  readonly tools: string;
  /** Of only this run. */
  readonly directory: string;
  /** The file that it follows. */
  readonly source: string;
  /** The file that it makes. */
  readonly output: string;
}

/** Another program that follows a file. */
export interface Rival {
  /** In words. */
  readonly name: string;
  /** Of the file that it follows; some go by the ending. */
  readonly sourceName: string;
  /** The longest random pause between its answer and the next edit; a poller's interval. */
  readonly pauseMilliseconds: number;
  /** Why it cannot be measured here, with the advice; null: it can. */
  missing(): Promise<string | null>;
  /** Puts its files into a directory. */
  prepare(tools: string): Promise<void>;
  /** The source in the form that it reads. */
  asSource(text: string): string;
  /** Starts it; disposing of it ends it and all that it started. */
  start(place: RivalPlace): Promise<AsyncDisposable>;
}

const CHOKIDAR = "chokidar@6.0.0";
const HCL2JSON = "@cdktf/hcl2json@0.21.0";

/**
 * The first version that a programmer would write: a watcher, the parser, and JSON. It keeps no places, checks nothing
 * and writes no hash.
 */
const NAIVE_PROGRAM = `import { readFile, rename, writeFile } from "node:fs/promises";
import process from "node:process";
import { parse } from "@cdktf/hcl2json";
import { watch } from "chokidar";

const [source, output] = process.argv.slice(2);
let last = Promise.resolve();
async function reload() {
  const json = JSON.stringify(await parse("bench.hcl", await readFile(source, "utf8")));
  await writeFile(output + ".tmp", json);
  await rename(output + ".tmp", output);
}
const queue = () => {
  last = last.then(reload).catch((error) => console.error(error));
};
watch(source).on("add", queue).on("change", queue);
`;

/** chokidar, hcl2json and JSON.stringify, under Node or under Deno. */
export function naive(runtime: "node" | "deno"): Rival {
  const program = runtime === "node" ? "node" : Deno.execPath();
  return {
    ...plain(`chokidar + hcl2json under ${runtime === "node" ? "Node" : "Deno"}`),
    missing: async () => await absent("npm", "install Node and npm") ?? await absent(program, "install Node and npm"),
    async prepare(tools) {
      await Deno.writeTextFile(join(tools, "package.json"), '{ "private": true, "type": "module" }\n');
      await Deno.writeTextFile(join(tools, "reload.mjs"), NAIVE_PROGRAM);
      const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", CHOKIDAR, HCL2JSON];
      const { success, stderr } = await new Deno.Command("npm", { args, cwd: tools, stderr: "piped", stdout: "null" })
        .output();
      if (!success) throw new Error(`npm could not fetch ${CHOKIDAR}: ${new TextDecoder().decode(stderr)}`);
    },
    start: async ({ tools, source, output }) => {
      const run = runtime === "node" ? [] : ["run", "-A", "--quiet", "--no-lock"];
      return await running(program, [...run, join(tools, "reload.mjs"), source, output], tools);
    },
  };
}

const INOTIFY_PROGRAM = `
old=
inotifywait --monitor --quiet --event close_write,moved_to --format %f "$1" | while read -r name; do
  [ "$name" = bench.hcl ] || continue
  new=$(sha256sum <"$1/bench.hcl")
  [ "$new" = "$old" ] && continue
  old=$new
  cp "$1/bench.hcl" "$2.tmp" && mv "$2.tmp" "$2"
  redis-cli -p "$3" publish changes "$new" >/dev/null
done
`;

/** The shell: it tells that the file changed, and copies it unchanged. */
export function inotify(redisPort: number): Rival {
  return {
    ...plain("inotifywait + sha256sum + redis-cli"),
    missing: () => absent("inotifywait", "install inotify-tools (apt install inotify-tools)"),
    start: ({ directory, output }) =>
      running("sh", ["-c", INOTIFY_PROGRAM, "sh", directory, output, `${redisPort}`], directory),
  };
}

/** consul-template with the file as its only backend, which it reads every two seconds. */
export function consulTemplate(): Rival {
  return {
    ...plain("consul-template, polls every 2 s"),
    pauseMilliseconds: 2_000,
    missing: () => absent("consul-template", "go install github.com/hashicorp/consul-template@v0.41.1"),
    async start({ directory, source, output }) {
      const template = join(directory, "bench.tpl");
      await Deno.writeTextFile(template, `{{ file ${JSON.stringify(source)} }}`);
      return await running("consul-template", ["-log-level=err", `-template=${template}:${output}`], directory);
    },
  };
}

/** confd with its backend of files, which are YAML: the text is one value of it. */
export function confd(): Rival {
  return {
    ...plain("confd, file, watched"),
    sourceName: "bench.yaml",
    // It misses an edit while it does not watch, from an edit until a moment after its answer.
    pauseMilliseconds: 2_000,
    missing: () => absent("confd", "build github.com/kelseyhightower/confd from a clone: its module may not be served"),
    asSource: (text) => `text: ${JSON.stringify(text)}\n`,
    async start({ directory, source, output }) {
      for (const name of ["conf.d", "templates"]) await Deno.mkdir(join(directory, name));
      const resource = `[template]\nsrc = "bench.tmpl"\ndest = ${JSON.stringify(output)}\nkeys = ["/text"]\n`;
      await Deno.writeTextFile(join(directory, "conf.d/bench.toml"), resource);
      await Deno.writeTextFile(join(directory, "templates/bench.tmpl"), '{{getv "/text"}}');
      const args = ["-backend", "file", "-file", source, "-watch", "-confdir", directory, "-log-level", "error"];
      return await running("confd", args, directory);
    },
  };
}

/**
 * Caddy with a file of as many routes as there are blocks, which it reads every second. The output is its own copy of
 * the configuration in force, which it writes after a load.
 */
export function caddy(): Rival {
  return {
    ...plain("Caddy, polls every 1 s"),
    pauseMilliseconds: 1_000,
    missing: () => absent("caddy", "install Caddy (apt install --no-install-recommends caddy)"),
    asSource: (text) => {
      const routes = text.split(/^}\n/m).map((block, index) => ({
        match: [{ path: [`/${index}`] }],
        handle: [{ handler: "static_response", body: block }],
      }));
      const servers = { bench: { listen: ["unix/bench.sock"], routes } };
      return JSON.stringify({ admin: { listen: "unix/admin.sock" }, apps: { http: { servers } } });
    },
    async start({ directory, source, output }) {
      await Deno.symlink(join(directory, "caddy/autosave.json"), output);
      const command = ["caddy", "run", "--watch", "--config", source];
      return await running(
        "env",
        [`XDG_CONFIG_HOME=${directory}`, `XDG_DATA_HOME=${directory}`, ...command],
        directory,
      );
    },
  };
}

function plain(name: string): Omit<Rival, "missing" | "start"> {
  return {
    name,
    sourceName: "bench.hcl",
    pauseMilliseconds: 0,
    prepare: () => Promise.resolve(),
    asSource: (text) => text,
  };
}

async function absent(program: string, advice: string): Promise<string | null> {
  const find = new Deno.Command("sh", { args: ["-c", 'command -v "$1"', "sh", program], stdout: "null" });
  return (await find.output()).success ? null : `there is no ${program}: ${advice}`;
}

/** In its own group, so that the children of a shell end with it. */
function running(program: string, args: readonly string[], cwd: string): Promise<AsyncDisposable> {
  const options = { args: [program, ...args], cwd, stdout: "null", stderr: "null", stdin: "null" } as const;
  const process = new Deno.Command("setsid", { ...options, args: [...options.args] }).spawn();
  return Promise.resolve({
    async [Symbol.asyncDispose]() {
      try {
        Deno.kill(-process.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
      await process.status;
    },
  });
}
