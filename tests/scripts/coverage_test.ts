import { assertEquals } from "@std/assert";
import { judgeCoverage, linesPercentOf, loadedFiles } from "../../scripts/coverage.ts";

const TABLE = `| File      | Branch % | Function % | Line % |
| --------- | -------- | ---------- | ------ |
| a.ts      |     50.0 |      100.0 |   75.0 |
| All files |     50.0 |      100.0 |   91.5 |
`;

Deno.test("the share of lines is the last column of the row of all files", () => {
  assertEquals(linesPercentOf(TABLE), 91.5);
});

Deno.test("a report without that row, or with no number in it, has no share of lines", () => {
  assertEquals(linesPercentOf(""), null);
  assertEquals(linesPercentOf("error: No covered files included in the report"), null);
  assertEquals(linesPercentOf("| All files |  |  |  |"), null);
  assertEquals(linesPercentOf("| All files | 1 | 2 | many |"), null);
});

Deno.test("the loaded files are those that the lcov report has lines of", () => {
  assertEquals([...loadedFiles("SF:/a b/src/x.ts\nDA:1,1\nend_of_record\nSF:/src/y.ts\r\n")], [
    "/a b/src/x.ts",
    "/src/y.ts",
  ]);
});

Deno.test("coverage is enough from the minimum on, and none at all is not", () => {
  assertEquals(judgeCoverage({ linesPercent: 90, notLoaded: [] }), null);
  assertEquals(
    judgeCoverage({ linesPercent: 89.9, notLoaded: [] }),
    "89.9 % of the lines of src/ are run by the tests, 90 % are needed",
  );
  assertEquals(judgeCoverage(null), "the tests ran no line of src/");
});
