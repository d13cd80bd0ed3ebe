import { assertEquals } from "@std/assert";
import { fileTimes, timeTable } from "../../scripts/slow_tests.ts";

const JUNIT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="9.9">
    <testsuite name="./tests/a_test.ts" tests="2" disabled="0" errors="0" failures="1">
        <testcase name="one" classname="./tests/a_test.ts" time="0.500" line="1" col="6">
        </testcase>
        <testcase name="a &lt; &quot;b&quot; &amp;&#x20;c" classname="./tests/a_test.ts" time="0.700" line="2" col="6">
            <failure message="Uncaught Error"><![CDATA[<testcase name="d" classname="e" time="1">]]></failure>
        </testcase>
    </testsuite>
    <testsuite name="./tests/b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="two" classname="./tests/b_test.ts" time="12.345" line="1" col="6">
        </testcase>
        <testcase name="three" classname="./tests/c_test.ts" time="0.012" line="1" col="6">
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("the times of test files are those of their tests, the longest first, with the slowest test", () => {
  assertEquals(fileTimes(JUNIT), [
    { file: "tests/b_test.ts", seconds: 12.345, slowest: { name: "two", seconds: 12.345 } },
    { file: "tests/a_test.ts", seconds: 1.2, slowest: { name: 'a < "b" & c', seconds: 0.7 } },
    { file: "tests/c_test.ts", seconds: 0.012, slowest: { name: "three", seconds: 0.012 } },
  ]);
  assertEquals(
    timeTable(fileTimes(JUNIT)),
    `  12.3 s  tests/b_test.ts (12.3 s: two)
   1.2 s  tests/a_test.ts (0.7 s: a < "b" & c)
   0.0 s  1 files of less than 0.1 s each`,
  );
  assertEquals(fileTimes(""), []);
});
