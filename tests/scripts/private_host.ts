// A host of a test's own: this machine's programs with its /etc, /var and /run covered, in a mount namespace that ends
// with the script, and a stand-in for systemctl(1). Root's privilege; proofs under the real systemd are
// tests/systemd's.
import { assertEquals } from "@std/assert";
import { temporaryDirectory } from "../support/temporary.ts";
import { type ProgramOutcome, runProgram, writeStandIn } from "./stand_in.ts";

/**
 * Keeps each unit's state in a file of $UNITS, and its log in $UNITS/log. A started unit becomes active if the
 * installed program says that it would be ready. Another unit wants the service, so that it is listed as `not-found` if
 * there is no such unit; `enable` and `disable` fail then, as systemd's do.
 */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>"$UNITS/log"
case $* in *--quiet*) exec >/dev/null ;; esac
[ "$1" != --quiet ] || shift
verb=$1
shift
unit=
for word in "$@"; do case $word in -*) ;; *) unit=$word ;; esac; done
start() {
  if grep -q '^# ready: true' "$PROGRAM"; then echo active >"$UNITS/$unit"; else echo failed >"$UNITS/$unit"; return 1; fi
}
case $verb in
  is-active) cat "$UNITS/$unit" 2>/dev/null || echo inactive; grep -qs '^active' "$UNITS/$unit" ;;
  is-enabled) [ -e "$UNITS/enabled" ] && echo enabled || { echo disabled; false; } ;;
  enable) [ -e "$SERVICE" ] && : >"$UNITS/enabled" ;;
  disable) [ -e "$SERVICE" ] && rm -f "$UNITS/enabled" "$UNITS/$unit" ;;
  start | restart) start ;;
  list-units)
    [ -e "$SERVICE" ] || echo "honua-configd.service not-found inactive dead honua-configd.service"
    cd "$UNITS" && for one in honua*; do
      [ ! -e "$one" ] || echo "$one loaded $(cat "$one") running Honua"
    done ;;
esac
`;

/** Runs a shell script, in which \`install.sh\` is a command with its prefix set, on its own host. */
async function onPrivateHost(directory: string, script: string): Promise<ProgramOutcome> {
  await Deno.mkdir(`${directory}/programs`, { recursive: true });
  await Deno.writeTextFile(`${directory}/programs/systemctl`, SYSTEMCTL, { mode: 0o755 });
  const install = '#!/bin/sh\nexec sh scripts/install.sh "$@" --prefix "$HOST/opt"\n';
  await Deno.writeTextFile(`${directory}/programs/install.sh`, install, { mode: 0o755 });
  const cover = `set -eu
mount --make-rprivate /
mkdir "$HOST/cover" && mount -t tmpfs tmpfs "$HOST/cover"
for place in etc var; do
  mkdir -p "$HOST/cover/$place/upper" "$HOST/cover/$place/work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$HOST/cover/$place/upper,workdir=$HOST/cover/$place/work" "/$place"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$UNITS"
PATH=$HOST/programs:$PATH
${script}`;
  const env = {
    HOST: directory,
    UNITS: `${directory}/units`,
    PROGRAM: `${directory}/opt/bin/honua-configd`,
    SERVICE: "/etc/systemd/system/honua-configd.service",
  };
  return await runProgram(["unshare", "--mount", "sh", "-c", cover], env);
}

/** Why there can be no such host here, in one line; null: there can. */
async function privateHostObstacle(): Promise<string | null> {
  if (Deno.uid() !== 0) return "it needs root";
  const directory = await Deno.makeTempDir();
  try {
    const { code, text } = await onPrivateHost(directory, "true");
    return code === 0 ? null : text.trim().split("\n").at(-1)!;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const obstacle = await privateHostObstacle();
if (obstacle !== null) console.error(`there is no host for the tests of the installation here: ${obstacle}`);

/**
 * A test whose script runs on such a host, ends with 0, and said `text`. It has three programs: $HOST/old, a newer one
 * ($HOST/new), and a newer one that never becomes ready ($HOST/broken).
 */
export function hostTest(
  name: string,
  script: string,
  judge: (text: string, directory: string) => void | Promise<void>,
): void {
  Deno.test({
    name,
    ignore: obstacle !== null,
    async fn() {
      await using directory = await temporaryDirectory();
      await writeStandIn(directory.file("old"), { version: "1" });
      await writeStandIn(directory.file("new"), { version: "2" });
      await writeStandIn(directory.file("broken"), { version: "3", isReady: false });
      const { code, text } = await onPrivateHost(directory.path, script);
      assertEquals(code, 0, text);
      await judge(text, directory.path);
    },
  });
}
