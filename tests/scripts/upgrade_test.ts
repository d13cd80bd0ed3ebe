import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hostTest } from "./private_host.ts";

const LOG_FROM_HERE = `: >"$UNITS/log"`;
const RESTARTS = `grep -E '^(re)?start ' "$UNITS/log" || echo "no restart"`;

hostTest(
  "an installation makes the user and its directories, and enables and starts the service",
  `install.sh --binary "$HOST/old" >/dev/null
   getent passwd honua-configd | cut -d: -f6,7
   stat -c '%a %U:%G %n' /etc/honua /etc/honua-configd /etc/honua-configd/* /etc/honua/config.hcl /var/lib/honua-configd
   ls "$UNITS"`,
  (text) => {
    assertEquals(
      text,
      `/nonexistent:/usr/sbin/nologin
755 root:root /etc/honua
750 root:honua-configd /etc/honua-configd
700 root:root /etc/honua-configd/credentials
640 root:honua-configd /etc/honua-configd/options.json
640 root:honua-configd /etc/honua/config.hcl
750 honua-configd:honua-configd /var/lib/honua-configd
enabled
honua-configd.service
log
`,
    );
  },
);

hostTest(
  "a second run on a host restarts nothing, and says that there was nothing to do",
  `install.sh --binary "$HOST/old" >/dev/null
   ${LOG_FROM_HERE}
   install.sh --binary "$HOST/old"
   install.sh upgrade --binary "$HOST/old"
   ${RESTARTS}`,
  (text) => assertEquals(text, `${"Nothing to change: all is as it should be\n".repeat(2)}no restart\n`),
);

hostTest(
  "a unit that an operator disabled or stopped is left so by a second installation, which says it",
  `install.sh --binary "$HOST/old" >/dev/null
   rm "$UNITS/enabled" "$UNITS/honua-configd.service"
   ${LOG_FROM_HERE}
   install.sh --binary "$HOST/old"
   : >"$UNITS/enabled"
   install.sh --binary "$HOST/new"
   grep -E 'enable |start ' "$UNITS/log" || echo "neither enabled nor started"`,
  (text) => {
    assertStringIncludes(text, "Left as it is: honua-configd.service is disabled; systemctl enable --now");
    assertStringIncludes(text, "Left as it is: honua-configd.service is enabled and inactive; systemctl start");
    assert(text.endsWith("neither enabled nor started\n"), text);
  },
);

hostTest(
  "a dry run on a host changes nothing",
  `install.sh --binary "$HOST/old" --dry-run >/dev/null
   ls -d "$HOST/opt" /etc/honua-configd 2>/dev/null || echo "not there"
   getent passwd honua-configd || echo "no user"`,
  (text) => assertEquals(text, "not there\nno user\n"),
);

hostTest(
  "an upgrade restarts running units, instances too, and leaves stopped ones stopped",
  `install.sh --binary "$HOST/old" >/dev/null
   echo active >"$UNITS/honua-configd@a.service"
   echo inactive >"$UNITS/honua-configd@b.service"
   ${LOG_FROM_HERE}
   install.sh upgrade --binary "$HOST/new" >/dev/null
   ${RESTARTS}
   cmp "$PROGRAM" "$HOST/new"
   ls -A "$HOST/opt/bin"`,
  (text) => {
    assertEquals(text, "restart honua-configd.service\nrestart honua-configd@a.service\nhonua-configd\n");
  },
);

hostTest(
  "units that changed without the program restart nothing",
  `install.sh --binary "$HOST/old" >/dev/null
   echo "# older" >>/etc/systemd/system/honua-configd.service
   ${LOG_FROM_HERE}
   install.sh upgrade --binary "$HOST/old"
   ${RESTARTS}
   grep daemon-reload "$UNITS/log"`,
  (text) => {
    assertStringIncludes(text, "they count when the service is restarted");
    assert(text.endsWith("no restart\ndaemon-reload\n"), text);
  },
);

hostTest(
  "a file gets its mode and owner back, and nothing is restarted for that",
  `install.sh --binary "$HOST/old" >/dev/null
   chmod 700 "$PROGRAM"
   chown nobody /etc/systemd/system/honua-configd.service
   ${LOG_FROM_HERE}
   install.sh upgrade --binary "$HOST/old" >/dev/null
   stat -c '%a %U:%G' "$PROGRAM" /etc/systemd/system/honua-configd.service
   ${RESTARTS}`,
  (text) => assertEquals(text, "755 root:root\n644 root:root\nno restart\n"),
);

hostTest(
  "a program that does not become ready is replaced by the old one, which is started, and the exit code is 3",
  `install.sh --binary "$HOST/old" >/dev/null
   echo "# older" >>/etc/systemd/system/honua-configd.service
   ${LOG_FROM_HERE}
   install.sh upgrade --binary "$HOST/broken" && echo "no failure" || echo "exit $?"
   ${RESTARTS}
   cmp "$PROGRAM" "$HOST/old"
   cat "$UNITS/honua-configd.service"
   tail -1 /etc/systemd/system/honua-configd.service
   ls -A "$HOST/opt/bin"`,
  (text) => {
    assertStringIncludes(text, "journalctl -u honua-configd.service -e says why");
    assertStringIncludes(text, "exit 3\n");
    const end = "restart honua-configd.service\nrestart honua-configd.service\nactive\n# older\nhonua-configd\n";
    assert(text.includes(end), text);
  },
);

hostTest(
  "the version that an interrupted upgrade left is the one to go back to",
  `install.sh --binary "$HOST/old" >/dev/null
   mv "$PROGRAM" "$HOST/opt/bin/.honua-configd.previous"
   cp "$HOST/broken" "$PROGRAM"
   install.sh upgrade --binary "$HOST/broken" && echo "no failure" || echo "exit $?"
   cmp "$PROGRAM" "$HOST/old"
   ls -A "$HOST/opt/bin"`,
  (text) => {
    assertStringIncludes(text, "An earlier run was interrupted");
    assertStringIncludes(text, "exit 3\n");
  },
);

hostTest(
  "a service that did not run before is not a reason to go back",
  `install.sh --binary "$HOST/old" >/dev/null
   echo activating >"$UNITS/honua-configd.service"
   install.sh upgrade --binary "$HOST/broken" && echo "no failure" || echo "exit $?"
   cmp "$PROGRAM" "$HOST/broken"`,
  (text) => {
    assertStringIncludes(text, "Installed, but not running: honua-configd.service");
    assertStringIncludes(text, "exit 3\n");
  },
);

hostTest(
  "without a running systemd all is installed, and the skipped steps are printed",
  `rmdir /run/systemd/system
   install.sh --binary "$HOST/old"
   ls "$UNITS"`,
  (text) => {
    assertStringIncludes(text, "Skipped: systemd does not run here, so nothing is started");
    assert(text.endsWith("Done\nenabled\nlog\n"), text);
  },
);

hostTest(
  "the user gets the group that is there already",
  `groupadd --system --gid 961 honua-configd
   install.sh --binary "$HOST/old" >/dev/null
   id -gn honua-configd
   getent group honua-configd | cut -d: -f3`,
  (text) => assertEquals(text, "honua-configd\n961\n"),
);
