// A Debian machine with systemd as its first process, in a container: booted from a root that several share; its writes
// are its own and go with it. After any end of the test, no process and no mount of it stays.
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { childrenOf } from "../support/process_tree.ts";

/** How a command in the machine ended, and all that it wrote. */
export interface MachineOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a machine is booted. */
export interface BootSettings {
  /** Directories of this host that it sees, read-only, by their paths there. */
  readonly shared?: Readonly<Record<string, string>>;
}

/** A machine that runs. Disposing of it is pulling its plug, and leaves nothing of it. */
export interface Machine extends AsyncDisposable {
  /** Runs a command as its root user and returns its standard output; throws if it fails. */
  run(...words: string[]): Promise<string>;
  /** Runs a command that may fail. */
  attempt(...words: string[]): Promise<MachineOutcome>;
  /** Writes a file, and the directories above it. */
  write(path: string, text: string, settings?: { readonly mode?: string; readonly owner?: string }): Promise<void>;
  /** Restarts it, in order; `readOnly`: with a root that cannot be written, and an empty /var. */
  reboot(settings?: { readonly readOnly: boolean }): Promise<void>;
}

/** The exit code of systemd-nspawn(1) if the machine wants to boot again. */
const REBOOT_CODE = 133;

/** A cold machine with much to do; most boot within three seconds. */
const BOOT_LIMIT_MILLISECONDS = 60_000;
const COMMAND_LIMIT_MILLISECONDS = 60_000;

/** The control groups in version 2, with any version on the host; systemd-nspawn decides by these files. */
const CONTROL_GROUPS = `
  set -eu
  mount -t tmpfs tmpfs /sys/fs
  mkdir /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
`;

/** The first process of its own namespaces, of mounts and of processes: all of the machine ends with it. */
const SUPERVISOR = `${CONTROL_GROUPS}
  mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$OWN/upper,workdir=$OWN/work" "$OWN/root"
  mkdir "/sys/fs/cgroup/$NAME"
  while :; do
    code=0
    sh -c 'echo 0 > "/sys/fs/cgroup/$NAME/cgroup.procs" && exec "$@"' sh \\
      systemd-nspawn "$@" $(cat "$OWN/flags") || code=$?
    [ "$code" = ${REBOOT_CODE} ] || break
  done
  rmdir "/sys/fs/cgroup/$NAME"
`;

const SWEEPER =
  `${CONTROL_GROUPS} [ ! -d "/sys/fs/cgroup/$NAME" ] || find "/sys/fs/cgroup/$NAME" -depth -type d -exec rmdir {} +`;

/** Starts unshare(1) with all that a machine is below it; it dies with this process. */
function startMachine(base: string, own: string, name: string, binds: readonly string[]): Deno.ChildProcess {
  const nspawn = [
    `--directory=${join(own, "root")}`,
    `--machine=${name}`,
    "--boot",
    // There may be no systemd on the host to register with or to be given a scope by.
    ...["--register=no", "--keep-unit", "--console=pipe", "--private-network"],
    ...["--resolv-conf=off", "--timezone=off", "--link-journal=no", ...binds],
  ];
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--kill-child"];
  return new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", "--", "unshare", ...namespaces, "sh", "-c", SUPERVISOR, "sh", ...nspawn],
    env: { BASE: base, OWN: own, NAME: name },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Boots a machine from an unpacked root and waits until systemd is done with it. */
export async function bootMachine(base: string, { shared = {} }: BootSettings = {}): Promise<Machine> {
  const own = await Deno.makeTempDir({ prefix: "honua-configd-machine-" });
  for (const name of ["upper", "work", "root"]) await Deno.mkdir(join(own, name));
  const setFlags = (flags: string) => Deno.writeTextFile(join(own, "flags"), flags);
  await setFlags("");
  const name = `machine-${own.slice(-12).replaceAll(/[^A-Za-z0-9]/g, "")}`;
  const binds = Object.entries(shared).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`);
  const process = startMachine(base, own, name, binds);
  let reported = "";
  const follow = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
    stream.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (text) => void (reported += text) }),
    );
  let isOver = false;
  const streams = [follow(process.stdout), follow(process.stderr)];
  const ended = Promise.all([...streams, process.status]).then(() => void (isOver = true));
  let leader = 0;
  const attempt = (words: readonly string[], input?: string) => runInside(leader, words, input);
  const booted = async () => {
    const before = leader;
    await eventually("the machine is up", async () => {
      if (isOver) return true;
      leader = await findLeader(process.pid, before);
      if (leader === 0) return false;
      const { stdout } = await attempt(["systemctl", "is-system-running"]);
      return ["running", "degraded"].includes(stdout.trim());
    }, BOOT_LIMIT_MILLISECONDS);
    if (isOver) throw new Error("the machine ended while it booted");
  };
  const machine: Machine = {
    async run(...words) {
      const outcome = await attempt(words);
      if (outcome.code !== 0) throw new Error(`${words.join(" ")} ended with ${describe(outcome)}`);
      return outcome.stdout;
    },
    attempt: (...words) => attempt(words),
    async write(path, text, { mode = "0644", owner = "root:root" } = {}) {
      const [user, group] = owner.split(":");
      const words = ["install", "-D", "-m", mode, "-o", user!, "-g", group!, "/dev/stdin", path];
      const outcome = await attempt(words, text);
      if (outcome.code !== 0) throw new Error(`write ${path}: ${describe(outcome)}`);
    },
    async reboot({ readOnly } = { readOnly: false }) {
      await setFlags(readOnly ? "--volatile=state" : "");
      await attempt(["systemctl", "reboot"]);
      await booted();
    },
    async [Symbol.asyncDispose]() {
      kill(process);
      await ended;
      if (leader !== 0) await sweep(name);
      await Deno.remove(own, { recursive: true });
    },
  };
  try {
    await booted();
    return machine;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw new Error(`boot a machine: its console says:\n${reported}`, { cause: error });
  }
}

/**
 * Below unshare(1) are the supervisor, systemd-nspawn and the machine's first process; 0: that is not there yet.
 * systemd-nspawn has another child before, which is not in the machine's namespaces.
 */
async function findLeader(unshare: number, before: number): Promise<number> {
  let generation = [unshare];
  for (let depth = 0; depth < 3; depth++) generation = (await Promise.all(generation.map(childrenOf))).flat();
  for (const child of generation) {
    if (child !== before && await Deno.readTextFile(`/proc/${child}/comm`) === "systemd\n") return child;
  }
  return 0;
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Removes the control groups of a machine that is gone: they outlive all namespaces. */
async function sweep(name: string): Promise<void> {
  await eventually("the machine's control groups can be removed", async () => {
    const { success } = await new Deno.Command("unshare", {
      args: ["--mount", "--propagation", "private", "sh", "-c", SWEEPER],
      env: { NAME: name },
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  });
}

async function runInside(leader: number, words: readonly string[], input?: string): Promise<MachineOutcome> {
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
  const process = new Deno.Command("nsenter", {
    args: ["--target", `${leader}`, ...namespaces, "--", ...words],
    clearEnv: true,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", HOME: "/root", LANG: "C.UTF-8" },
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(COMMAND_LIMIT_MILLISECONDS),
  }).spawn();
  if (input !== undefined) {
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { code, stdout, stderr } = await process.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** An outcome in words, for the message of a failed test. */
function describe({ code, stdout, stderr }: MachineOutcome): string {
  return `${code}: ${[stderr.trim(), stdout.trim()].filter((text) => text !== "").join("\n")}`;
}
