// Installs the programs that the tests need beside Deno: Debian's packages, if it may (root and apt-get). If not, it
// lists the missing ones; the tests that need them say so too and are ignored.

/** A program that tests run, and the Debian package that has it. */
export interface Need {
  readonly program: string;
  readonly debianPackage: string;
}

/** The programs of the tests beside those of every Linux. */
export const NEEDS: readonly Need[] = [
  { program: "redis-server", debianPackage: "redis-server" },
  { program: "redis-sentinel", debianPackage: "redis-sentinel" },
  { program: "redis-cli", debianPackage: "redis-tools" },
  { program: "ssh-keygen", debianPackage: "openssh-client" },
  { program: "openssl", debianPackage: "openssl" },
  { program: "ip", debianPackage: "iproute2" },
  { program: "script", debianPackage: "bsdutils" },
  { program: "setsid", debianPackage: "util-linux" },
  { program: "systemd-analyze", debianPackage: "systemd" },
  { program: "dpkg-deb", debianPackage: "dpkg" },
  { program: "lintian", debianPackage: "lintian" },
  { program: "shellcheck", debianPackage: "shellcheck" },
  { program: "dash", debianPackage: "dash" },
  { program: "nginx", debianPackage: "nginx-light" },
  { program: "zsh", debianPackage: "zsh" },
  { program: "fish", debianPackage: "fish" },
  { program: "mandoc", debianPackage: "mandoc" },
  { program: "bindfs", debianPackage: "bindfs" },
  { program: "chromium", debianPackage: "chromium" },
];

/** The needs that are not found along a `PATH` (or in the directories of system programs). */
export async function missing(needs: readonly Need[], path: string): Promise<Need[]> {
  const directories = [...path.split(":").filter((one) => one !== ""), "/usr/sbin", "/sbin"];
  const found = await Promise.all(needs.map(({ program }) => isIn(directories, program)));
  return needs.filter((_, index) => !found[index]);
}

async function isIn(directories: readonly string[], program: string): Promise<boolean> {
  for (const directory of directories) {
    const info = await Deno.stat(`${directory}/${program}`).catch(() => null);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return true;
  }
  return false;
}

const INSTALL_LIMIT_MILLISECONDS = 5 * 60_000;

async function install(needs: readonly Need[]): Promise<boolean> {
  const packages = needs.map((need) => need.debianPackage);
  console.error(`test:setup: installing ${packages.join(", ")} with apt-get`);
  // Debian starts a service that is installed; the tests start their own servers, on their own ports.
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", ...packages]]) {
    const { success, stderr } = await new Deno.Command("apt-get", {
      args: ["-qq", ...args],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(INSTALL_LIMIT_MILLISECONDS),
    }).output();
    if (!success) {
      console.error(`test:setup: apt-get ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`);
      return false;
    }
  }
  return true;
}

async function setUp(): Promise<void> {
  const path = Deno.env.get("PATH") ?? "";
  const lacking = await missing(NEEDS, path);
  if (lacking.length === 0) return;
  const mayInstall = Deno.uid() === 0 && await isIn(path.split(":"), "apt-get");
  if (mayInstall && await install(lacking)) return;
  const names = lacking.map((need) => `${need.program} (${need.debianPackage})`).join(", ");
  console.error(`test:setup: not there, so the tests that need them are ignored: ${names}`);
}

if (import.meta.main) await setUp();
