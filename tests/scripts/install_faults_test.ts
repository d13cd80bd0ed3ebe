import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hostTest } from "./private_host.ts";

hostTest(
  "a first installation that failed half-way is the first one still",
  `mkdir -p "$HOST/opt/share/man/man1/honua-configd.1"
   install.sh --binary "$HOST/old" >/dev/null 2>&1 && echo "no failure" || echo "exit $?"
   rmdir "$HOST/opt/share/man/man1/honua-configd.1"
   install.sh --binary "$HOST/old" >/dev/null
   ls "$UNITS"`,
  (text) => assertEquals(text, "exit 3\nenabled\nhonua-configd.service\nlog\n"),
);

hostTest(
  "a disk that is full leaves the old program and no half of the new one",
  `mkdir -p "$HOST/opt/bin" /etc/honua-configd
   mount -t tmpfs -o size=64k tmpfs "$HOST/opt/bin"
   install.sh --binary "$HOST/old" >/dev/null
   head -c 200000 /dev/zero >>"$HOST/new"
   install.sh upgrade --binary "$HOST/new" && echo "no failure" || echo "exit $?"
   cmp "$PROGRAM" "$HOST/old"
   ls -A "$HOST/opt/bin"`,
  (text) => {
    assertStringIncludes(text, "No space left on device");
    assert(text.includes("exit 3\nhonua-configd\n"), text);
  },
);

hostTest(
  "a starter that does not fit on the disk is not taken for the operator's own later",
  `mkdir -p /etc/honua-configd
   mount -t tmpfs -o size=4k tmpfs /etc/honua-configd
   head -c 4096 /dev/zero >/etc/honua-configd/filler || true
   install.sh --binary "$HOST/old" >/dev/null 2>&1 && echo "no failure" || echo "exit $?"
   ls -A /etc/honua-configd
   umount /etc/honua-configd
   install.sh --binary "$HOST/old" >/dev/null
   cmp /etc/honua-configd/options.json systemd/options.json`,
  (text) => assertEquals(text, "exit 3\ncredentials\nfiller\n"),
);

hostTest(
  "an interruption while a file is copied leaves nothing of it",
  `install.sh --binary "$HOST/old" >/dev/null
   cat >"$HOST/programs/install" <<'EOF'
#!/bin/sh
/usr/bin/install "$@" && case $* in */.honua-configd.new) kill -TERM "$PPID" ;; esac
EOF
   chmod +x "$HOST/programs/install"
   install.sh upgrade --binary "$HOST/new" && echo "no failure" || echo "exit $?"
   cmp "$PROGRAM" "$HOST/old"
   ls -A "$HOST/opt/bin"`,
  (text) => {
    assertStringIncludes(text, "Interrupted");
    assert(text.includes("exit 3\nhonua-configd\n"), text);
  },
);

hostTest(
  "one run at a time: a second is refused, and a lock that a killed run left is none",
  `lock=/run/.honua-configd-install.lock
   exec 9>"$lock"
   flock 9
   install.sh --binary "$HOST/old" 9>&- && echo "no failure" || echo "exit $?"
   install.sh uninstall 9>&- && echo "no failure" || echo "exit $?"
   install.sh --binary "$HOST/old" --dry-run 9>&- >/dev/null && echo "dry run"
   ls "$lock"
   exec 9>&-
   install.sh --binary "$HOST/old" >/dev/null && echo "installed"
   find /run -name '*.lock'`,
  (text) => {
    const lines = ["exit 3", "exit 3", "dry run", "/run/.honua-configd-install.lock", "installed"];
    assert(text.startsWith([...lines, "install.sh: Another run of install.sh is at work"].join("\n")), text);
  },
);
