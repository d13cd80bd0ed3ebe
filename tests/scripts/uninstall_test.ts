import { assertEquals } from "@std/assert";
import { hostTest } from "./private_host.ts";

hostTest(
  "an uninstallation stops all instances and leaves configuration, state and the user",
  `find "$HOST/opt" /etc /var /run -xdev 2>/dev/null | grep -v /cache/ | sort >"$HOST/before"
   install.sh --binary "$HOST/old" >/dev/null
   echo active >"$UNITS/honua-configd@a.service"
   install.sh uninstall >/dev/null
   ls "$UNITS"
   find "$HOST/opt" /etc /var /run -xdev 2>/dev/null | grep -v /cache/ | sort | comm -13 "$HOST/before" - | grep honua`,
  (text, directory) => {
    assertEquals(
      text,
      `log
/etc/honua
/etc/honua-configd
/etc/honua-configd/credentials
/etc/honua-configd/options.json
/etc/honua/config.hcl
/etc/polkit-1/rules.d/50-honua-configd-units.rules
${directory}/opt
/var/lib/honua-configd
`,
    );
  },
);

hostTest(
  "a purge leaves nothing",
  `install.sh --binary "$HOST/old" >/dev/null
   install.sh uninstall --purge >/dev/null
   getent passwd honua-configd || echo "no user"
   find /etc /var /run -xdev -name '*honua*' -not -path '*/cache/*' 2>/dev/null`,
  (text) => assertEquals(text, "no user\n"),
);

hostTest(
  "an uninstallation of removed files changes nothing, and a purge after it leaves nothing",
  `install.sh --binary "$HOST/old" >/dev/null
   install.sh uninstall >/dev/null
   install.sh uninstall
   install.sh uninstall --purge --binary "$HOST/old" >/dev/null
   install.sh uninstall --purge --binary "$HOST/old"
   getent passwd honua-configd || echo "no user"
   find /etc /var /run -xdev -name '*honua*' -not -path '*/cache/*' 2>/dev/null`,
  (text) => assertEquals(text, `${"Nothing to change: all is as it should be\n".repeat(2)}no user\n`),
);

hostTest(
  "a purge removes drop-ins, those of single instances too",
  `install.sh --binary "$HOST/old" >/dev/null
   cd /etc/systemd/system
   mkdir honua-configd.service.d honua-configd@.service.d honua-configd@a.service.d other.service.d
   cd - >/dev/null
   install.sh uninstall --purge >/dev/null
   cd /etc/systemd/system && ls -d honua* other* 2>/dev/null || true`,
  (text) => assertEquals(text, "other.service.d\n"),
);

hostTest(
  "the files that a killed run left are removed by an uninstallation",
  `install.sh --binary "$HOST/old" >/dev/null
   : >"$HOST/opt/bin/.honua-configd.new"
   : >/etc/honua-configd/.options.json.new
   install.sh uninstall >/dev/null
   find "$HOST/opt" /etc/honua-configd -name '.*'`,
  (text) => assertEquals(text, ""),
);
